"""Lesson 2 in words: sentences that say no more than the intervals over seeds allow, and the charts as texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.lessons.lesson02_params import FORK, MODES, WALL
from core.lessons.text import number, percent, signed
from core.statistics.over_seeds import Interval

if TYPE_CHECKING:
    from core.lessons.lesson02 import Result
    from core.lessons.lesson02_lab import Paired
    from core.stages.two_modes import BumpStep

MOST = 0.9
"""A policy with at least this share on one side has committed to it."""
STARTED = {"from pretrained": "the pretrained model", "from SFT": "the SFT model"}


def says(result: Result) -> tuple[str, ...]:
    """What the view shows, derived from its numbers."""
    if result.view == WALL:
        return _wall_says(result)
    return _modes_says(result) if result.view == MODES else _chosen_says(result)


def interval(found: Interval) -> str:
    """ "+0.31 (+0.25 to +0.37)"."""
    return f"{signed(found.mean)} ({signed(found.low)} to {signed(found.high)})"


def moved(found: Interval) -> str:
    """How a measure moved, in a word that its interval allows."""
    return ("is not separable from where it was", "rises", "falls")[found.sign]


def listed(texts: Sequence[str]) -> str:
    """ "384", "384 and 768", "384, 768 and 2,304"."""
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + " and " + texts[-1]


def items(result: Result) -> str:
    """What gold was measured on."""
    return "held-out items" if result.held else "trained items"


# --- the wall ---------------------------------------------------------------------------------------------------------


def _wall_says(result: Result) -> tuple[str, ...]:
    return (_flip(result), *_roads(result), _more(result))


def _flip(result: Result) -> str:
    """How soon SFT makes the model try: with as few demonstrations as the row in the formula has, or a few more."""
    k = min(max(result.row, 1), FORK - 1, result.step)
    first, start = result.since(result.main, k, 0, "tries"), result.at(result.main, 0)
    if k == 0 or first is None or start is None:
        tries = result.at(result.main, 0, "tries")
        share = "" if tries is None else f"; {percent(tries.first, 0)} of held-out answers try to do what was asked"
        gold = "" if start is None else f"gold on “{items(result)}” is {signed(start.first)}"
        return f"Nobody has demonstrated anything yet: {gold}{share}."
    change = first.interval
    verdict = "not separable" if not change.sign else f"{change.agreeing} of {change.n} seeds agree"
    return (
        f"**{result.budgets[k]} {result.main} demonstrations** take the share of held-out answers that try to do what was asked "
        f"from {percent(first.second, 0)} to **{percent(first.first, 0)}** ({verdict})."
    )


def _roads(result: Result) -> tuple[str, ...]:
    """Who is ahead at the budgets on screen, for each kind of demonstrators."""
    if result.step == 0:
        return ()
    if result.step > FORK:
        return (" ".join(_standing(result, level) for level in result.levels),)
    road = "mediocre" if result.step == FORK else result.main
    found = result.since(road, result.step, 0)
    if found is None:
        return ()
    return (
        f"Gold on “{items(result)}” {moved(found.interval)}: {signed(found.second)} without labels, **{signed(found.first)}** with "
        f"{result.budgets[result.step]} {road} demonstrations, {interval(found.interval)}.",
    )


def _standing(result: Result, level: str) -> str:
    """The verdict at every budget on screen, and the numbers of the one in the formula."""
    behind = range(FORK + 1, result.step + 1)
    signs = {k: result.ahead(level, k).interval.sign for k in behind}
    clauses = []
    for sign, words in ((1, "comparisons are ahead at"), (-1, "**SFT wins** at"), (0, "not separable at")):
        at = [f"{result.budgets[k]:,}" for k in behind if signs[k] == sign]
        clauses += [f"{words} {listed(at)}"] if at else []
    k = result.row if result.row > FORK else result.step
    return (
        f"Comparisons against {level} demonstrations, by labels: {'; '.join(clauses)} (at {result.budgets[k]:,}: "
        f"{interval(result.ahead(level, k).interval)})."
    )


def _more(result: Result) -> str:
    """What more of the same demonstrations adds, and what the demonstrators reach themselves."""
    own = result.demonstrators[result.main]
    themselves = f"{signed(own.mean)} ± {number(own.half)} (n = {own.n})"
    last = max(k for k in result.roads[result.main].at if k <= result.step)
    reached = result.at(result.main, last)
    # From the row in the formula, where it lies before the last one that was run, else from the one before it.
    earlier = [k for k in result.roads[result.main].at if 0 < k < last]
    base = result.row if result.row in earlier else (earlier[-1] if earlier else 0)
    found = result.since(result.main, last, base) if base else None
    if reached is None:
        return f"The {result.main} demonstrators' own answers are worth {themselves}."
    low, high = reached.interval.low, reached.interval.high
    place = "below" if high < own.mean - own.half else "above" if low > own.mean + own.half else "not separable from"
    stands = f"at {signed(reached.first)} it is {place} the {result.main} demonstrators' own {themselves}"
    if found is None:
        return f"With {result.budgets[last]} of them {stands}." if last else f"Untrained, {stands}."
    return (
        f"From {result.budgets[base]:,} to {result.budgets[last]:,} {result.main} demonstrations gold {moved(found.interval)}, "
        f"{interval(found.interval)}; {stands}."
    )


def wall_text(result: Result) -> str:
    """Every point of the wall with its interval."""
    parts = []
    for key in (*result.levels, "preferences"):
        road = result.roads[key]
        points = [(k, result.at(key, k)) for k in road.at if k <= result.step]
        shown = ", ".join(f"{result.budgets[k]:,} labels {interval(found.interval)}" for k, found in points if found)
        parts += [f"{road.name}: {shown}"] if shown else []
    own = "; ".join(
        f"{level} demonstrators themselves {signed(found.mean)}" for level, found in result.demonstrators.items()
    )
    star = (
        ""
        if result.live_gold is None
        else f" Live point: {result.wanted.n} demonstrations, {signed(result.live_gold)}."
    )
    return f"Gold on {items(result)}, mean over seeds with 95 % interval. {'. '.join(parts)}. {own}.{star}"


# --- chosen and rejected ----------------------------------------------------------------------------------------------


def _chosen_says(result: Result) -> tuple[str, ...]:
    start, side = result.picked
    before, change = result.before(start, side), result.change(start, side)
    pairs = int(result.imitated.settings["own"]["pairs"])
    first = (
        f"SFT on the chosen answers of {pairs} pairs, starting from “{STARTED[start]}”: the log-probability of “{side}” answers "
        f"{moved(change.interval)}, from {number(before.first, 1)} nats by **{interval(change.interval)}**."
    )
    if not result.reveal:
        return (first, f"From “{STARTED[start]}” the rejected answers, which it is never shown, begin at "
                       f"{number(result.before(start, 'rejected').first, 1)} nats.")  # fmt: skip
    return (first, _no_signal(result, start), _margin(result, start))


def _no_signal(result: Result, start: str) -> str:
    change, share = result.change(start, "rejected").interval, result.raised(start)
    raised = f"{percent(share.first, 0)} of them become more probable"
    if change.sign > 0:
        return (
            f"From “{STARTED[start]}” the rejected answers rise too ({raised}): nothing in the loss pushes them down."
        )
    if change.sign < 0:
        return (
            f"From “{STARTED[start]}” the rejected answers fall ({raised}): the effect is **not there** from this start. Only the "
            "sum of all probabilities, 1, pushed them, no term of the loss."
        )
    return f"From “{STARTED[start]}” the change of the rejected answers is not separable from 0 ({raised})."


def _margin(result: Result, start: str) -> str:
    margin = result.margin(start).interval
    verdict = (
        "chosen and rejected move alike, as far as these seeds can tell",
        "chosen answers still gain on rejected ones",
        "rejected answers gain on chosen ones",
    )[margin.sign]
    return f"The gap between them changes by {interval(margin)} nats from “{STARTED[start]}”: {verdict}."


def chosen_text(result: Result) -> str:
    """Every bar with its interval."""
    return "Change of the log-probability, nats, mean over seeds with 95 % interval. " + "; ".join(
        f"{start}, {side}: {interval(result.change(start, side).interval)}" for start, side in result.rows
    )


# --- two modes --------------------------------------------------------------------------------------------------------


def regions(result: Result, probs: Sequence[float]) -> tuple[float, float, float]:
    """Probability on the left, in between, and on the right."""
    edge = result.modes.separation / 4
    sides = [0.0, 0.0, 0.0]
    for x, p in zip(result.descents.x, probs):
        sides[0 if x < -edge - 1e-9 else 2 if x > edge + 1e-9 else 1] += p
    return sides[0], sides[1], sides[2]


def habit(result: Result, step: BumpStep) -> int:
    """0: committed to the left, 1: to the right, 2: neither."""
    left, _, right = regions(result, step.probs)
    return 0 if left >= MOST else 1 if right >= MOST else 2


def _where(result: Result, step: BumpStep) -> str:
    left, middle, right = regions(result, step.probs)
    committed = ("**committed to the left**", "**committed to the right**", "spread over more than one side")[
        habit(result, step)
    ]
    return f"{committed}: {percent(left, 0)} left, {percent(middle, 0)} between, {percent(right, 0)} right"


def _modes_says(result: Result) -> tuple[str, ...]:
    left, middle, right = regions(result, result.descents.target)
    best = result.descents.lowest
    end = result.descents.reverse[-1]
    above = end.kl - best.kl
    arrived = (
        "this descent ends there"
        if above < 0.01
        else f"this descent ends {number(above)} above it, in a valley nearer to its start"
    )
    return (
        f"Forward KL, SFT's direction, after {result.descent} steps: {number(result.forward.kl)} nats, the policy is "
        f"{_where(result, result.forward)} (target: {percent(left, 0)}, {percent(middle, 0)}, {percent(right, 0)}).",
        f"Reverse KL, the direction of RL with a KL penalty: {number(result.reverse.kl)} nats, the policy is "
        f"{_where(result, result.reverse)}.",
        f"From here, either mode and the middle, the lowest reverse KL that a descent reaches is {number(best.kl)} nats; {arrived}.",
    )


def modes_text(result: Result) -> str:
    """Means, widths and divergences at this step."""
    parts = [
        f"{name}: {number(step.kl)} nats, mean {signed(step.mean)}, width {number(step.width)}, {_where(result, step).replace('*', '')}"
        for name, step in (("forward KL", result.forward), ("reverse KL", result.reverse))
    ]
    return f"Step {result.descent}. {'; '.join(parts)}."


def compared_text(found: Paired) -> str:
    """ "−0.13 against −0.22, +0.09 (…)"."""
    return f"{signed(found.first)} against {signed(found.second)}, {interval(found.interval)}"
