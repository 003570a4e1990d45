"""Held-out accuracy of a simulated reward model against money or labels: three ways to spend, with bands over the seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from core.figures.chart import Chart
from core.figures.lines import Line, lines

NAMES = {
    "rows": "rows: 1 label",
    "overlap": "overlap: 3 labels",
    "refresh": "refresh: half later",
}
ROLES = {"rows": "human", "overlap": "old", "refresh": "new"}


def budget_chart(
    *,
    accuracy: Mapping[str, np.ndarray],
    places: Mapping[str, Sequence[float]],
    x_title: str,
    labeller: float,
    key: str = "l14_budget",
) -> Chart:
    """`accuracy` [seeds, amounts] a plan; `places` the amounts on its axis (money, or labels, which differ between plans).

    The line is the mean, the band the middle 80 % of the seeds: what one team, which runs once, must expect. `labeller` is how
    often a single labeller is right.
    """
    series = []
    said = []
    for plan, values in accuracy.items():
        runs = np.asarray(values)
        low, high = np.quantile(runs, [0.1, 0.9], axis=0)
        mean, x = runs.mean(axis=0), tuple(float(place) for place in places[plan])
        series.append(Line(NAMES[plan], x, tuple(mean), ROLES[plan], tuple(low), tuple(high), markers=True))
        said.append(
            f"{NAMES[plan].split(':')[0].capitalize()}: {mean[0]:.0%} at {x[0]:,.0f}, {mean[-1]:.0%} at {x[-1]:,.0f} "
            f"(middle 80 % of seeds {low[-1]:.0%} to {high[-1]:.0%}).".replace("%", " %").replace("80  %", "80 %")
        )  # fmt: skip
    ends = (min(line.x[0] for line in series), max(line.x[-1] for line in series))
    series.append(Line("one labeller", ends, (labeller, labeller), "gold"))
    said.append(f"One labeller is right in {labeller:.0%} of the pairs.".replace("%", " %"))
    chart = lines(
        key=key,
        title="What the labels teach",
        series=series,
        x_title=x_title,
        y_title="right on unseen pairs",
        text=" ".join(said),
        log_x=True,
        height=380,
    )
    return _with_axis(chart, ends)


def _with_axis(chart: Chart, ends: tuple[float, float]) -> Chart:
    layout = dict(chart.figure["layout"])
    ticks = nice_ticks(*ends)
    layout["xaxis"] = {**layout["xaxis"], "tickvals": ticks, "ticktext": [f"{tick:,.0f}" for tick in ticks]}
    layout["yaxis"] = {**layout["yaxis"], "tickformat": ".0%"}
    layout["margin"] = {**layout["margin"], "t": 52}
    layout["legend"] = {**layout["legend"], "font": {"size": 11.5}}
    return replace(chart, figure={**chart.figure, "layout": layout}, compact={"legend.font.size": 10, "margin.t": 84})


def nice_ticks(low: float, high: float) -> list[float]:
    """1, 2, 5 × powers of ten within the range; at least its ends where there is none."""
    exponent = int(np.floor(np.log10(low)))
    found = []
    while 10.0**exponent <= high:
        found += [base * 10.0**exponent for base in (1, 2, 5) if low <= base * 10.0**exponent <= high]
        exponent += 1
    return found if len(found) > 1 else sorted({low, high})
