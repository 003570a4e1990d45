"""Lesson 2's formulas: a difference over seeds, the loss that has no term for the rejected side, and two divergences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.lessons.lesson import Formula
from core.lessons.lesson02_params import FORK, MODES, WALL
from core.lessons.text import tex, tex_signed, tex_term

if TYPE_CHECKING:
    from core.lessons.lesson02 import Result
    from core.lessons.lesson02_lab import Paired


_LOSS = r"L_{\text{SFT}} = -\text{mean}\log\pi(\text{shown word})"
_LOSS_SYMBOL = ("L", "loss: what training makes small")


def formula(result: Result) -> Formula:
    """The formula of the view."""
    if result.view == WALL:
        return _wall(result)
    return _modes(result) if result.view == MODES else _chosen(result)


def _wall(result: Result) -> Formula:
    found, labels = result.compared, result.budgets[result.row]
    if found is None:
        start = result.at(result.main, result.row)
        if start is None:
            return Formula("This budget was not run", (rf"{labels}\text{{ labels: no run}}",))
        return Formula(
            "No label yet: the pretrained model",
            (rf"\text{{gold}} = {tex(start.first)}", *_interval(start), _LOSS),
            (_LOSS_SYMBOL,),
        )
    behind = result.row > FORK
    caption = (
        f"{labels:,} labels: comparisons − {result.main} demonstrations"
        if behind
        else f"{labels} demonstrations − none"
    )
    verdict = r"0\text{ inside: not separable}" if not found.interval.sign else r"0\text{ left out}"
    return Formula(
        caption,
        (
            rf"\Delta\text{{gold}} = {tex(found.first)} - {tex_term(found.second)} = {tex_signed(found.interval.mean)}",
            *_interval(found),
            verdict,
            _LOSS,
        ),
        ((r"\Delta", "difference of two scores"), _LOSS_SYMBOL),
    )


def _interval(found: Paired) -> tuple[str, str]:
    """Half the 95 % interval from the standard deviation over seeds, and its ends."""
    i = found.interval
    spread = (
        rf"\text{{Student }}{tex(found.t)}\cdot\tfrac{{\text{{sd }}{tex(found.sd)}}}{{\sqrt{{{i.n}}}}} = {tex(i.half)}"
        if found.sd
        else rf"\text{{all {i.n} seeds agree}}"
    )
    return spread, rf"\text{{95 \%: }}{tex_signed(i.low)}\text{{ to }}{tex_signed(i.high)}"


def _chosen(result: Result) -> Formula:
    start, side = result.picked
    before, change = result.before(start, side), result.change(start, side)
    after = before.first + change.first
    i, which = change.interval, "w" if side == "chosen" else "l"
    return Formula(
        f"{start.capitalize().replace('sft', 'SFT')}: {side}",
        (
            r"L = -\text{mean}\log\pi(y_w\mid x)\qquad y_l\text{ is not in it}",
            rf"\Delta\log\pi(y_{which}) = {tex(after, 1)} - {tex_term(before.first, 1)} = {tex_signed(change.first)}",
            rf"\text{{95 \% over {i.n} seeds: }}{tex_signed(i.low)}\text{{ to }}{tex_signed(i.high)}",
            rf"e^{{\Delta}} = {tex(math.exp(change.first))}\text{{ times as probable}}",
        ),
        (("w, l", "chosen (winner), rejected (loser)"), (r"\pi", "the policy")),
    )


def uncovered(result: Result) -> int:
    """The answer at the centre of that mode which the reverse policy covers less, as its place in the row."""
    x, half = result.descents.x, result.modes.separation / 2
    centres = [min(range(len(x)), key=lambda k, at=at: abs(x[k] - at)) for at in (-half, half)]
    return min(centres, key=lambda k: result.reverse.probs[k] / max(result.descents.target[k], 1e-12))


def _modes(result: Result) -> Formula:
    k = uncovered(result)
    target, q, p = result.descents.target[k], result.forward.probs[k], result.reverse.probs[k]
    forward = target * math.log(target / q) if target > 0 else 0.0
    reverse = p * math.log(p / target) if p > 0 and target > 0 else 0.0
    at = tex(result.descents.x[k], 1)
    small = "0" if p < 1e-6 else tex(p, 3)
    return Formula(
        f"Both divergences, and their term at x = {result.descents.x[k]:.1f}".replace("-", "−"),
        (
            rf"\text{{forward }}\sum_x \pi^*\log\tfrac{{\pi^*}}{{\pi}} = {tex(result.forward.kl, 3)}",
            rf"\;x={at}:\; {tex(target, 3)}\log\tfrac{{{tex(target, 3)}}}{{{tex(q, 3)}}} = {tex(forward, 3)}",
            rf"\text{{reverse }}\sum_x \pi\log\tfrac{{\pi}}{{\pi^*}} = {tex(result.reverse.kl, 3)}",
            rf"\;x={at}:\; {small}\log\tfrac{{{small}}}{{{tex(target, 3)}}} = {tex(reverse if p >= 1e-6 else 0.0, 3)}",
        ),
        ((r"\pi^*", "target: the best policy, with two modes"), (r"\pi", "policy: one bump")),
    )
