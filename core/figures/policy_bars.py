"""A policy over a few whole responses as bars beside its reference; to the right small curves of the run, or scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.figures.chart import Badge, Chart, Figure, Frame, label, rounded


@dataclass(frozen=True)
class Curve:
    """One figure of the run at steps 0, 1, …; it may be shorter than the run, its marker then waits at its end."""

    title: str
    values: tuple[float, ...]
    role: str = "new"


def policy_bars(
    *,
    key: str,
    title: str,
    names: Sequence[str],
    probs: Sequence[Sequence[float]],
    text: str,
    badge: Badge,
    step: int = 0,
    curves: Sequence[Curve] = (),
    scores: Sequence[float] = (),
    optimum: Sequence[float] = (),
    spoken: Sequence[Sequence[tuple[str, str]]] = (),
    height: int = 330,
    new: str = "policy",
) -> Chart:
    """Bars of `probs[step]` on the outline of `probs[0]`, in per cent; with more than one row the chart is a player.

    `scores` (one a response) or `curves` stand to the right, not both; a phone shows the bars alone. `optimum` adds
    diamonds. `spoken[k]` are (prompt, answer) pairs printed below at step k.
    """
    rows = list(range(len(names)))
    bars = [rounded(np.multiply(100, row)) for row in probs]
    best = rounded(np.multiply(100, optimum))
    top = _nice_top(max(max(map(max, bars)), *best, 0.0) if best else max(map(max, bars)))
    data: list[Figure] = [
        {"type": "bar", "orientation": "h", "name": "reference", "x": bars[0], "y": rows, "width": 0.8,
         "marker": {"color": "rgba(0,0,0,0)", "line": {"color": "@reference", "width": 1.6}}, "hovertemplate": "%{x:.1f} %"},
        {"type": "bar", "orientation": "h", "name": new, "x": bars[step], "y": rows, "width": 0.44,
         "marker": {"color": "@new"}, "hovertemplate": "%{x:.1f} %"},
    ]  # fmt: skip
    if best:
        data.append(
            {"type": "scatter", "mode": "markers", "name": "optimum π*", "x": best, "y": rows, "hovertemplate": "%{x:.1f} %",
             "cliponaxis": False, "marker": {"symbol": "diamond", "size": 10, "color": "@optimum",
                                             "line": {"width": 1.5, "color": "@page"}}}
        )  # fmt: skip
    wide = bool(curves) or len(scores) > 0
    layout = _layout(names, rows, top, wide)
    frames: list[Frame] = [{"1": {"x": row}} for row in bars]
    wide_only = [*_scores(data, layout, rows, scores), *_curves(data, layout, frames, curves, step, len(bars))]
    return Chart(
        key=key,
        title=title,
        badge=badge,
        figure={"data": data, "layout": layout},
        text=text,
        frames=tuple(frames) if len(bars) > 1 else (),
        step=step,
        horizon=len(bars) - 1,
        compact={
            "xaxis.domain": [0, 1],
            "margin.l": 92,
            "yaxis.tickfont.size": 11,
            "legend.x": -0.3,
            "annotations": [],
        },
        wide_only=tuple(wide_only),
        height=height,
        spoken=tuple(tuple(tuple(pair) for pair in row) for row in spoken),  # type: ignore[misc]
    )


def _layout(names: Sequence[str], rows: list[int], top: float, wide: bool) -> Figure:
    return {
        "barmode": "overlay",
        "showlegend": True,
        "legend": {"orientation": "h", "x": -0.23, "y": 1.01, "yanchor": "bottom", "font": {"size": 12}, "itemwidth": 30},
        "margin": {"l": 112, "r": 12, "t": 30, "b": 26},
        "xaxis": {"range": [0, top], "domain": [0, 0.62 if wide else 1], "ticksuffix": " %", "nticks": 6, "gridcolor": "@line",
                  "zeroline": False, "tickfont": {"size": 11.5}, "anchor": "y"},
        "yaxis": {"tickvals": rows, "ticktext": [label(name) for name in names], "range": [len(rows) - 0.5, -0.5],
                  "tickfont": {"size": 12}, "showgrid": False, "zeroline": False, "ticks": "", "ticklabelstandoff": 6},
        "shapes": [],
        "annotations": [],
    }  # fmt: skip


def _scores(data: list[Figure], layout: Figure, rows: list[int], scores: Sequence[float]) -> list[int]:
    """A second panel of bars: the score of each response. Returns the trace's number."""
    if len(scores) == 0:
        return []
    values = rounded(scores)
    reach = max(0.5, *(1.1 * abs(v) for v in values))
    data.append(
        {"type": "bar", "orientation": "h", "x": values, "y": rows, "width": 0.5, "xaxis": "x2", "yaxis": "y2",
         "marker": {"color": "@proxy"}, "showlegend": False, "hovertemplate": "%{x:.2f}<extra></extra>"}
    )  # fmt: skip
    layout["xaxis2"] = {"domain": [0.7, 1], "range": [-reach, reach], "anchor": "y2", "nticks": 4, "gridcolor": "@line",
                        "zeroline": True, "zerolinecolor": "@text", "tickfont": {"size": 11}}  # fmt: skip
    layout["yaxis2"] = {"range": layout["yaxis"]["range"], "anchor": "x2", "showticklabels": False, "showgrid": False,
                        "zeroline": False}  # fmt: skip
    layout["annotations"] = [_title("score", "x2 domain", "paper", 1.02)]
    return [len(data) - 1]


