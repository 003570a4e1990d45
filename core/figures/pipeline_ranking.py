"""The candidates of one prompt, ranked by their own labels, with what chance could still change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.chart import Chart
from core.figures.interval_dots import Dot, interval_dots


@dataclass(frozen=True)
class Place:
    """One candidate: name, strength with interval, place and the places still open, chance to be the best, judgements."""

    name: str
    strength: float
    interval: tuple[float, float]
    place: int
    places: tuple[int, int]
    best_chance: float
    judgements: int


def ranking_chart(places: Sequence[Place], *, sentence: str = "", key: str = "l14_ranking") -> Chart:
    """Best first. A candidate that nobody judged is drawn as the reference: it stands where the prior puts it."""
    dots = [
        Dot(p.name, p.strength, p.interval, "reference" if p.judgements == 0 else "human", _open(p)) for p in places
    ]
    said = " ".join(
        f"{p.name}: strength {_signed(p.strength)} ({_signed(p.interval[0])} to {_signed(p.interval[1])}), {_open(p)}, "
        f"best with {p.best_chance:.0%}, {_judged(p.judgements)}.".replace("%", " %")
        for p in places
    )  # fmt: skip
    return interval_dots(
        key=key,
        title="Ranking of the candidates",
        dots=dots,
        axis="Bradley–Terry strength (log odds against the average candidate) and 95 % interval",
        short_axis="strength, log odds",
        text=f"{said} {sentence}".strip(),
        reach=(-1.0, 1.0),
        marks=((0.0, "average"),),
    )


def _open(place: Place) -> str:
    low, high = place.places
    return f"place {low}" if low == high else f"place {low} to {high}"


def _judged(count: int) -> str:
    return {0: "never judged", 1: "judged once"}.get(count, f"judged {count} times")


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
