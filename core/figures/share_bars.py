"""Shares as horizontal bars, each with its interval where it was estimated from tries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.chart import Badge, Chart, Figure, label, rounded

SHAPES = {"good": "", "muted": ".", "bad": "/"}
"""What tells the colours of the bars apart without colour."""


@dataclass(frozen=True)
class ShareBar:
    """One bar. `role` is a palette name; `interval` is None where the share is exact; `bold` marks what is asked for;
    `mark` is a second share on the same row, drawn as a diamond."""

    name: str
    share: float
    role: str = "muted"
    interval: tuple[float, float] | None = None
    bold: bool = False
    mark: float | None = None


def share_bars(
    *,
    key: str,
    title: str,
    bars: Sequence[ShareBar],
    text: str,
    axis: str,
    short_axis: str = "",
    whole: bool = True,
    badge: Badge = "live",
    height: int = 400,
    wrap: int = 24,
) -> Chart:
    """Bars from the top, first one highest. With `whole` the axis runs from 0 to 100 %, else as far as it must;
    `short_axis` names it on a phone."""
    rows = list(range(len(bars)))
    ends = [bar.interval or (bar.share, bar.share) for bar in bars]
    reach = 1.0 if whole else max(*(high for _, high in ends), *(bar.mark or 0.0 for bar in bars), 0.02)
    beside = [
        max(bar.share, high) if bar.mark is None else max(bar.share, high, bar.mark) + 0.018 * reach
        for bar, (_, high) in zip(bars, ends)
    ]
    whiskers = {
        "type": "scatter",
        "mode": "lines",
        "hoverinfo": "skip",
        "x": [v for low, high in ends for v in (*rounded((low, high)), None)],
        "y": [v for row in rows for v in (row, row, None)],
    }
    data: list[Figure] = [
        {
            "type": "bar", "orientation": "h", "x": rounded(bar.share for bar in bars), "y": rows, "width": 0.62,
            "marker": {"color": [f"@{bar.role}" for bar in bars],
                       "pattern": {"shape": [SHAPES.get(bar.role, "") for bar in bars], "fgcolor": "@page",
                                   "fillmode": "overlay", "size": 7, "solidity": 0.28}},
            "hovertemplate": "%{x:.1%}<extra></extra>",
        },
        # A wider line of the page's colour below keeps the interval visible on its own bar.
        {**whiskers, "line": {"color": "@page", "width": 5}},
        {**whiskers, "line": {"color": "@text", "width": 1.8}},
        {
            "type": "scatter", "mode": "text", "hoverinfo": "skip", "cliponaxis": False, "textposition": "middle right",
            "x": rounded(beside), "y": rows,
            "text": [f" {_percent(bar.share)}" for bar in bars], "textfont": {"color": "@text"},
        },
    ]  # fmt: skip
    marks = [(row, bar.mark) for row, bar in zip(rows, bars) if bar.mark is not None]
    if marks:
        data.append(
            {"type": "scatter", "mode": "markers", "x": rounded(v for _, v in marks), "y": [row for row, _ in marks],
             "marker": {"symbol": "diamond-open", "size": 10, "color": "@text", "line": {"width": 1.8}},
             "hovertemplate": "%{x:.1%}<extra></extra>"}
        )  # fmt: skip
    names = [f"<b>{label(bar.name, wrap)}</b>" if bar.bold else label(bar.name, wrap) for bar in bars]
    layout: Figure = {
        "showlegend": False,
        "margin": {"l": 168, "r": 12, "t": 8, "b": 44},
        "xaxis": {
            "range": [0, 1.13 * reach], "tickformat": ".0%", "gridcolor": "@line", "zeroline": True, "nticks": 6,
            "zerolinecolor": "@text", "title": {"text": label(axis, 90), "font": {"size": 12.5}},
        },
        "yaxis": {
            "tickvals": rows, "ticktext": names, "range": [len(rows) - 0.5, -0.5], "showgrid": False, "zeroline": False,
            "tickfont": {"size": 12.5},
        },
    }  # fmt: skip
    return Chart(
        key=key,
        title=title,
        badge=badge,
        figure={"data": data, "layout": layout},
        text=text,
        compact={
            "margin.l": 128,
            "yaxis.tickfont.size": 11,
            "xaxis.title.font.size": 11,
            "xaxis.title.text": label(short_axis or axis, 34),
            "xaxis.range": [0, 1.3 * reach],  # room for the numbers behind the bars
        },
        height=height,
    )


def _percent(share: float) -> str:
    """Two significant digits where a share is small, so that little is not shown as nothing."""
    if share >= 0.0995:
        return f"{share:.1%}".replace("%", " %")
    return f"{100 * share:.2g} %" if share >= 1e-5 else "0 %" if share == 0 else "< 0.001 %"
