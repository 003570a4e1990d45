"""Every pair of a short list as one mark, in the order of the ratings, with a bar for each row beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.chart import Chart, Figure, label, rounded
from core.figures.palette import ROLES

SMALL = {"size": 13}


@dataclass(frozen=True)
class MarkKind:
    """What a mark says, and how it looks: a role of the palette, or "muted" for a small dot."""

    name: str
    role: str
    symbol: str = ""
    size: int = 15


@dataclass(frozen=True)
class PairMark:
    """A mark in row `row` and column `column` (row < column), of the kind with that number; `hover` says it in words."""

    row: int
    column: int
    kind: int
    hover: str


def pair_grid(
    *,
    key: str,
    title: str,
    rows: Sequence[tuple[str, str]],
    kinds: Sequence[MarkKind],
    marks: Sequence[PairMark],
    bars: Sequence[float],
    half_widths: Sequence[float],
    bar_title: str,
    text: str,
    height: int = 300,
) -> Chart:
    """Left: the pairs, the row's item above the column's in the ratings. Right (not on a phone): a bar and interval a row.

    `rows` holds each item's name and a second line under it.
    """
    n = len(rows)
    data: list[Figure] = []
    for number, kind in enumerate(kinds):
        mine = [mark if mark.kind == number else None for mark in marks]
        small = kind.role == "muted"
        data.append(
            {"type": "scatter", "mode": "markers", "name": kind.name, "showlegend": any(mine),
             "x": [mark.column if mark else None for mark in mine], "y": [mark.row if mark else None for mark in mine],
             "text": [label(mark.hover, 60) if mark else "" for mark in mine], "hovertemplate": "%{text}<extra></extra>",
             "marker": {"symbol": kind.symbol or ("circle" if small else ROLES[kind.role].marker), "size": kind.size,
                        "color": f"@{kind.role}"}}
        )  # fmt: skip
    ends = [v for value, half in zip(bars, half_widths) for v in (value - half, value + half)]
    whiskers: list[float | None] = []
    for low, high in zip(rounded(ends[::2]), rounded(ends[1::2])):
        whiskers += [low, high, None]
    index = list(range(n))
    data += [
        {"type": "bar", "orientation": "h", "x": rounded(bars), "y": index, "width": 0.5, "xaxis": "x2", "yaxis": "y2",
         "marker": {"color": "@chosen"}, "hovertemplate": "%{x:.2f}<extra></extra>", "showlegend": False},
        {"type": "scatter", "mode": "lines", "x": whiskers, "y": [v for r in index for v in (r, r, None)], "xaxis": "x2",
         "yaxis": "y2", "line": {"color": "@text", "width": 1.6}, "hoverinfo": "skip", "showlegend": False},
    ]  # fmt: skip
    reach = max((abs(v) for v in ends), default=0.0)
    names = [f"{label(f'{k + 1} {name}', 24)}<br>{label(below, 24)}" for k, (name, below) in enumerate(rows)]
    rows_axis = {"range": [n - 0.5, -0.5], "zeroline": False, "ticks": "", "tickvals": index}
    layout: Figure = {
        "margin": {"l": 132, "r": 12, "t": 34, "b": 40},
        "barmode": "overlay",
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}, "itemclick": False,
                   "itemdoubleclick": False, "xanchor": "left"},
        "xaxis": {"domain": [0, 0.56], "range": [0.5, n - 0.5], "tickvals": index[1:],
                  "ticktext": [str(k + 1) for k in index[1:]], "title": {"text": "against answer no.", "standoff": 4, "font": SMALL},
                  "zeroline": False, "showgrid": False, "ticks": "", "tickfont": {"size": 12}},
        "yaxis": {**rows_axis, "ticktext": names, "gridcolor": "@line",
                  "tickfont": {"size": 12}, "ticklabelstandoff": 6},
        "xaxis2": {"domain": [0.66, 1], "range": [-1.05 * max(reach, 0.5), 1.05 * max(reach, 0.5)], "anchor": "y2", "nticks": 5,
                   "gridcolor": "@line", "zeroline": True, "zerolinecolor": "@text", "tickfont": {"size": 11},
                   "title": {"text": bar_title, "standoff": 4, "font": SMALL}},
        "yaxis2": {**rows_axis, "anchor": "x2", "showgrid": False, "ticktext": [str(k + 1) for k in index],
                   "tickfont": {"size": 12}, "ticklabelstandoff": 4},
    }  # fmt: skip
    return Chart(
        key=key,
        title=title,
        badge="live",
        figure={"data": data, "layout": layout},
        text=text,
        compact={"xaxis.domain": [0, 1], "margin.l": 120, "legend.font.size": 11, "yaxis2.visible": False},
        wide_only=(len(kinds), len(kinds) + 1),
        height=height,
    )
