"""What an effect is: a declared experiment with arms, run seed by seed, and the comparisons that decide whether it is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.stages.phenomena.bench import Bench

SEEDS = tuple(range(10))
"""Fixed before anything was run; every one is reported. An effect with other seeds says so in its title."""

Run = Callable[[Bench], "list[Arm]"]
Unit = Literal["gold", "share", "nats", "steps", "accuracy", "τ"]


@dataclass(frozen=True)
class Arm:
    """What one arm of an experiment gave at one seed.

    `values` are single numbers, `curves` one number per step of a run, `texts` a few answers in words.
    """

    name: str
    values: Mapping[str, float]
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    texts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Contrast:
    """A comparison made within each seed: `first` minus `second`, each an (arm, value) pair; `second` None stands for 0.

    `expected` is the sign that was expected before the runs (0: none was). Whether the effect is there is decided by the
    seeds, not by this.
    """

    label: str
    first: tuple[str, str]
    second: tuple[str, str] | None
    expected: int
    unit: Unit = "gold"

    def difference(self, values: Mapping[str, Mapping[str, float]]) -> float | None:
        """The difference at one seed, from arm -> value -> number; None where an arm is missing or broke down."""
        found = []
        for place in (self.first, self.second):
            if place is None:
                found.append(0.0)
            else:
                value = values.get(place[0], {}).get(place[1])
                if value is None:
                    return None
                found.append(value)
        return found[0] - found[1]


@dataclass(frozen=True)
class Effect:
    """An experiment.

    Attributes:
        key: names its file and its command.
        title: what is asked, in words.
        setting: how it was set up, in one line.
        run: the arms at one seed.
        contrasts: what is compared; the first is the headline.
        settings: every number that the runs take beside the defaults of the stages.
        lessons: where it is shown.
        quick_fraction: how much of the full length a quick check takes; `quick` is the number of the contrast whose sign
            must show in it (one without an expected sign where the effect is not robust).
        seeds: where it is run.
    """

    key: str
    title: str
    setting: str
    run: Run
    contrasts: tuple[Contrast, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    lessons: tuple[int, ...] = ()
    quick_fraction: float = 0.25
    quick: int = 0
    seeds: tuple[int, ...] = SEEDS
