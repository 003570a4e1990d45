"""Lesson 2 drawn: gold against labels, changes of log-probabilities, two descents; their tables, scripts and rows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.figures.change_bars import ChangeBar, change_bars
from core.figures.chart import Chart
from core.figures.label_budget import BudgetLine, Level, OwnPoint, label_budget
from core.figures.two_bumps import BumpPanel, two_bumps
from core.lessons import lesson02_words as words
from core.lessons.lesson import Table
from core.lessons.lesson02_params import FORK, MODES, WALL
from core.lessons.snippets import script
from core.lessons.text import number, percent, signed
from core.stages.two_modes import TwoModes, descents

if TYPE_CHECKING:
    from core.lessons.lesson02 import Result
    from core.lessons.lesson02_lab import Paired

OWN_ROLE = {"mediocre": "human", "ideal": "chosen"}
PAD = 0.06


def figures(result: Result) -> tuple[Chart, ...]:
    """The one chart of the view. One's own live run stands in it beside what was recorded, and the badge says both."""
    if result.view == MODES:
        return (_modes(result),)
    shown, live = (_wall(result), result.live) if result.view == WALL else (_chosen(result), result.live_arms)
    return (replace(shown, badge="live", recordings=("all but your run",)) if live else shown,)


# --- charts -----------------------------------------------------------------------------------------------------------


def _wall(result: Result) -> Chart:
    keys = (*result.levels, "preferences")
    series = [_line(result, key) for key in keys]
    own = result.demonstrators
    # One reach for both sides of the split and for all demonstrators, so that switches can be compared by eye.
    every = [v for line in series for v in (*line.low, *line.high, *(s for seeds in line.seeds for s in seeds))]
    every += [found.mean for found in own.values()] + ([] if result.live_gold is None else [result.live_gold])
    pad = PAD * (max(every) - min(every))
    first = result.budgets[FORK]
    return label_budget(
        key="l2_wall",
        title=f"Gold on {words.items(result)} against labels",
        budgets=result.budgets,
        series=series,
        levels=[
            Level(f"{level} demonstrators (n = {found.n})", found.mean, OWN_ROLE[level])
            for level, found in own.items()
        ],
        reach=(min(every) - pad, max(every) + pad),
        step=result.step,
        text=words.wall_text(result),
        y_title=f"gold, mean of {len(result.wall.found.runs)} seeds, 95 %",
        x_title=f"labels in all: demonstrations, or {first} of them and then comparisons (log scale)",
        dots=result.dots,
        own=None
        if result.live_gold is None
        else OwnPoint(f"live: quality {result.wanted.quality:g}, seed {result.wanted.seed}", result.wanted.n, result.live_gold),
    )  # fmt: skip


def _line(result: Result, key: str) -> BudgetLine:
    road = result.roads[key]
    points = [found for k in road.at if (found := result.at(key, k)) is not None]
    return BudgetLine(
        name=road.name,
        role=road.role,
        positions=road.at,
        mean=tuple(found.first for found in points),
        low=tuple(found.interval.low for found in points),
        high=tuple(found.interval.high for found in points),
        seeds=tuple(found.differences for found in points),
    )


def _chosen(result: Result) -> Chart:
    from core.lessons.lesson02 import SIDES, STARTS

    live = {arm.name: arm.values for arm in result.live_arms}
    bars = []
    for start in STARTS:
        for number_, side in enumerate(SIDES):
            change = result.change(start, side)
            own = live.get(start, {}).get(f"{side}_change")
            bars.append(
                ChangeBar(
                    f"starting from {words.STARTED[start]}",
                    side,
                    side,
                    change.first,
                    change.interval.low,
                    change.interval.high,
                    change.differences,
                    number_,
                    own,
                )
            )
    return change_bars(
        key="l2_chosen",
        title="SFT on the chosen answers alone: who becomes more probable?",
        bars=bars,
        steps=1,
        step=result.reveal,
        x_title=f"change of log π(whole answer), nats · {len(result.imitated.found.runs)} seeds, 95 %",
        text=words.chosen_text(result),
        dots=result.dots,
        short_x_title="change of log π, nats",
    )


def _modes(result: Result) -> Chart:
    found = result.descents
    return two_bumps(
        key="l2_modes",
        title="One bump for a target with two modes",
        x=found.x,
        target=found.target,
        panels=(
            BumpPanel("Forward KL(target ‖ π): SFT", "policy, forward", "human", tuple(s.probs for s in found.forward)),
            BumpPanel("Reverse KL(π ‖ target): RL", "policy, reverse", "new", tuple(s.probs for s in found.reverse)),
        ),
        step=result.descent,
        text=words.modes_text(result),
    )


# --- tables -----------------------------------------------------------------------------------------------------------


def table(result: Result) -> Table:
    """The numbers behind the chart."""
    if result.view == WALL:
        return _wall_table(result)
    return _modes_table(result) if result.view == MODES else _chosen_table(result)


def _cell(found: Paired | None) -> str:
    return "" if found is None else f"{signed(found.first)} ± {number(found.interval.half)}"


