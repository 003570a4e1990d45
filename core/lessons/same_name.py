"""“Same name, different number”: one tiny batch through the definitions of several projects, ready for a table."""

from __future__ import annotations

import math
from functools import lru_cache

import torch

from core.lessons.text import number
from core.objectives.dialects import Row, TinyBatch, every_dialect
from core.objectives.dialects.row import Value

FIRST = {7: "clip fraction", 8: "KL estimator", 10: "label smoothing in DPO"}
"""The lessons that show the panel, and the topic that each begins with."""
LESSONS = tuple(FIRST)
LENGTHS = (3, 5, 2, 4)
SCORES = (1.5, 0.2, -1.0, 0.6)


@lru_cache(maxsize=64)
def tiny_batch(seed: int) -> TinyBatch:
    """Four responses of 2 to 5 tokens to one prompt. Log-probabilities are drawn once from `seed`, scores are set by hand.

    The new policy stands a little away from the old one, and the old one a little away from the reference, as in a run.
    """
    generator = torch.Generator().manual_seed(seed)
    shape = (len(LENGTHS), max(LENGTHS))

    def drawn(spread: float) -> torch.Tensor:
        return spread * torch.randn(shape, generator=generator, dtype=torch.float64)

    mask = (torch.arange(shape[1]) < torch.tensor(LENGTHS).unsqueeze(1)).double()
    ref = -(drawn(0.8).abs() + 0.3)
    old = (ref + drawn(0.3)).clamp_max(-0.01)
    new = (old + drawn(0.2)).clamp_max(-0.01)
    return TinyBatch(new, old, ref, drawn(0.4), mask, torch.tensor(SCORES, dtype=torch.float64))


@lru_cache(maxsize=64)
def topics(seed: int) -> dict[str, tuple[Row, ...]]:
    """Rows by topic, in the order of the library; topics on which all projects happen to agree for this batch are kept."""
    rows: dict[str, list[Row]] = {}
    for row in every_dialect(tiny_batch(seed)):
        rows.setdefault(row.topic, []).append(row)
    return {topic: tuple(found) for topic, found in rows.items()}


def written(row: Row) -> str:
    """The value as text; a tuple as its numbers in brackets, 0/0 as a word."""
    return _written(row.value)


def _written(value: Value) -> str:
    if value is None:
        return "undefined (0/0)"
    if isinstance(value, tuple):
        return "[" + ", ".join(_written(item) for item in value) + "]"
    return number(value, 4) if math.isfinite(value) else ("∞" if value > 0 else "−∞")


def spread(rows: tuple[Row, ...]) -> str:
    """What the topic's numbers do, as one sentence with those numbers."""
    distinct = list(dict.fromkeys(written(row) for row in rows))
    if len(distinct) == 1:
        return f"On this batch all {len(rows)} definitions agree: {distinct[0]}."
    return f"On this batch {len(rows)} definitions give **{len(distinct)} different numbers** under the names below."
