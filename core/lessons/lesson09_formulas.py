"""Lesson 9's formulas: the order in numbers, the arithmetic behind the chosen arrow, and the bytes of four models."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from core.lessons.lesson import Formula
from core.lessons.lesson09_flow import PIECES, possible
from core.lessons.lesson09_memory import written_bytes
from core.lessons.text import tex, tex_signed, tex_term, tex_text

if TYPE_CHECKING:
    from core.lessons.lesson09_result import Result

Lines = tuple[str, ...]
SYMBOLS = {
    "L": ("L", "loss: what training makes small"),
    "r": ("r", "score of an answer"),
    "b": ("b", "baseline: mean reward"),
    "A": ("A", "advantage: better or worse than the baseline"),
    "sigma": (r"\sigma", "logistic function"),
    "coef": (r"\text{kl\_coef}", "price of one nat of distance"),
    "ref": (r"\pi_{\text{ref}}", "the frozen reference"),
    "pi": (r"\pi", "the policy"),
    "V": ("V", "size of the vocabulary"),
    "d": ("d", "width of a model"),
}


def formula(result: Result) -> Formula:
    """The formula of the view."""
    return {"order": _order, "diagram": _diagram, "memory": _memory}[result.view](result)


def _order(result: Result) -> Formula:
    count, run, placed = math.factorial(len(PIECES)), result.white, len(result.order)
    verdict = (
        rf"\quad\text{{too early: }} {len({fault.piece.key for fault in result.faults})}" if result.complete else ""
    )
    return Formula(
        "Many orders, few that work",
        (
            rf"{len(PIECES)}! = {count}\text{{ orders, {possible('')} follow the data}}",
            rf"\text{{placed: }} {placed}\text{{ of }} {len(PIECES)}{verdict}",
            rf"\text{{your relay: }} \bar r = {tex(run.score_before)} \to {tex(run.score_after)},\ {len(run.steps)}\text{{ updates}}",
        ),
        (SYMBOLS["r"],),
    )


def _diagram(result: Result) -> Formula:
    arrow = result.picked
    lines, symbols = (_tiny if result.track == "tiny" else _white)[arrow.key](result)
    if result.cut:
        found = result.consequence
        where = "whiteboard" if found.live else "tiny LM, recorded"
        lines = (
            rf"\text{{with it: }} {tex(found.whole)},\quad \text{{without: }} {tex(found.without)}",
            rf"\Delta = {tex_signed(found.change)}"
            + (rf" \pm {tex(found.chance)}" if found.chance is not None else "")
            + rf"\quad\text{{({where})}}",
        )
        symbols = ((r"\Delta", "difference of the two ends"),)
        return Formula(f"Arrow {result.number + 1} cut · {found.measure}", lines, symbols)
    return Formula(f"Arrow {result.number + 1} · {arrow.name}: {arrow.data}", lines, symbols)


Made = tuple[Lines, tuple[tuple[str, str], ...]]


def _w_demos(result: Result) -> Made:
    walk = result.walk()
    return (
        rf"L = -\tfrac{{1}}{{|y|}}\sum_t\log\pi(y_t) = {tex(walk.now.loss, 3)}",
        rf"\text{{before the first step: }} {tex(walk.before.loss, 3)}",
    ), (SYMBOLS["L"], ("y", "the demonstration"))


def _w_answers(result: Result) -> Made:
    n = len(result.white.config.scores)
    return (
        rf"\tbinom{{{n}}}{{2}} = {math.comb(n, 2)}\text{{ pairs to ask about}}",
        rf"\text{{asked: }} {result.white.lab.fit.n_votes}",
    ), ()


def _w_votes(result: Result) -> Made:
    fit = result.white.lab.fit
    mean = fit.linear.nll / fit.n_votes if fit.n_votes else math.log(2)
    return (
        rf"L = -\log\sigma(r_w - r_l) = {tex(mean)}\ \text{{a vote}}",
        rf"\text{{a coin toss: }} \ln 2 = {tex(math.log(2))}",
    ), (SYMBOLS["L"], SYMBOLS["r"], SYMBOLS["sigma"])


def _w_copy(result: Result) -> Made:
    run = result.white
    return (
        rf"\pi_{{\text{{ref}}}} = \text{{policy at the start}},\ \max = {tex(max(run.probs(0)), 3)}",
        rf"\text{{after }} {len(run.steps)}\text{{ updates it is the same}}",
    ), (SYMBOLS["ref"],)


def _w_start(result: Result) -> Made:
    run = result.white
    return (
        r"\pi = \pi_{\text{ref}},\quad \text{KL} = 0",
        rf"\textstyle\sum \pi\,r = {tex(run.first.expected_reward)}",
    ), (SYMBOLS["pi"], SYMBOLS["r"], SYMBOLS["ref"])


def _w_samples(result: Result) -> Made:
    run = result.white
    batch, steps = run.config.batch_size, len(run.steps)
    if batch == 0:
        return (
            rf"\text{{exact expectation, }} {steps}\text{{ updates: }} 0\text{{ answers drawn}}",
            rf"\text{{entropy: }} {tex(run.first.entropy)} \to {tex(run.end.entropy)}",
        ), ()
    return (
        rf"{batch}\text{{ a batch}}\cdot {steps}\text{{ updates}} = {batch * steps}",
        rf"\text{{entropy: }} {tex(run.first.entropy)} \to {tex(run.end.entropy)}",
    ), ()


def _w_scores(result: Result) -> Made:
    run = result.white
    low, high = min(run.config.scores), max(run.config.scores)
    return (
        rf"r \text{{ from }} {tex(low)} \text{{ to }} {tex(high)}",
        rf"\textstyle\sum \pi\,r = {tex(run.first.expected_reward)} \to {tex(run.end.expected_reward)}",
    ), (SYMBOLS["r"], SYMBOLS["pi"])


def _w_kl(result: Result) -> Made:
    run = result.white
    coefficient = run.steps[-1].kl_coef if run.steps else run.config.kl_coef
    reward, kl = run.end.expected_reward, run.end.kl
    return (
        r"r - \text{kl\_coef}\cdot\text{KL}",
        rf"= {tex(reward)} - {tex(coefficient)}\cdot{tex_term(kl)} = {tex(reward - coefficient * kl)}",
    ), (SYMBOLS["r"], SYMBOLS["coef"])


def _w_baseline(result: Result) -> Made:
    run = result.white
    b = run.steps[-1].baseline if run.steps else 0.0
    return (
        r"A = r - \text{kl\_coef}\cdot k - b",
        rf"b = {tex(b)}\quad\text{{mean reward of the last batch}}",
    ), (SYMBOLS["A"], SYMBOLS["b"], ("k", "estimate of the KL divergence"))


def _w_update(result: Result) -> Made:
    run = result.white
    first, last = run.first.expected_reward, run.end.expected_reward
    return (
        rf"{len(run.steps)}\text{{ updates of }} {run.config.epochs}\text{{ gradient steps}}",
        rf"\textstyle\sum \pi\,r:\; {tex(first)} \to {tex(last)}\quad({tex_signed(last - first)})",
    ), (SYMBOLS["pi"], SYMBOLS["r"])


def _t_demos(result: Result) -> Made:
    losses = result.tiny.losses("sft")
    return (rf"L = -\text{{mean}}\log\pi:\; {tex(losses[0])} \to {tex(losses[-1])}", rf"{len(losses)}\text{{ gradient steps}}"), (
        SYMBOLS["L"],
        SYMBOLS["pi"],
    )  # fmt: skip


def _t_answers(result: Result) -> Made:
    labels = result.tiny.settings["labels"]
    k, asked = int(labels["k"]), int(labels["n_prompts"])
    return (
        rf"{k}\text{{ answers}}\cdot {asked}\text{{ prompts}} = {k * asked}",
        rf"\tbinom{{{k}}}{{2}}\cdot {asked} = {math.comb(k, 2) * asked}\text{{ pairs}}",
    ), ()


def _t_votes(result: Result) -> Made:
    losses = result.tiny.losses("reward_model")
    return (rf"L = -\log\sigma(r_w - r_l):\; {tex(losses[0])} \to {tex(losses[-1])}",), (
        SYMBOLS["L"],
        SYMBOLS["r"],
        SYMBOLS["sigma"],
    )


def _t_weights(result: Result) -> Made:
    gold = result.tiny.evaluations[-2].gold_held_out
    return (
        r"\pi = \pi_{\text{ref}}\text{ at the start, KL} = 0",
        rf"\text{{held-out gold: }} {tex(gold)}",
    ), (SYMBOLS["pi"], SYMBOLS["ref"])


def _t_samples(result: Result) -> Made:
    ppo = result.tiny.settings["ppo"]
    steps, batch = int(ppo["steps"]), int(ppo["batch_size"])
    return (rf"{steps}\text{{ updates}}\cdot {batch}\text{{ answers}} = {steps * batch}",), ()


def _t_scores(result: Result) -> Made:
    updates = result.tiny.updates
    return (
        rf"\text{{mean }} r:\; {tex(updates[0].proxy)} \to {tex(updates[-1].proxy)}",
        rf"\text{{gold of the same answers: }} {tex(updates[0].gold)} \to {tex(updates[-1].gold)}",
    ), (SYMBOLS["r"],)


def _t_kl(result: Result) -> Made:
    last = result.tiny.updates[-1]
    return (
        r"r - \text{kl\_coef}\cdot\text{KL}",
        rf"= {tex(last.proxy)} - {tex(last.kl_coef)}\cdot{tex_term(last.objective_kl)} = {tex(last.rlhf_reward)}",
    ), (SYMBOLS["r"], SYMBOLS["coef"])


def _t_baseline(result: Result) -> Made:
    count = result.tiny.settings["ppo"]["vf_coef"]
    return (
        r"A = \text{return} - b,\quad b \text{ from the value head}",
        rf"\text{{weight of its loss: }} {tex(float(count))}",
    ), (SYMBOLS["A"], SYMBOLS["b"])


def _t_update(result: Result) -> Made:
    before, after = result.tiny.evaluations[-2].gold_held_out, result.tiny.evaluations[-1].gold_held_out
    return (rf"\text{{held-out gold: }} {tex(before)} \to {tex(after)}\quad({tex_signed(after - before)})",), ()


_White = dict[str, Callable[["Result"], Made]]
_white: _White = {
    "demos": _w_demos, "answers": _w_answers, "votes": _w_votes, "copy": _w_copy, "start": _w_start, "samples": _w_samples,
    "scores": _w_scores, "kl": _w_kl, "baseline": _w_baseline, "update": _w_update,
}  # fmt: skip
_tiny: _White = {
    "demos": _t_demos, "answers": _t_answers, "votes": _t_votes, "copy": _t_weights, "start": _t_weights,
    "samples": _t_samples, "scores": _t_scores, "kl": _t_kl, "baseline": _t_baseline, "update": _t_update,
}  # fmt: skip


def _memory(result: Result) -> Formula:
    held, kept = result.memory, result.memory.precision
    whole = held.model("reference").parameters
    trained = kept.weight + kept.gradient + kept.optimiser
    return Formula(
        "Bytes: parameters times what each keeps",
        (
            r"\text{parameters} = Vd + \text{layers}\,(12d^2 + 2d)",
            r"\phantom{\text{parameters} =} + d + 2\,(d+1)",
            rf"V = {held.vocab},\ d = {held.width},\ \text{{layers}} = {held.layers}:\ {whole}",
            rf"\text{{trained: }} {kept.weight} + {kept.gradient} + {kept.optimiser} = {trained}\text{{ bytes each}}",
            rf"\text{{frozen: }} {kept.weight}\text{{ bytes each}}",
            rf"\text{{all four: {tex_text(written_bytes(held.total))}}}",
        ),
        (SYMBOLS["V"], SYMBOLS["d"]),
    )
