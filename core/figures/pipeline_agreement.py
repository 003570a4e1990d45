"""How far the labellers agree: shares on which they say the same, and coefficients beyond chance, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.chart import Chart
from core.figures.interval_dots import Dot, interval_dots


@dataclass(frozen=True)
class Estimate:
    """One coefficient: its value (NaN where there is none), interval (None while it has not been drawn), and number of pairs."""

    name: str
    value: float
    interval: tuple[float, float] | None
    n_items: int
    beyond_chance: bool


def agreement_chart(estimates: Sequence[Estimate], *, key: str = "l14_agreement", sentence: str = "") -> Chart | None:
    """Shares as blue pentagons, coefficients as diamonds; None where there is nothing to draw (then `sentence` says why)."""
    drawn = [estimate for estimate in estimates if not math.isnan(estimate.value)]
    if not drawn:
        return None
    dots = [
        Dot(e.name, e.value, e.interval, "optimum" if e.beyond_chance else "human", _pairs(e.n_items)) for e in drawn
    ]
    said = " ".join(f"{e.name}: {e.value:.2f}{_interval(e.interval)}, from {_pairs(e.n_items)}." for e in drawn)
    return interval_dots(
        key=key,
        title="Agreement of the labellers",
        dots=dots,
        axis="share of agreeing labels (pentagon) · beyond chance (diamond): 0 = chance, 1 = always",
        short_axis="agreement · 0 = chance for diamonds",
        text=f"{said} {sentence}".strip(),
        reach=(0.0, 1.0),
        marks=((0.0, "chance, for diamonds"),),
    )  # fmt: skip


def _interval(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f" ({interval[0]:.2f} to {interval[1]:.2f})"


def _pairs(n: int) -> str:
    return f"{n:,} pair" if n == 1 else f"{n:,} pairs"
