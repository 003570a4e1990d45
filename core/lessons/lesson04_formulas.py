"""Lesson 4's formulas: why a comparison survives what a rating does not, with the numbers of each view."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from core.lessons.lesson import Formula
from core.lessons.text import tex, tex_signed, tex_term
from core.statistics.by_hand import ANSWERS
from core.statistics.ratings import MIDDLE

if TYPE_CHECKING:
    from core.lessons.lesson04 import Result

RATING = (("s", "rating"), ("u", "true utility"), ("a_r, b_r", "offset and scale of one rater"))
STRENGTH = (("r", "score from the pairs"), (r"\Delta", "score difference"), (r"\sigma", "logistic function"))


def items() -> str:
    """The names of the simulated items, worst first."""
    from core.lessons.lesson04 import ITEMS

    return ITEMS


def formula(result: Result) -> Formula:
    """Why a comparison survives what a rating does not, with the numbers of the view."""
    return {"hand": _hand_formula, "budget": _budget_formula, "raters": _raters_formula}[result.view](result)


def _hand_formula(result: Result) -> Formula:
    verdict = result.picked_verdict
    if verdict is None:
        a, b = float(result.offsets[0]), float(result.scales[0])
        return Formula(
            "One person, two answers: rater 1 of the simulation",
            (
                rf"s_i = {MIDDLE} + a_r + b_r\,u_i = {tex(MIDDLE + a)} {tex_signed(b)}\,u_i",
                rf"s_j = {MIDDLE} + a_r + b_r\,u_j = {tex(MIDDLE + a)} {tex_signed(b)}\,u_j",
                rf"s_i - s_j = b_r\,(u_i - u_j) = {tex(b)}\,(u_i - u_j)",
            ),
            RATING,
        )
    i, j = verdict.first, verdict.second
    s_i, s_j = verdict.ratings
    r = result.strengths.strengths
    gap = float(r[i] - r[j])
    said = {1.0: "first", 0.0: "second", 0.5: "tie"}[verdict.share]
    return Formula(
        f"{ANSWERS[i].name} / {ANSWERS[j].name}",
        (
            rf"s_i - s_j = {s_i} - {s_j} = {tex_signed(s_i - s_j, 0)}\quad a\text{{ cancels}}",
            rf"\text{{you compared: {said}}}",
            rf"\Delta = r_i - r_j = {tex(r[i])} - {tex_term(r[j])} = {tex(gap)}",
            rf"\sigma(\Delta) = {tex(_sigmoid(gap))}\quad\text{{the first wins}}",
        ),
        (("s", "rating"), *STRENGTH),
    )


def _budget_formula(result: Result) -> Formula:
    setup = result.setup
    error = math.sqrt(2 * (1 - setup.shared)) * setup.noise_sd
    offsets = math.sqrt(2) * setup.offset_sd
    return Formula(
        "Two items, one gap: what hides it?",
        (
            r"s_i - s_j = (a_r - a_{r'}) + b_r\,(u_i - u_j) + \text{error}",
            rf"\text{{two raters: }}\text{{sd}}(a_r - a_{{r'}}) = \sqrt2\cdot{tex(setup.offset_sd, 1)} = {tex(offsets)}",
            r"\text{one rater: }a_r - a_r = 0,\;\; b_r > 0",
            rf"\text{{neighbours: }}u_i - u_j = {tex(setup.gap)},\;\text{{sd(error)}} = {tex(error)}",
        ),
        RATING,
    )


def _raters_formula(result: Result) -> Formula:
    names, k = items(), result.rater
    i, j = result.better, result.worse
    u, a, b = result.setup.utilities(), result.offsets[k], result.scales[k]
    gap = float(u[i] - u[j])

    def line(item: int) -> str:
        return (
            rf"s_{{{names[item]}}}: {MIDDLE} {tex_signed(a)} {tex_signed(b)}\cdot{tex_term(u[item])} = {tex(result.latent[k, item])}"
            rf" \to {result.ratings[k, item]:.0f}"
        )

    return Formula(
        f"Rater {k + 1}, items {names[i]} and {names[j]}",
        (
            line(i),
            line(j),
            rf"\text{{{names[i]} − {names[j]}}} = b_r\,(u_{{{names[i]}}} - u_{{{names[j]}}})\qquad a_r\text{{ cancels}}",
            rf"\phantom{{\text{{{names[i]} − {names[j]}}}}} = {tex(b)}\cdot{tex(gap)} = {tex(b * gap)} > 0",
        ),
        RATING,
    )


def _sigmoid(gap: float) -> float:
    return float(np.exp(-np.logaddexp(0.0, -gap)))