def _curves(
    data: list[Figure], layout: Figure, frames: list[Frame], curves: Sequence[Curve], step: int, count: int
) -> list[int]:
    """Small line panels one above the other, each with a marker that moves. Returns the traces' numbers."""
    first = len(data)
    for number, curve in enumerate(curves):
        suffix = str(number + 2)
        share = 1 / len(curves)
        floor, ceiling = 1 - (number + 1) * share, 1 - number * share - 0.15
        axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "showlegend": False}
        points = rounded(curve.values)
        at = min(step, len(points) - 1)
        data += [
            {"type": "scatter", "mode": "lines", "x": list(range(len(points))), "y": points, "name": curve.title,
             "line": {"color": "@muted", "width": 1.5}, "hovertemplate": "step %{x}: %{y:.2f}<extra></extra>", **axes},
            {"type": "scatter", "mode": "markers", "x": [at], "y": [points[at]], "hoverinfo": "skip",
             "marker": {"color": f"@{curve.role}", "size": 9}, **axes},
        ]  # fmt: skip
        for k, frame in enumerate(frames):
            at = min(k, len(points) - 1)
            frame[str(len(data) - 1)] = {"x": [at], "y": [points[at]]}
        low, high = min(points), max(points)
        pad = 0.12 * (high - low) or 0.5
        layout[f"xaxis{suffix}"] = {"domain": [0.74, 1], "range": [-0.7, count - 0.3], "anchor": f"y{suffix}", "showgrid": False,
                                    "zeroline": False, "showticklabels": False, "linecolor": "@line", "showline": True}  # fmt: skip
        layout[f"yaxis{suffix}"] = {"domain": [floor, ceiling], "range": [low - pad, high + pad], "anchor": f"x{suffix}",
                                    "showgrid": False, "zeroline": False, "tickvals": [low, high] if high > low else [low],
                                    "tickformat": ".2f", "tickfont": {"size": 10.5}, "ticks": ""}  # fmt: skip
        layout["annotations"].append(_title(curve.title, f"x{suffix} domain", "paper", ceiling + 0.01))
    return list(range(first, len(data)))


def _title(text: str, xref: str, yref: str, y: float) -> Figure:
    return {"text": label(text, 40), "xref": xref, "yref": yref, "x": 0.5, "y": y, "xanchor": "center", "yanchor": "bottom",
            "showarrow": False, "font": {"size": 12}}  # fmt: skip


def _nice_top(largest: float) -> float:
    return float(min(10 * np.ceil((largest + 1.5) / 10), 102)) if largest < 98.5 else 102.0
