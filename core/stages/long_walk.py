"""SFT that goes through the same demonstrations again and again: validation loss and quality on prompts outside, step by step.

Recorded by `python -m core.stages record long` with several seeds into assets/recorded/; the answers are kept as token ids
and valued when they are shown.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch

from core.lm_records import Diverged
from core.objectives.sft import token_nll_loss
from core.policies.transformer import TinyLM
from core.stages.asked import base
from core.stages.batches import answer_logps, text_batch
from core.stages.config import CODE_VERSION, StageConfig, require_range
from core.stages.data import Demonstration, Ids, demonstrations
from core.stages.drawing import draw
from core.stages.sft import SftConfig, begin, sft
from core.stages.stored import base_sha256
from core.stages.trace_sft import demonstrate_best
from core.stages.world_task import tokenizer, world_task
from core.version import VERSION
from core.world.prompts import draw_prompts

RECORDED = Path(__file__).resolve().parents[2] / "assets" / "recorded" / "long_walk.npz"
SIZES, QUALITIES, SEEDS = (32, 128), (0.5, 1.0), 5
AT = (0, 2, 4, 6, 8, 10, 14, 18, 24, 30, 40, 50, 60)
"""Steps after which is measured."""
N_VALIDATION = 80
MAX_NEW_TOKENS = 24


@dataclass(frozen=True)
class LongConfig(StageConfig):
    """`n` demonstrations of the given `quality`, drawn with `seed`, gone through in batches."""

    n: int = 32
    quality: float = 1.0
    lr: float = 1e-3
    batch_size: int = 32
    seed: int = 0

    def __post_init__(self) -> None:
        require_range("The number of demonstrations", self.n, 1, 100_000)
        require_range("The quality of the demonstrators", self.quality, 0.0, 1.0)
        require_range("The learning rate", self.lr, 0.0, 1000.0)

    @property
    def sft(self) -> SftConfig:
        """The run as SFT takes it, at a constant learning rate."""
        return SftConfig(
            n_demonstrations=self.n,
            quality=self.quality,
            steps=AT[-1],
            batch_size=self.batch_size,
            lr=self.lr,
            warmup=0,
            decay_from=1.0,
            seed=self.seed,
        )


@dataclass(frozen=True)
class Measured:
    """The policy after `step` steps: mean loss per token of the batch that led here (NaN at step 0), of the validation
    demonstrations, and the answers to the validation prompts (ids, `<end>` where the model wrote it)."""

    step: int
    train_loss: float
    loss: float
    answers: tuple[Ids, ...]


@cache
def validation() -> tuple[Demonstration, ...]:
    """Held-out prompts in the world's usual mixture, one per item, with their best answers."""
    drawn = draw_prompts(6 * N_VALIDATION, random.Random("long walk/validation"), True, all_wordings=False)
    different = {prompt.item_id: prompt for prompt in drawn}
    return tuple(map(demonstrate_best, list(different.values())[:N_VALIDATION]))


def walk(config: LongConfig) -> Iterator[Measured]:
    """The base model, then the policy after each of the steps in AT. Raises ValueError if training breaks down."""
    state = begin(base(), config.sft)
    state.model.train().requires_grad_(True)
    rows = demonstrations(world_task(), config.n, config.quality, config.seed)
    yield _measure(state.model, 0, math.nan)
    for step in AT[1:]:
        losses = []
        for done in sft(state, rows, replace(config.sft, steps=step)):
            if isinstance(done, Diverged):
                raise ValueError(done.sentence)
            losses.append(done.loss)
        yield _measure(state.model, step, losses[-1])


def _measure(model: TinyLM, step: int, train_loss: float) -> Measured:
    rows, end = validation(), tokenizer().end_id
    batch = text_batch([row.prompt_ids for row in rows], [row.answer_ids for row in rows])
    with torch.no_grad():
        loss = token_nll_loss(answer_logps(model, batch), batch.scored.float()).loss.item()
    drawn = draw(model, [row.prompt_ids for row in rows], None, max_new_tokens=MAX_NEW_TOKENS)
    return Measured(step, train_loss, loss, tuple((*a.ids, end) if a.finished else a.ids for a in drawn))


