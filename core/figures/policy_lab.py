"""The policy as bars that move: reference, old, new and optimum; one quantity of the update beside; its history below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.figures.chart import Badge, Chart, Figure, Frame, label, rounded

HISTORY_GAP = 0.035


@dataclass(frozen=True)
class Quantity:
    """A number per response that is shown beside the bars: its axis title, and its values at every step.

    `band` shades an interval of the axis (the clip range), `zero` is where its bars start.
    """

    title: str
    values: tuple[tuple[float, ...], ...]
    zero: float = 0.0
    band: tuple[float, float] | None = None
    signed: bool = True


@dataclass(frozen=True)
class History:
    """One figure of the run over its steps, from step 0 on; `pinned` is the same of a run kept for comparison."""

    title: str
    values: tuple[float, ...]
    role: str = "new"
    pinned: tuple[float, ...] = ()


def policy_lab(
    *,
    key: str,
    title: str,
    names: Sequence[str],
    ref_probs: Sequence[float],
    old_probs: Sequence[Sequence[float]],
    new_probs: Sequence[Sequence[float]],
    optimum_probs: Sequence[Sequence[float]],
    quantity: Quantity | None,
    history: Sequence[History],
    step: int,
    horizon: int,
    picked: int | None,
    text: str,
    badge: Badge = "live",
    illustrations: tuple[str, ...] = (),
    pinned_probs: Sequence[Sequence[float]] = (),
) -> Chart:
    """The chart of a whiteboard run. `old_probs`, `new_probs`, `optimum_probs` and the quantity hold one row a step from 0 on.

    `pinned_probs` are the bars of another run, kept for comparison, drawn as ticks at the same steps.
    Probabilities are drawn in per cent; the axis ends at a multiple of 10 % that holds every bar of the run so far.
    """
    rows = list(range(len(names)))
    labels = [f"<b>{label(name)}</b>" if row == picked else label(name) for row, name in zip(rows, names)]
    percent = rounded(np.multiply(100, ref_probs))
    old = [rounded(np.multiply(100, probs)) for probs in old_probs]
    new = [rounded(np.multiply(100, probs)) for probs in new_probs]
    best = [rounded(np.multiply(100, probs)) for probs in optimum_probs]
    pinned_tops = [100 * max(probs) for probs in pinned_probs]
    top = _nice_top(max(*(max(map(max, bars)) for bars in (old, new, best, [percent])), *pinned_tops))
    data: list[Figure] = [
        _bars(percent, rows, "reference", 0.86, outline=True),
        _bars(old[step], rows, "old", 0.62, role="old"),
        _bars(new[step], rows, "new", 0.34, role="new"),
        {
            "type": "scatter",
            "mode": "markers",
            "name": "optimum π*",
            "x": best[step],
            "y": rows,
            "marker": {"symbol": "diamond", "size": 10, "color": "@optimum", "line": {"width": 1.5, "color": "@page"}},
            "hovertemplate": "%{x:.1f} %",
            "cliponaxis": False,
        },
    ]
    layout = _layout(labels, rows, top, picked, has_history=bool(history))
    changing: list[tuple[int, str, Sequence[Sequence[float]]]] = [(1, "x", old), (2, "x", new), (3, "x", best)]
    if pinned_probs:
        pinned = [rounded(np.multiply(100, probs)) for probs in pinned_probs]
        data.append(_ticks(pinned[step], rows))
        changing.append((len(data) - 1, "x", pinned))
    wide_only: tuple[int, ...] = ()
    if quantity is not None:
        wide_only = (len(data),)
        values = [rounded(np.subtract(row, quantity.zero)) for row in quantity.values]
        data.append(_quantity_bars(values[step], rows, quantity))
        changing.append((len(data) - 1, "x", values))
        _add_quantity_axis(layout, quantity, values)
    for number, series in enumerate(history):
        points = rounded(series.values)
        data += _history_traces(points, step, number, series)
        if series.pinned:
            data.append(_pinned_trace(series, number))
        marker = len(data) - 1 - bool(series.pinned)
        changing.append((marker, "x", [[k] for k in range(len(points))]))
        changing.append((marker, "y", [[point] for point in points]))
        _add_history_axes(layout, series, number, len(history), horizon)
    frames: list[Frame] = []
    for k in range(len(new)):
        frame: Frame = {}
        for trace, axis, series_values in changing:
            frame.setdefault(str(trace), {})[axis] = series_values[k]
        frames.append(frame)
    return Chart(
        key=key,
        title=title,
        badge=badge,
        figure={"data": data, "layout": layout},
        text=text,
        frames=tuple(frames),
        step=step,
        horizon=horizon,
        compact=_compact(len(history)),
        wide_only=wide_only,
        pick_trace=2,
        height=432 if history else 350,
        illustrations=illustrations,
    )


def _bars(
    values: list[float], rows: list[int], name: str, width: float, role: str = "", outline: bool = False
) -> Figure:
    marker: Figure = (
        {"color": "rgba(0,0,0,0)", "line": {"color": "@reference", "width": 1.6}} if outline else {"color": f"@{role}"}
    )
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "x": values,
        "y": rows,
        "width": width,
        "marker": marker,
        "hovertemplate": "%{x:.1f} %",
    }


def _ticks(values: list[float], rows: list[int]) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "pinned run",
        "x": values,
        "y": rows,
        "marker": {"symbol": "line-ns-open", "size": 22, "color": "@proxy", "line": {"width": 3}},
        "hovertemplate": "%{x:.1f} %",
        "cliponaxis": False,
    }


def _pinned_trace(series: History, number: int) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(range(len(series.pinned))),
        "y": rounded(series.pinned),
        "line": {"color": "@proxy", "width": 1.5, "dash": "dot"},
        "hoverinfo": "skip",
        "showlegend": False,
        "xaxis": f"x{number + 3}",
        "yaxis": f"y{number + 3}",
    }


def _quantity_bars(values: list[float], rows: list[int], quantity: Quantity) -> Figure:
    return {
        "type": "bar",
        "orientation": "h",
        "name": quantity.title,
        "x": values,
        "y": rows,
        "base": quantity.zero,
        "width": 0.5,
        "xaxis": "x2",
        "yaxis": "y2",
        "marker": {"color": "@muted"},
        "showlegend": False,
        "hovertemplate": "%{x:.3f}",
    }


def _history_traces(points: list[float], step: int, number: int, series: History) -> list[Figure]:
    axes = {"xaxis": f"x{number + 3}", "yaxis": f"y{number + 3}", "showlegend": False}
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": list(range(len(points))),
            "y": points,
            "line": {"color": "@muted", "width": 1.5},
            "name": series.title,
            "hovertemplate": "step %{x}: %{y:.3f}",
            **axes,
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": [step],
            "y": [points[step]],
            "marker": {"color": f"@{series.role}", "size": 8},
            "hoverinfo": "skip",
            **axes,
        },
    ]


def _layout(labels: list[str], rows: list[int], top: float, picked: int | None, has_history: bool) -> Figure:
    floor = 0.30 if has_history else 0.0
    shapes = (
        [{"type": "rect", "xref": "paper", "x0": -0.26, "x1": 1, "y0": picked - 0.48, "y1": picked + 0.48,
          "layer": "below", "line": {"width": 0}, "fillcolor": "@optimum/14"}]
        if picked is not None
        else []
    )  # fmt: skip
    return {
        "barmode": "overlay",
        "showlegend": True,
        "legend": {"orientation": "h", "x": -0.23, "y": 1.01, "yanchor": "bottom", "font": {"size": 12}, "itemwidth": 30},
        "margin": {"l": 118, "r": 10, "t": 30, "b": 6 if has_history else 44},
        "xaxis": {"range": [0, top], "domain": [0, 0.64], "ticksuffix": " %", "nticks": 6, "anchor": "y", "gridcolor": "@line",
                  "zeroline": False, "tickfont": {"size": 11.5}},
        "yaxis": {"tickvals": rows, "ticktext": labels, "range": [len(rows) - 0.5, -0.5], "domain": [floor, 1],
                  "tickfont": {"size": 12.5}, "showgrid": False, "zeroline": False, "ticks": "", "ticklabelstandoff": 6},
        "shapes": shapes,
        "annotations": [],
    }  # fmt: skip


def _add_quantity_axis(layout: Figure, quantity: Quantity, values: list[list[float]]) -> None:
    reach = _nice_reach(max((abs(v) for row in values for v in row), default=0.0))
    low = quantity.zero - reach if quantity.signed else quantity.zero
    layout["xaxis2"] = {
        "domain": [0.72, 1], "range": [low, quantity.zero + reach], "anchor": "y2", "nticks": 5, "gridcolor": "@line",
        "zeroline": False, "tickfont": {"size": 11.5},
    }  # fmt: skip
    layout["yaxis2"] = {
        "domain": layout["yaxis"]["domain"], "range": layout["yaxis"]["range"], "anchor": "x2", "showticklabels": False,
        "showgrid": False, "zeroline": False,
    }  # fmt: skip
    layout["shapes"] = [
        *layout["shapes"],
        {"type": "line", "xref": "x2", "yref": "y2 domain", "x0": quantity.zero, "x1": quantity.zero, "y0": 0, "y1": 1,
         "line": {"color": "@text", "width": 1}},
    ]  # fmt: skip
    if quantity.band:
        layout["shapes"].append(
            {"type": "rect", "xref": "x2", "yref": "y2 domain", "x0": quantity.band[0], "x1": quantity.band[1], "y0": 0,
             "y1": 1, "line": {"width": 1, "color": "@optimum", "dash": "dot"}, "fillcolor": "@optimum/12", "layer": "below"}
        )  # fmt: skip
    layout["annotations"].append(
        {"text": quantity.title, "xref": "x2 domain", "yref": "paper", "x": 0.5, "y": 1.02, "xanchor": "center",
         "yanchor": "bottom", "showarrow": False, "font": {"size": 12.5}}
    )  # fmt: skip


def _add_history_axes(layout: Figure, series: History, number: int, count: int, horizon: int) -> None:
    left, right = _history_domain(number, count)
    low, high = min(series.values + series.pinned), max(series.values + series.pinned)
    pad = 0.12 * (high - low) or 0.5
    layout[f"xaxis{number + 3}"] = {
        "domain": [left, right], "range": [-2, horizon + 2], "anchor": f"y{number + 3}", "showgrid": False,
        "zeroline": False, "showticklabels": False, "linecolor": "@line", "showline": True,
    }  # fmt: skip
    layout[f"yaxis{number + 3}"] = {
        "domain": [0, 0.12], "range": [low - pad, high + pad], "anchor": f"x{number + 3}", "showgrid": False,
        "zeroline": False, "tickvals": [low, high] if high > low else [low], "tickformat": ".2f", "tickfont": {"size": 10},
        "ticks": "",
    }  # fmt: skip
    layout["annotations"].append(
        {"text": series.title, "xref": f"x{number + 3} domain", "yref": "paper", "x": 0, "y": 0.14, "xanchor": "left",
         "yanchor": "bottom", "showarrow": False, "font": {"size": 11, "color": "@muted"}}
    )  # fmt: skip


def _history_domain(number: int, count: int) -> tuple[float, float]:
    width = (1 + HISTORY_GAP * 1.6) / count
    return number * width, (number + 1) * width - HISTORY_GAP * 1.6


def _compact(history: int) -> Figure:
    """For a phone: the bars take the whole width, labels shrink."""
    return {
        "xaxis.domain": [0, 1],
        "margin.l": 92,
        "yaxis.tickfont.size": 11,
        "legend.font.size": 11,
    }


def _nice_top(largest: float) -> float:
    return min(10 * np.ceil((largest + 1.5) / 10), 102) if largest < 98.5 else 102


def _nice_reach(largest: float) -> float:
    if largest <= 0:
        return 1.0
    size = 10 ** np.floor(np.log10(largest))
    return float(next(m * size for m in (1, 1.5, 2, 3, 5, 7.5, 10, 15) if m * size >= 1.05 * largest))