def _wall_table(result: Result) -> Table:
    rows = []
    for k in range(result.step + 1):
        cells = [_cell(result.at(key, k)) for key in (*result.levels, "preferences")]
        if result.level != "both":
            gap = result.ahead(result.main, k).interval if k > FORK else None
            mark = "*" if gap and gap.sign else ""
            cells.append("" if gap is None else f"{signed(gap.mean)} ± {number(gap.half)}{mark}")
        rows.append((f"{result.budgets[k]:,}", *cells))
    ranked = int(result.wall.settings["defaults"]["LabelConfig"]["k"])
    counted = f". A ranking of {ranked} answers counts as {math.comb(ranked, 2)} comparisons."
    last = ("ideal", "comparisons") if result.level == "both" else ("comparisons", "comp. − SFT")
    return Table(
        columns=("labels", "mediocre" if result.level == "both" else "SFT", *last),
        rows=tuple(rows),
        lit=result.row,
        notes="±: 95 % over seeds" + ("" if result.level == "both" else "; *: leaves out 0") + counted,
        badge="recorded",
    )


def _chosen_table(result: Result) -> Table:
    rows = [
        (start, side, number(before.first, 1), number(before.first + change.first, 1),
         f"{signed(change.first, 1)} ± {number(change.interval.half, 1)}")
        for start, side in result.rows
        for before, change in ((result.before(start, side), result.change(start, side)),)
    ]  # fmt: skip
    return Table(
        columns=("", "", "before", "after", "change"),
        rows=tuple(rows),
        lit=result.rows.index(result.picked),
        notes="mean log π of whole answers, nats",
        badge="recorded",
        picks=tuple(
            2 * ("from pretrained", "from SFT").index(start) + (side == "rejected") for start, side in result.rows
        ),
    )


def _modes_table(result: Result) -> Table:
    rows = [
        (name, *(percent(share, 0) for share in words.regions(result, probs)))
        for name, probs in (
            ("target", result.descents.target),
            ("forward", result.forward.probs),
            ("reverse", result.reverse.probs),
        )
    ]
    return Table(columns=("", "left", "between", "right"), rows=tuple(rows), pickable=False)


# --- script and rows --------------------------------------------------------------------------------------------------


def snippet(result: Result) -> str:
    """The numbers of the view worked out again."""
    if result.view == MODES:
        settings = ", ".join(f"{name}={value!r}" for name, value in vars(result.modes).items())
        return script(
            (TwoModes, descents),
            (
                f"found = descents(TwoModes({settings}))",
                "for name, path in (('forward', found.forward), ('reverse', found.reverse)):",
                f"    step = path[{result.descent}]",
                "    print(name, f'KL {step.kl:.6f} mean {step.mean:.6f} width {step.width:.6f}')",
                "    print([f'{p:.6f}' for p in step.probs])",
            ),
        )
    return script((), (*_imports(result), *(_wall_lines(result) if result.view == WALL else _chosen_lines(result))))


def _imports(result: Result) -> tuple[str, ...]:
    found = (result.wall if result.view == WALL else result.imitated).found
    return (
        "import math",
        "from statistics import fmean, stdev",
        "",
        f"# Recorded with version {found.version}; training itself needs the project: python -m core.stages record {found.key}",
    )


def _wall_lines(result: Result) -> tuple[str, ...]:
    lines = ["roads = {  # labels -> gold of every seed"]
    for key in (*result.levels, "preferences"):
        points = {result.budgets[k]: list(found.differences) for k in result.roads[key].at if k <= result.step
                  and (found := result.at(key, k))}  # fmt: skip
        lines.append(f"    {key!r}: {points!r},")
    lines += [
        "}",
        "for road, points in roads.items():",
        "    for labels, gold in points.items():",
        "        print(road, labels, f'{fmean(gold):.6f}')",
    ]
    found = result.compared
    if found is not None:
        lines += [
            f"differences = {list(found.differences)!r}  # {result.budgets[result.row]} labels, seed by seed",
            f"t = {found.t!r}  # Student's quantile",
            "half = t * stdev(differences) / math.sqrt(len(differences))",
            "print(f'{fmean(differences):.6f} ± {half:.6f}: {fmean(differences) - half:.6f} to {fmean(differences) + half:.6f}')",
        ]
    return tuple(lines)


def _chosen_lines(result: Result) -> tuple[str, ...]:
    lines = ["changes = {  # of the log-probability of whole answers, nats, seed by seed; and Student's quantile"]
    for start, side in result.rows:
        change = result.change(start, side)
        lines.append(f"    {(start, side)!r}: ({list(change.differences)!r}, {change.t!r}),")
    return (
        *lines,
        "}",
        "for name, (change, t) in changes.items():",
        "    half = t * stdev(change) / math.sqrt(len(change))",
        "    print(name, f'{fmean(change):.6f}: {fmean(change) - half:.6f} to {fmean(change) + half:.6f}')",
    )


def history(result: Result) -> list[dict[str, Any]]:
    """One row a seed and arm of the recorded runs, or one a step of the descents."""
    if result.view == MODES:
        pairs = zip(result.descents.forward, result.descents.reverse)
        return [
            {"step": k, **{f"{name}_{what}": getattr(step, what) for name, step in (("forward", f), ("reverse", r))
                           for what in ("kl", "mean", "width")}}
            for k, (f, r) in enumerate(pairs)
        ]  # fmt: skip
    found = (result.wall if result.view == WALL else result.imitated).found
    return [
        {"seed": run.seed, "pretrained_seed": run.pretrained, "arm": arm.name, **arm.values}
        for run in found.runs
        for arm in run.arms
    ]
