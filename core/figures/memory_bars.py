"""Bytes of several models as stacked bars: weights, gradients, optimiser state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.chart import Chart, Figure, label, rounded

PARTS = (("weights", "@new", ""), ("gradients", "@optimum", "/"), ("optimiser state", "@proxy", "x"))
"""Name, colour and pattern of each part, from the axis outwards."""


@dataclass(frozen=True)
class MemoryBar:
    """One model: its name, the bytes of its weights, gradients and optimiser state, and their sum in words."""

    name: str
    parts: tuple[float, float, float]
    total: str
    pale: bool = False


def memory_bars(
    *,
    key: str,
    title: str,
    bars: Sequence[MemoryBar],
    unit: tuple[str, float],
    text: str,
    illustrations: tuple[str, ...] = (),
) -> Chart:
    """Bars from the top. `unit` is the unit of the axis and its size in bytes."""
    rows, (unit_name, size) = list(range(len(bars))), unit
    data: list[Figure] = [
        {
            "type": "bar", "orientation": "h", "name": name, "y": rows, "x": rounded(bar.parts[k] / size for bar in bars),
            "width": 0.6, "marker": {"color": colour, "opacity": [0.35 if bar.pale else 1.0 for bar in bars],
                                     "pattern": {"shape": shape, "fgcolor": "@page", "fillmode": "overlay", "size": 7,
                                                 "solidity": 0.25}},
            "hovertemplate": f"{name} %{{x:.3g}} {unit_name}<extra></extra>",
        }
        for k, (name, colour, shape) in enumerate(PARTS)
    ]  # fmt: skip
    sums = [sum(bar.parts) / size for bar in bars]
    data.append(
        {
            "type": "scatter", "mode": "text", "x": rounded(sums), "y": rows, "text": [f"  {bar.total}" for bar in bars],
            "textposition": "middle right", "textfont": {"color": "@text", "size": 12.5}, "hoverinfo": "skip",
            "showlegend": False, "cliponaxis": False,
        }
    )  # fmt: skip
    return Chart(
        key=key,
        title=title,
        badge="live",
        figure={
            "data": data,
            "layout": {
                "barmode": "stack",
                "showlegend": True,
                "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
                "margin": {"l": 104, "r": 10, "t": 34, "b": 44},
                "xaxis": {
                    "range": [0, 1.22 * max(sums)], "title": {"text": unit_name, "font": {"size": 12.5}}, "gridcolor": "@line",
                    "zeroline": True, "zerolinecolor": "@text", "nticks": 6,
                },
                "yaxis": {
                    "tickvals": rows, "ticktext": [label(bar.name, 16) for bar in bars], "range": [len(rows) - 0.5, -0.5],
                    "showgrid": False, "zeroline": False, "tickfont": {"size": 12.5},
                },
            },
        },
        text=text,
        compact={"margin.l": 84, "yaxis.tickfont.size": 11, "legend.font.size": 11},
        height=372,
        illustrations=illustrations,
    )  # fmt: skip
