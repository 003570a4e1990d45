"""The chart and the table of lesson 14's simulation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.figures.chart import Chart, Frame
from core.figures.pipeline_budget import budget_chart
from core.lessons.lesson import Table
from core.lessons.text import percent
from core.statistics.label_budget import PLANS

if TYPE_CHECKING:
    from core.lessons.lesson14 import Result

SHORT = {"rows": "rows", "overlap": "overlap", "refresh": "refresh"}
PAD = 0.02
HEIGHT = 236


def figures(result: Result) -> tuple[Chart, ...]:
    """Accuracy against money for the three plans, growing from amount to amount."""
    found = result.curves
    chart = budget_chart(
        accuracy=result.accuracy,
        places=dict.fromkeys(PLANS, found.amounts),
        x_title="money spent (log scale)",
        labeller=found.labeller,
        key="l14_chart",
    )
    return (_growing(chart, len(found.amounts), result.spent),)


def _growing(chart: Chart, amounts: int, step: int) -> Chart:
    """Frames in which every line and band ends at the amount that is shown: what lies beyond stands on the last point."""
    data: list[dict[str, Any]] = [dict(trace) for trace in chart.figure["data"]]
    values = [value for trace in data for value in trace["y"]]
    frames: list[Frame] = []
    for last in range(amounts):
        near = [min(k, last) for k in range(amounts)]
        frame: Frame = {}
        for number, trace in enumerate(data):
            order = {amounts: near, 2 * amounts: [*near, *(2 * amounts - 1 - k for k in near[::-1])]}.get(
                len(trace["y"])
            )
            if order:
                frame[str(number)] = {axis: [trace[axis][k] for k in order] for axis in ("x", "y")}
        frames.append(frame)
    for number, arrays in frames[step].items():
        data[int(number)].update(arrays)
    layout = {**chart.figure["layout"]}
    layout["yaxis"] = {**layout["yaxis"], "range": [min(values) - PAD, min(max(values) + PAD, 1.0)]}
    return replace(
        chart,
        figure={"data": data, "layout": layout},
        frames=tuple(frames),
        step=step,
        horizon=amounts - 1,
        height=HEIGHT,
    )


def table(result: Result) -> Table:
    """Pairs, labels and accuracy of each plan at the amount that is shown."""
    found, k = result.curves, result.spent
    rows = tuple(
        (SHORT[plan], f"{found.pairs[plan][k]:,}", f"{found.labels[plan][k]:,}", percent(result.mean[plan][k]))
        for plan in PLANS
    )
    return Table(
        columns=("plan", "pairs", "labels", "accuracy"),
        rows=rows,
        notes=f"At {found.amounts[k]:,.0f} of {found.amounts[-1]:,.0f}; means over 16 seeds.",
        pickable=False,
    )
