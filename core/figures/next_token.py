"""What a language model expects at one place of a text, before training and now, with figures of the run beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.figures.chart import Badge, Chart, Figure, Frame, label, rounded
from core.figures.step_lines import Panel, add_panel, line_and_marker


def next_token(
    *,
    key: str,
    title: str,
    tokens: Sequence[str],
    probs: Sequence[Sequence[float]],
    panels: tuple[Panel, Panel],
    step: int,
    horizon: int,
    lit: int | None,
    text: str,
    badge: Badge = "live",
) -> Chart:
    """`probs` holds one row a step from 0 on, a probability for each of `tokens`; row 0 stands as an outline throughout.

    `lit` is the row of the demonstrated token. A phone shows the bars above, the two panels side by side below.
    """
    rows = list(range(len(tokens)))
    labels = [f"<b>{label(token, 18)}</b>" if row == lit else label(token, 18) for row, token in zip(rows, tokens)]
    bars = [rounded(np.multiply(100, values)) for values in probs]
    data: list[Figure] = [
        {"type": "bar", "orientation": "h", "name": "before training", "x": bars[0], "y": rows, "width": 0.86,
         "marker": {"color": "rgba(0,0,0,0)", "line": {"color": "@reference", "width": 1.6}}, "hovertemplate": "%{x:.1f} %"},
        {"type": "bar", "orientation": "h", "name": "at this step", "x": bars[step], "y": rows, "width": 0.5,
         "marker": {"color": "@new"}, "hovertemplate": "%{x:.1f} %"},
    ]  # fmt: skip
    frames: list[Frame] = [{"1": {"x": values}} for values in bars]
    layout = _layout(labels, rows, lit)
    for number, panel in enumerate(panels):
        suffix = str(number + 2)
        axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
        for line in panel.lines:
            points = rounded(line.values)
            data += line_and_marker(line, points, step, axes)
            for k, frame in enumerate(frames):
                frame[str(len(data) - 1)] = {"x": [k], "y": [points[k]]}
        add_panel(layout, panel, suffix, (0.66, 1.0), (0.58, 0.88) if number == 0 else (0.0, 0.32), horizon)
    return Chart(
        key=key,
        title=title,
        badge=badge,
        figure={"data": data, "layout": layout},
        text=text,
        frames=tuple(frames),
        step=step,
        horizon=horizon,
        compact={
            "xaxis.domain": [0, 1],
            "yaxis.domain": [0.4, 1],
            "xaxis2.domain": [0, 0.42],
            "yaxis2.domain": [0, 0.19],
            "xaxis3.domain": [0.58, 1],
            "yaxis3.domain": [0, 0.19],
            "margin.l": 78,
            "yaxis.tickfont.size": 11,
            "legend.font.size": 11,
        },
        height=432,
    )


def _layout(labels: list[str], rows: list[int], lit: int | None) -> Figure:
    shapes = (
        [{"type": "rect", "xref": "x domain", "x0": -0.3, "x1": 1, "y0": lit - 0.48, "y1": lit + 0.48, "layer": "below",
          "line": {"width": 0}, "fillcolor": "@chosen/16"}]
        if lit is not None
        else []
    )  # fmt: skip
    return {
        "barmode": "overlay",
        "showlegend": True,
        "legend": {"orientation": "h", "x": -0.16, "y": 1.01, "yanchor": "bottom", "font": {"size": 12}, "itemwidth": 30},
        "margin": {"l": 98, "r": 8, "t": 30, "b": 26},
        # Always the whole range: a bar's length is a share of certainty.
        "xaxis": {"range": [0, 102], "domain": [0, 0.56], "ticksuffix": " %", "nticks": 6, "anchor": "y", "gridcolor": "@line",
                  "zeroline": False, "tickfont": {"size": 11.5}},
        "yaxis": {"tickvals": rows, "ticktext": labels, "range": [len(rows) - 0.5, -0.5], "domain": [0, 1],
                  "tickfont": {"size": 12.5}, "showgrid": False, "zeroline": False, "ticks": "", "ticklabelstandoff": 6},
        "shapes": shapes,
        "annotations": [],
    }  # fmt: skip
