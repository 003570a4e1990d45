"""How likely a regression suite is to notice the smallest drop that matters, against its size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from core.figures.chart import Chart
from core.figures.lines import Line, lines
from core.figures.pipeline_budget import nice_ticks


def power_chart(
    *,
    sizes: Sequence[float],
    power: Sequence[float],
    false_alarm: Sequence[float],
    goal: float,
    planned: int | None,
    own: int | None = None,
    key: str = "l14_power",
) -> Chart:
    """Power (line) and false alarms (dashed) by suite size. `planned` is the size that reaches `goal`, `own` the team's suite."""
    x = tuple(float(size) for size in sizes)
    ends = (x[0], x[-1])
    named = ((planned, f"{planned or 0:,} needed"), (own, f"yours: {own or 0:,}"))
    marks = [(float(size), name) for size, name in named if size]
    said = [f"{planned:,} tasks are needed." if planned else "No suite of up to 50,000 tasks is enough."]
    said += [f"The suite has {own:,}."] if own else []
    chart = lines(
        key=key,
        title="Power of the regression suite",
        series=(
            Line("notices the drop", x, tuple(power), "new"),
            Line("false alarm", x, tuple(false_alarm), "rejected"),
            Line("goal", ends, (goal, goal), "reference"),
        ),
        x_title="tasks in the suite",
        y_title="chance",
        text=(
            f"Power climbs from {power[0]:.0%} with {x[0]:,.0f} tasks to {power[-1]:.0%} with {x[-1]:,.0f}; the goal is {goal:.0%}. "
            + " ".join(said)
        ).replace("%", " %"),
        log_x=True,
        y_range=(0.0, 1.02),
        marks=marks,
        height=330,
    )  # fmt: skip
    layout = dict(chart.figure["layout"])
    ticks = nice_ticks(*ends)
    layout["xaxis"] = {**layout["xaxis"], "tickvals": ticks, "ticktext": [f"{tick:,.0f}" for tick in ticks]}
    layout["yaxis"] = {**layout["yaxis"], "tickformat": ".0%"}
    # On a logarithmic axis Plotly places annotations by exponent, and shapes by value.
    middle = math.sqrt(ends[0] * ends[1])
    layout["annotations"] = [
        {
            **note,
            "x": math.log10(note["x"]),
            "y": 0.24 + 0.1 * number,
            "xanchor": "right" if note["x"] > middle else "left",
        }
        for number, note in enumerate(layout["annotations"])
    ]
    return replace(chart, figure={**chart.figure, "layout": layout})
