"""Lesson 3's formulas: what each runner makes small or large, with the numbers of the run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.lessons.lesson import Formula
from core.lessons.text import tex, tex_signed, tex_term

if TYPE_CHECKING:
    from core.lessons.lesson03 import Result

LOSS = ("L", "loss: what training makes small")
SCORE = ("r", "score of an answer")


def formula(result: Result) -> Formula:
    """The formula of the leg that the baton has reached, and what it did to gold."""
    return (_start, _sft, _rankings, _reward_model, _ppo)[result.step](result)


def _gold(result: Result) -> str:
    after, before = result.now.gold_held_out, result.before.gold_held_out
    change, half = result.gain
    return rf"\Delta\text{{gold}} = {tex(after)} - {tex_term(before)} = {tex_signed(change)} \pm {tex(half)}"


def _still(result: Result) -> str:
    return rf"\text{{gold stays }} {tex(result.now.gold_held_out)}:\;\text{{same policy}}"


def _followed(result: Result) -> str:
    return rf"\text{{gold of the followed answer: }} {tex(result.now.samples[result.prompt][2])}"


def _start(result: Result) -> Formula:
    now = result.now
    return Formula(
        "Before the first hand-over",
        (
            rf"\text{{gold, held-out}} = {tex(now.gold_held_out)} \pm {tex(result.half)}",
            rf"\text{{gold, trained}} = {tex(now.gold_train_items)}",
            _followed(result),
        ),
    )


def _sft(result: Result) -> Formula:
    losses = result.run.losses("sft")
    if not losses:
        return Formula("SFT: left out", (r"0\text{ demonstrations}", _still(result), _followed(result)))
    first, last = losses[0], losses[-1]
    return Formula(
        "SFT: make the demonstrated words likely",
        (
            rf"L = -\text{{mean}}\log\pi:\; {tex(first)} \to {tex(last)}",
            rf"e^{{-L}}:\; {tex(math.exp(-first))} \to {tex(math.exp(-last))}\;\text{{a word}}",
            _gold(result),
            _followed(result),
        ),
        (LOSS, (r"\pi", "the policy's probability of a demonstrated word"), (r"\Delta", "difference of two scores")),
    )


def _rankings(result: Result) -> Formula:
    handed = result.run.handed("reward_model")
    if handed is None:
        return Formula("Rankings: left out", (r"0\text{ comparisons}", _still(result), _followed(result)))
    labels = result.run.settings["labels"]
    k, prompts = int(labels["k"]), int(labels["n_prompts"])
    possible = math.comb(k, 2) * prompts
    return Formula(
        "People rank answers: one ranking, many pairs",
        (
            rf"\tbinom{{{k}}}{{2}}\cdot {prompts} = {possible}\text{{ pairs}}",
            rf"{possible} - {possible - handed.count}\text{{ ties}} = {handed.count}\text{{ comparisons}}",
            _still(result),
            _followed(result),
        ),
    )


def _reward_model(result: Result) -> Formula:
    losses, report = result.run.losses("reward_model"), result.run.report
    if not losses or report is None:
        return Formula(
            "Reward model: left out",
            (r"r = 0\text{ for every answer}", r"\sigma(0 - 0) = 0.50", _still(result), _followed(result)),
            (SCORE, (r"\sigma", "logistic function: turns a difference into a probability")),
        )
    held = "-" if report.accuracy_held_out is None else tex(report.accuracy_held_out)
    return Formula(
        "Reward model: the preferred answer higher",
        (
            rf"L = -\log\sigma(r_w - r_l):\; {tex(losses[0])} \to {tex(losses[-1])}",
            rf"\text{{held-out pairs in order: }} {held}",
            _still(result),
            _followed(result),
        ),
        (LOSS, SCORE, (r"\sigma", "logistic function: turns a difference into a probability")),
    )


def _ppo(result: Result) -> Formula:
    last = result.run.updates[-1]
    return Formula(
        f"PPO: score less distance, update {last.step}",
        (
            rf"r - \text{{kl\_coef}}\cdot\text{{KL}} = {tex(last.proxy)} - {tex(last.kl_coef)}\cdot {tex_term(last.objective_kl)}",
            rf"\phantom{{r - \text{{kl\_coef}}\cdot\text{{KL}}}} = {tex(last.rlhf_reward)}",
            _gold(result),
            _followed(result),
        ),
        (SCORE, (r"\text{kl\_coef}", "price of one nat of distance"), (r"\Delta", "difference of two scores")),
    )
