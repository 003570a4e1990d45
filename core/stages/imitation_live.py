"""Lesson 2's effects run now, one seed at a time: SFT on any number of demonstrations, and SFT on chosen answers alone.

A seed stands for the same randomness as in the recordings, pretrained model included, so the recorded seeds run again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from core.lm_records import Diverged, Evaluation
from core.stages import sft as sft_stage
from core.stages.config import StageConfig, require_range
from core.stages.data import LabelConfig
from core.stages.phenomena.bench import Bench
from core.stages.phenomena.effect import Arm
from core.stages.phenomena.imitation import EXTRA, FEW, SFT_ON_CHOSEN, SFT_STEPS
from core.stages.phenomena.runner import base_of, weights
from core.stages.recorded import Leg, in_short
from core.stages.sft import SftConfig
from core.stages.world_task import world_task

FIRST = SftConfig.n_demonstrations
STEPS = {
    **{n: SFT_STEPS[n] for n in FEW},
    FIRST: SftConfig.steps,
    **{FIRST + n: SFT_STEPS[n] for n in EXTRA},
}
"""Gradient steps by the number of demonstrations, as the recorded runs took them."""
MARKS = (16, 32, 64, 128, FIRST, *(FIRST + n for n in EXTRA))


@dataclass(frozen=True)
class PointConfig(StageConfig):
    """SFT on `n` demonstrations of a quality between 0 and 1."""

    n: int = 64
    quality: float = SftConfig.quality
    seed: int = 0

    def __post_init__(self) -> None:
        require_range("The number of demonstrations", self.n, min(STEPS), max(STEPS))
        require_range("The quality of the demonstrators", self.quality, 0.0, 1.0)
        require_range("The seed", self.seed, 0, 2**31)

    @property
    def sft(self) -> SftConfig:
        """The stage's settings."""
        return SftConfig(n_demonstrations=self.n, quality=self.quality, steps=steps_for(self.n), seed=self.seed)


@dataclass(frozen=True)
class ChosenConfig(StageConfig):
    """SFT on the chosen side of pairs, from the pretrained and from the SFT model of a seed."""

    seed: int = 0

    def __post_init__(self) -> None:
        require_range("The seed", self.seed, 0, 2**31)


@dataclass(frozen=True)
class Stage:
    """How far a run is: the share done, and what is done now."""

    share: float
    words: str


@lru_cache(maxsize=1)
def inputs() -> tuple[str, ...]:
    """Checksums of the pretrained models, for the key of a run."""
    return tuple(weights().values())


def steps_for(n: int) -> int:
    """Gradient steps for `n` demonstrations: the recorded number, or between two of them by the doublings."""
    known = sorted(STEPS.items())
    for (low, few), (high, many) in pairwise(known):
        if low <= n <= high:
            return round(few + (many - few) * math.log(n / low) / math.log(high / low))
    raise ValueError(f"The number of demonstrations must lie between {known[0][0]} and {known[-1][0]}, not at {n}.")


def point(config: PointConfig) -> Iterator[Leg | Evaluation]:
    """Train and measure: every step in short, then the measurement.

    Raises:
        ValueError: training broke down.
    """
    _, base = base_of(config.seed)
    bench = Bench(config.seed, base.model, world_task())
    settings = config.sft
    state = sft_stage.begin(base.model, settings)
    demos = bench.demonstrations(config.n, config.quality)
    for record in in_short(sft_stage.sft(state, demos, settings)):
        if isinstance(record, Diverged):
            raise ValueError(record.sentence)
        if isinstance(record, Leg):
            yield record
    yield bench.measure(state.model)


def on_chosen(config: ChosenConfig) -> Iterator[Stage | Arm]:
    """The recorded effect at one seed: where it stands, then its arms.

    Raises:
        ValueError: training broke down.
    """
    _, base = base_of(config.seed)
    bench = Bench(config.seed, base.model, world_task())
    yield Stage(0.05, "SFT on the first demonstrations …")
    bench.sft()
    yield Stage(0.35, f"The SFT model answers {LabelConfig.n_prompts} prompts {LabelConfig.k} times; labellers rank …")
    bench.rankings(LabelConfig(n_prompts=LabelConfig.n_prompts))
    yield Stage(0.8, "SFT on the chosen answers, from either start …")
    yield from SFT_ON_CHOSEN.run(bench)
