"""Quality against the number of labels: lines with bands over seeds that grow from budget to budget, and one point of one's own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.chart import Badge, Chart, Figure, Frame, label, rounded
from core.figures.palette import ROLES

_BEFORE = 1.3
"""How far left of the first budget "no label" stands, in doublings."""
_APART = 0.022


@dataclass(frozen=True)
class BudgetLine:
    """One line: at each of its budgets the mean over seeds, its interval, and the value of each seed.

    `positions` number the budgets of the chart at which the line has a point.
    """

    name: str
    role: str
    positions: tuple[int, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    seeds: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Level:
    """A horizontal line: what somebody reaches without any model."""

    name: str
    value: float
    role: str


@dataclass(frozen=True)
class OwnPoint:
    """One measured point, at any number of labels."""

    name: str
    labels: int
    value: float


def label_budget(
    *,
    key: str,
    title: str,
    budgets: Sequence[int],
    series: Sequence[BudgetLine],
    levels: Sequence[Level],
    reach: tuple[float, float],
    step: int,
    text: str,
    y_title: str,
    x_title: str,
    dots: bool,
    own: OwnPoint | None = None,
    badge: Badge = "recorded",
    height: int = 360,
) -> Chart:
    """Budgets from left to right on a logarithmic axis, the first of them 0; step k shows the first k + 1 of them."""
    places = [_place(budget, budgets[1]) for budget in budgets]
    data: list[Figure] = []
    frames: list[Frame] = [{} for _ in budgets]
    for level in levels:
        data.append(
            {"type": "scatter", "mode": "lines", "name": label(level.name, 60), "x": [places[0] - 0.4, places[-1] + 0.3],
             "y": rounded([level.value] * 2), "line": {"color": f"@{level.role}", "width": 1.6, "dash": "dot"},
             "hovertemplate": "%{y:.2f}"}
        )  # fmt: skip
    for line in series:
        _line(data, frames, line, places, dots)
    if own:
        data.append(
            {"type": "scatter", "mode": "markers", "name": label(own.name, 60), "cliponaxis": False,
             "x": rounded([_place(own.labels, budgets[1])]), "y": rounded([own.value]), "hovertemplate": "%{y:.2f}",
             "marker": {"symbol": "star", "size": 17, "color": "@accent", "line": {"color": "@text", "width": 1.4}}}
        )  # fmt: skip
    for trace, arrays in frames[step].items():
        data[int(trace)].update(arrays)
    ticks = [f"{budget:,}" for budget in budgets]
    # Two budgets less than a doubling apart would write over each other on a phone.
    short = [name if k == 0 or places[k] - places[k - 1] > 0.8 else "" for k, name in enumerate(ticks)]
    layout: Figure = {
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom", "font": {"size": 11.5}, "itemwidth": 36},
        "margin": {"l": 52, "r": 12, "t": 48, "b": 44},
        "xaxis": {"range": [places[0] - 0.4, places[-1] + 0.3], "tickvals": places, "ticktext": ticks, "gridcolor": "@line",
                  "zeroline": False, "tickfont": {"size": 11.5}, "title": {"text": x_title, "standoff": 6, "font": {"size": 12.5}}},
        "yaxis": {"range": list(reach), "gridcolor": "@line", "zeroline": True, "zerolinecolor": "@muted",
                  "tickfont": {"size": 11.5}, "title": {"text": y_title, "standoff": 6, "font": {"size": 12.5}}},
    }  # fmt: skip
    return Chart(
        key=key,
        title=title,
        badge=badge,
        figure={"data": data, "layout": layout},
        text=text,
        frames=tuple(frames),
        step=step,
        horizon=len(budgets) - 1,
        compact={
            "xaxis.ticktext": short,
            "legend.font.size": 10.5,
            "margin.t": 92,
            "margin.l": 44,
            "xaxis.title.text": "labels in all (log scale)",
        },
        height=height,
        play_ms=1100,
    )


def _place(labels: int, first: int) -> float:
    return round(math.log2(labels) if labels > 0 else math.log2(first) - _BEFORE, 4)


def _line(data: list[Figure], frames: list[Frame], line: BudgetLine, places: Sequence[float], dots: bool) -> None:
    """A band, the means, and the seeds' own values; what is not reached yet lies on the last point that is."""
    x = [places[position] for position in line.positions]
    low, high, mean = rounded(line.low), rounded(line.high), rounded(line.mean)
    colour, role = f"@{line.role}", ROLES[line.role]
    band, means, own = len(data), len(data) + 1, len(data) + 2
    data.append(
        {"type": "scatter", "mode": "lines", "fill": "toself", "fillcolor": f"{colour}/18", "line": {"width": 0},
         "hoverinfo": "skip", "showlegend": False}
    )  # fmt: skip
    data.append(
        {"type": "scatter", "mode": "lines+markers", "name": label(line.name, 60),
         "line": {"color": colour, "width": 2.6, "dash": role.dash},
         "marker": {"symbol": role.marker, "size": 9, "color": colour}, "hovertemplate": "%{y:.2f}"}
    )  # fmt: skip
    if dots:
        data.append(
            {"type": "scatter", "mode": "markers", "showlegend": False, "hovertemplate": "one seed: %{y:.2f}<extra></extra>",
             "marker": {"symbol": role.marker, "size": 5, "color": "@page", "line": {"color": colour, "width": 1.2}}}
        )  # fmt: skip
    for step, frame in enumerate(frames):
        seen = sum(position <= step for position in line.positions)
        at = [min(k, seen - 1) for k in range(len(x))]
        frame[str(band)] = (
            {
                "x": [x[k] for k in at] + [x[k] for k in at[::-1]],
                "y": [high[k] for k in at] + [low[k] for k in at[::-1]],
            }
            if seen
            else {"x": [x[0]] * 2 * len(x), "y": [None] * 2 * len(x)}
        )
        frame[str(means)] = (
            {"x": [x[k] for k in at], "y": [mean[k] for k in at]} if seen else {"x": x, "y": [None] * len(x)}
        )
        if dots:
            frame[str(own)] = {
                "x": [round(x[k] + _APART * (s - (len(v) - 1) / 2), 4) for k, v in enumerate(line.seeds) for s in range(len(v))],
                "y": [v if k < seen else None for k, values in enumerate(line.seeds) for v in rounded(values)],
            }  # fmt: skip