def gold(measured: Measured) -> float:
    """Mean gold of the answers to the validation prompts."""
    task = world_task()
    values = [task.quality(row.prompt, ids) for row, ids in zip(validation(), measured.answers, strict=True)]
    return math.fsum(values) / len(values)


@dataclass(frozen=True)
class Curves:
    """(seeds, len(AT)) losses and golds of one setting."""

    train_loss: np.ndarray
    loss: np.ndarray
    gold: np.ndarray


@dataclass(frozen=True)
class Head:
    """What a recording was made with."""

    version: str
    code_version: int
    weights_sha256: str
    vocabulary: str
    at: tuple[int, ...]
    configs: list[dict[str, object]]


def usual() -> tuple[LongConfig, ...]:
    """The runs that are recorded."""
    return tuple(LongConfig(n=n, quality=q, seed=seed) for n in SIZES for q in QUALITIES for seed in range(SEEDS))


def record(configs: Iterable[LongConfig], path: Path = RECORDED) -> Head:
    """Run every configuration and write what was measured. Returns what stands at the head of the file."""
    configs = tuple(configs)
    found = [measured for config in configs for measured in walk(config)]
    head = Head(
        VERSION, CODE_VERSION, base_sha256(), tokenizer().fingerprint, AT, [asdict(config) for config in configs]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path,
        head=np.frombuffer(json.dumps(asdict(head)).encode(), dtype=np.uint8),
        losses=np.array([(m.train_loss, m.loss) for m in found]),
        ids=np.array([i for m in found for answer in m.answers for i in answer], dtype=np.uint16),
        lengths=np.array([len(answer) for m in found for answer in m.answers], dtype=np.uint8),
    )
    load.cache_clear()
    curves.cache_clear()
    return head


@lru_cache(maxsize=2)
def load(path: Path = RECORDED) -> dict[LongConfig, tuple[Measured, ...]] | None:
    """The recorded runs, or None where they are missing, damaged or of other weights."""
    try:
        with np.load(path) as stored:
            head = Head(**json.loads(stored["head"].tobytes()))
            losses, ids, lengths = (stored[name] for name in ("losses", "ids", "lengths"))
        if (head.vocabulary, head.weights_sha256, tuple(head.at)) != (tokenizer().fingerprint, base_sha256(), AT):
            return None
        ends = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).tolist()
        answers = [tuple(ids[low:high].tolist()) for low, high in pairwise(ends)]
        found = [
            Measured(AT[k % len(AT)], *losses[k].tolist(), tuple(answers[k * N_VALIDATION : (k + 1) * N_VALIDATION]))
            for k in range(len(losses))
        ]
        configs = [LongConfig(**settings) for settings in head.configs]  # type: ignore[arg-type]
    except (OSError, ValueError, TypeError, KeyError, EOFError, IndexError, BadZipFile):
        return None
    return {config: tuple(found[k * len(AT) : (k + 1) * len(AT)]) for k, config in enumerate(configs)}


@lru_cache(maxsize=16)
def curves(n: int, quality: float) -> Curves | None:
    """What was recorded with so many demonstrations of that quality; None where nothing was."""
    runs = [run for config, run in (load() or {}).items() if (config.n, config.quality) == (n, quality)]
    if not runs:
        return None
    return Curves(
        np.array([[m.train_loss for m in run] for run in runs]),
        np.array([[m.loss for m in run] for run in runs]),
        np.array([[gold(m) for m in run] for run in runs]),
    )


def command(path: Path = RECORDED) -> int:
    """What `python -m core.stages record long` runs. Returns the exit code."""
    head = record(usual(), path)
    print(
        f"Walked {len(head.configs)} runs of {AT[-1]} steps; wrote {path.name} ({path.stat().st_size / 1000:.0f} kB)."
    )
    for n in SIZES:
        for quality in QUALITIES:
            found = curves(n, quality)
            if found is not None:
                low, high = found.loss.mean(axis=0).argmin(), found.gold.mean(axis=0).argmax()
                print(
                    f"  {n} demonstrations, quality {quality:g}: loss lowest at step {AT[low]}, gold highest at {AT[high]}"
                )
    return 0
