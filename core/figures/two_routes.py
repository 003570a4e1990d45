"""Two routes to one optimum: the policies of both as bars and marks, their distance to it, and the answers each has drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.figures.chart import Chart, Figure, Frame, label, rounded
from core.figures.step_lines import Panel, add_panel, line_and_marker


def two_routes(
    *,
    key: str,
    title: str,
    names: Sequence[str],
    ref_probs: Sequence[float],
    direct_probs: Sequence[Sequence[float]],
    sampled_probs: Sequence[Sequence[float]],
    optimum_probs: Sequence[float],
    end_point: Sequence[float] | None,
    panels: tuple[Panel, Panel],
    step: int,
    horizon: int,
    lit: int | None,
    text: str,
    illustrations: tuple[str, ...] = (),
) -> Chart:
    """`direct_probs` (bars) is the policy trained on the pairs themselves, `sampled_probs` (ticks) the one trained on
    its own samples; one row a step, probabilities. `optimum_probs` is π* of the reward model, `end_point` where the
    loss on the pairs is lowest, if it has such a point.
    """
    rows = list(range(len(names)))
    labels = [f"<b>{label(name)}</b>" if row == lit else label(name) for row, name in zip(rows, names)]
    direct = [rounded(np.multiply(100, probs)) for probs in direct_probs]
    sampled = [rounded(np.multiply(100, probs)) for probs in sampled_probs]
    best = rounded(np.multiply(100, optimum_probs))
    reference = rounded(np.multiply(100, ref_probs))
    bottom = rounded(np.multiply(100, end_point)) if end_point is not None else [None] * len(rows)
    top = _top(max(max(map(max, (*direct, *sampled))), *best, *reference, *(v for v in bottom if v is not None)))
    data: list[Figure] = [
        {"type": "bar", "orientation": "h", "name": "reference", "x": reference, "y": rows, "width": 0.86,
         "marker": {"color": "rgba(0,0,0,0)", "line": {"color": "@reference", "width": 1.6}}, "hovertemplate": "%{x:.1f} %"},
        {"type": "bar", "orientation": "h", "name": "DPO", "x": direct[step], "y": rows, "width": 0.5,
         "marker": {"color": "@new"}, "hovertemplate": "%{x:.1f} %"},
        _marks("PPO", sampled[step], rows, {"symbol": "line-ns-open", "size": 24, "color": "@text", "line": {"width": 3}}),
        _marks("π*", best, rows, {"symbol": "diamond", "size": 10, "color": "@optimum", "line": {"width": 1.5, "color": "@page"}}),
        _marks("DPO's end", bottom, rows, {"symbol": "diamond-open", "size": 11, "color": "@new", "line": {"width": 2}}),
    ]  # fmt: skip
    if end_point is None:
        data[-1]["showlegend"] = False
    frames: list[Frame] = [{"1": {"x": direct[k]}, "2": {"x": sampled[k]}} for k in range(len(direct))]
    layout = _layout(labels, rows, top, lit)
    for number, panel in enumerate(panels):
        suffix = str(number + 2)
        axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
        for line in panel.lines:
            points = rounded(line.values)
            data += line_and_marker(line, points, step, axes)
            for k, frame in enumerate(frames):
                frame[str(len(data) - 1)] = {"x": [k], "y": [points[k]]}
        add_panel(layout, panel, suffix, (0.74, 1.0), (0.56, 0.9) if number == 0 else (0.0, 0.34), horizon)
    return Chart(
        key=key,
        title=title,
        badge="live",
        figure={"data": data, "layout": layout},
        text=text,
        frames=tuple(frames),
        step=step,
        horizon=horizon,
        compact=_compact(),
        height=432,
        illustrations=illustrations,
    )


def _marks(name: str, values: Sequence[float | None], rows: list[int], marker: Figure) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": list(values),
        "y": rows,
        "marker": marker,
        "hovertemplate": "%{x:.1f} %",
        "cliponaxis": False,
    }


def _layout(labels: list[str], rows: list[int], top: float, lit: int | None) -> Figure:
    shapes = (
        [{"type": "rect", "xref": "x domain", "x0": -0.41, "x1": 1, "y0": lit - 0.48, "y1": lit + 0.48, "layer": "below",
          "line": {"width": 0}, "fillcolor": "@optimum/14"}]
        if lit is not None
        else []
    )  # fmt: skip
    return {
        "barmode": "overlay",
        "showlegend": True,
        "legend": {"orientation": "h", "x": -0.23, "y": 1.01, "yanchor": "bottom", "font": {"size": 12}, "itemwidth": 30},
        "margin": {"l": 118, "r": 8, "t": 30, "b": 26},
        "xaxis": {"range": [0, top], "domain": [0, 0.64], "ticksuffix": " %", "nticks": 6, "anchor": "y", "gridcolor": "@line",
                  "zeroline": False, "tickfont": {"size": 11.5}},
        "yaxis": {"tickvals": rows, "ticktext": labels, "range": [len(rows) - 0.5, -0.5], "domain": [0, 1],
                  "tickfont": {"size": 12.5}, "showgrid": False, "zeroline": False, "ticks": "", "ticklabelstandoff": 6},
        "shapes": shapes,
        "annotations": [],
    }  # fmt: skip


def _compact() -> Figure:
    """For a phone: the bars above, the two panels side by side below."""
    return {
        "xaxis.domain": [0, 1],
        "yaxis.domain": [0.36, 1],
        "xaxis2.domain": [0, 0.42],
        "yaxis2.domain": [0, 0.17],
        "xaxis3.domain": [0.58, 1],
        "yaxis3.domain": [0, 0.17],
        "margin.l": 92,
        "yaxis.tickfont.size": 10,
        "legend.font.size": 11,
    }


def _top(largest: float) -> float:
    return float(min(10 * np.ceil((largest + 1.5) / 10), 102)) if largest < 98.5 else 102.0
