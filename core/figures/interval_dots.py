"""Estimates as dots with their intervals, one row each, against lines that mean something (chance, no difference)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.chart import Badge, Chart, Figure, label, rounded
from core.figures.palette import ROLES

ROW = 34
FRAME = 84
NARROW = 17


@dataclass(frozen=True)
class Dot:
    """One row: a name, the estimate, its interval (None where there is none), a palette role, and what stands at the right edge."""

    name: str
    value: float
    interval: tuple[float, float] | None
    role: str = "human"
    beside: str = ""


def interval_dots(
    *,
    key: str,
    title: str,
    dots: Sequence[Dot],
    axis: str,
    text: str,
    reach: tuple[float, float],
    marks: Sequence[tuple[float, str]] = (),
    short_axis: str = "",
    percent: bool = False,
    badge: Badge = "live",
    wrap: int = 26,
    least_height: int = 320,
) -> Chart:
    """Rows from the top. The axis covers `reach` and whatever the intervals need beyond it; `marks` are named vertical lines."""
    rows = list(range(1, len(dots) + 1))
    ends = [dot.interval or (dot.value, dot.value) for dot in dots]
    low = min([reach[0], *(value for value, _ in ends), *(place for place, _ in marks)])
    high = max([reach[1], *(value for _, value in ends), *(place for place, _ in marks)])
    room = high - low
    form = ".0%" if percent else ".2f"
    data: list[Figure] = [
        {
            "type": "scatter", "mode": "lines", "hoverinfo": "skip", "showlegend": False,
            "x": [v for pair in ends for v in (*rounded(pair), None)], "y": [v for row in rows for v in (row, row, None)],
            "line": {"color": "@text", "width": 2},
        },
        {
            "type": "scatter", "mode": "markers", "showlegend": False, "cliponaxis": False,
            "x": rounded(dot.value for dot in dots), "y": rows,
            "marker": {"size": 12, "symbol": [ROLES[dot.role].marker for dot in dots],
                       "color": [f"@{dot.role}" for dot in dots], "line": {"width": 1.5, "color": "@page"}},
            "hovertemplate": f"%{{x:{form}}}<extra></extra>",
        },
    ]  # fmt: skip
    title_below = label(axis, 62)
    beside = max((len(dot.beside) for dot in dots), default=0)
    layout: Figure = {
        "showlegend": False,
        "margin": {"l": 178, "r": 18 + 7 * beside, "t": 26, "b": 46 + 15 * title_below.count("<br>")},
        "xaxis": {
            "range": rounded((low - 0.02 * room, high + 0.02 * room)), "gridcolor": "@line", "zeroline": False, "nticks": 7,
            "title": {"text": title_below, "font": {"size": 12.5}, "standoff": 6}, "tickfont": {"size": 11.5},
            **({"tickformat": ".0%"} if percent else {}),
        },
        "yaxis": {
            "tickvals": rows, "ticktext": [label(dot.name, wrap) for dot in dots], "range": [len(dots) + 0.5, 0.5],
            "showgrid": False, "zeroline": False, "tickfont": {"size": 12.5}, "ticks": "",
        },
        "shapes": [
            {"type": "line", "xref": "x", "yref": "paper", "x0": place, "x1": place, "y0": 0, "y1": 1, "layer": "below",
             "line": {"color": "@optimum", "width": 1.8, "dash": "dot"}}
            for place, _ in marks
        ],
        "annotations": [
            {"text": label(name, 60), "x": place, "xref": "x", "y": 1.0, "yref": "paper", "yanchor": "bottom", "showarrow": False,
             "font": {"size": 11.5, "color": "@muted"}}
            for place, name in marks
        ]
        + [
            {"text": label(dot.beside, 80), "x": 1.0, "xref": "paper", "xshift": 8, "y": row, "yref": "y", "xanchor": "left",
             "showarrow": False, "font": {"size": 11.5, "color": "@muted"}}
            for row, dot in zip(rows, dots)
            if dot.beside
        ],
    }  # fmt: skip
    return Chart(
        key=key,
        title=title,
        badge=badge,
        figure={"data": data, "layout": layout},
        text=text,
        compact={
            "margin.l": 118,
            "yaxis.tickfont.size": 11,
            "yaxis.ticktext": [label(dot.name, NARROW) for dot in dots],
            "xaxis.title.text": label(short_axis or axis, 36),
            "xaxis.nticks": 5,
        },
        height=max(least_height, FRAME + ROW * len(dots)),
    )
