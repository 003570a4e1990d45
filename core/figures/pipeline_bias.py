"""Two habits of labellers: the side that they pick, and the length that they pick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.chart import Chart, Figure, rounded
from core.figures.interval_dots import Dot, interval_dots


@dataclass(frozen=True)
class Share:
    """`k` of `n` with an interval: how often somebody picked the left response, or answered a gold question rightly."""

    name: str
    k: int
    n: int
    interval: tuple[float, float]


def position_chart(shares: Sequence[Share], *, key: str = "l14_position") -> Chart | None:
    """How often the left response won, for all labels and for each labeller; chance is one half. None without a decided label."""
    return _shares(shares, key, "Which side wins", "share of decided labels won by the left response", "left wins", 0.5)


def gold_chart(shares: Sequence[Share], *, goal: float | None = None, key: str = "l14_gold") -> Chart | None:
    """How often each labeller answered a gold question rightly; `goal` is the team's own threshold. None without an answer."""
    title, axis = "Gold questions", "share of gold questions answered rightly"
    return _shares(shares, key, title, axis, "gold answered rightly", goal)


def length_chart(
    *,
    doublings: Sequence[float],
    chance: Sequence[float],
    bins: Sequence[tuple[float, Share]],
    sentence: str,
    key: str = "l14_length",
) -> Chart:
    """How often the left response wins against its length: the fit (line), and groups of labels with intervals (dots).

    `doublings` is the axis of the line: log2 of the left response's length over the right one's; empty where no line fits.
    """
    whiskers_x = [v for place, _ in bins for v in (*rounded((place, place)), None)]
    whiskers_y = [v for _, share in bins for v in (*rounded(share.interval), None)]
    data: list[Figure] = [
        {"type": "scatter", "mode": "lines", "name": "fit", "x": rounded(doublings), "y": rounded(chance),
         "line": {"color": "@new", "width": 2.6}, "hovertemplate": "%{y:.0%}<extra></extra>"},
        {"type": "scatter", "mode": "lines", "x": whiskers_x, "y": whiskers_y, "line": {"color": "@text", "width": 1.6},
         "hoverinfo": "skip", "showlegend": False},
        {"type": "scatter", "mode": "markers", "name": "your labels, in groups", "x": rounded(place for place, _ in bins),
         "y": rounded(share.k / share.n for _, share in bins),
         "marker": {"symbol": "pentagon", "size": 11, "color": "@human", "line": {"width": 1.5, "color": "@page"}},
         "hovertemplate": "%{y:.0%}<extra></extra>"},
    ]  # fmt: skip
    places = [abs(place) for place, _ in bins] + [abs(value) for value in doublings]
    reach = max([1.0, *places]) * 1.05
    ticks = _ticks(reach)
    layout: Figure = {
        "margin": {"l": 58, "r": 14, "t": 30, "b": 46},
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
        "xaxis": {"title": {"text": "length of the left response against the right one", "standoff": 8}, "range": rounded((-reach, reach)),
                  "tickvals": ticks, "ticktext": [_times(tick) for tick in ticks], "gridcolor": "@line", "zeroline": False,
                  "tickfont": {"size": 11.5}},
        "yaxis": {"title": {"text": "left wins", "standoff": 8}, "range": [-0.02, 1.02], "tickformat": ".0%", "gridcolor": "@line",
                  "zeroline": False, "tickfont": {"size": 11.5}},
        "shapes": [
            {"type": "line", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": 0.5, "y1": 0.5, "layer": "below",
             "line": {"color": "@optimum", "width": 1.8, "dash": "dot"}}
        ],
        "annotations": [
            {"text": "one half", "xref": "paper", "yref": "y", "x": 0, "y": 0.5, "xanchor": "left", "yanchor": "bottom",
             "showarrow": False, "font": {"size": 11.5, "color": "@muted"}}
        ],
    }  # fmt: skip
    groups = " ".join(
        f"Left {2**place:.2g} times as long as right: {share.k} of {share.n} won by the left." for place, share in bins
    )
    return Chart(
        key=key,
        title="Does the longer response win?",
        badge="live",
        figure={"data": data, "layout": layout},
        text=f"{sentence} {groups}".strip(),
        height=330,
    )


def _shares(shares: Sequence[Share], key: str, title: str, axis: str, short: str, goal: float | None) -> Chart | None:
    shown = [share for share in shares if share.n]
    if not shown:
        return None
    dots = [Dot(s.name, s.k / s.n, s.interval, "human", f"{s.k:,} of {s.n:,}") for s in shown]
    text = " ".join(
        f"{s.name}: {s.k} of {s.n} ({s.k / s.n:.0%}, {s.interval[0]:.0%} to {s.interval[1]:.0%}).".replace("%", " %")
        for s in shown
    )
    marks = () if goal is None else ((goal, "no preference" if key == "l14_position" else "your threshold"),)
    return interval_dots(
        key=key,
        title=title,
        dots=dots,
        axis=axis,
        short_axis=short,
        text=text,
        reach=(0.0, 1.0),
        marks=marks,
        percent=True,
    )


def _ticks(reach: float) -> list[float]:
    step = next(step for step in (1, 2, 4, 8, 16) if reach / step <= 4)
    whole = int(reach // step) * step
    return [float(value) for value in range(-whole, whole + 1, step)]


def _times(doublings: float) -> str:
    return "same" if doublings == 0 else f"{2**doublings:g}×" if doublings > 0 else f"1/{2**-doublings:g}"
