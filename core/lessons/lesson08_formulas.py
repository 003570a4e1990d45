"""The formulas of lesson 8's whiteboard, filled with the picked response's numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.lessons.lesson import Formula
from core.lessons.text import tex, tex_signed, tex_term

if TYPE_CHECKING:
    from core.lessons.lesson08 import Result
    from core.records import PolicyStep


SUBSTEPS = ("sample", "score", "KL", "advantage", "ratio, clip", "gradient", "new")


def quantity_title(sub: int, epoch: int, exact: bool) -> str:
    """Axis title of the quantity that sub-step `sub` computes."""
    return {
        1: "1 · weight, %" if exact else "1 · times drawn",
        2: "2 · score r",
        3: "3 · KL penalty",
        4: "4 · advantage A",
        5: f"5 · ratio ρ, epoch {epoch}",
        6: f"6 · logit step, epoch {epoch}",
        7: "7 · change, points",
    }[sub]


def formula(result: Result) -> Formula:
    """The formula of the sub-step shown, filled with the picked response's numbers."""
    name = result.candidates.names[result.picked]
    caption = f"Your numbers · {name}"
    if result.now is None:
        i = result.picked
        p, best = float(np.exp(result.config.ref_logps[i])), result.optimum_probs[i]
        return Formula(
            caption,
            (
                rf"\pi_{{\text{{ref}}}} = {tex(p, 3)},\quad r = {tex(result.config.scores[i])}",
                r"\pi^*\propto\pi_{\text{ref}}\,e^{\,r/\text{kl\_coef}}"
                + (
                    rf" \;\Rightarrow\; \pi^* = {tex(best, 3)}"
                    if result.config.kl_coef
                    else rf":\; \pi^* = {tex(best, 3)}"
                ),
            ),
            (
                (r"\pi_{\text{ref}}", "the frozen reference policy"),
                (r"\pi^*", "the best policy for this KL coefficient"),
            ),
        )
    return Formula(caption, *_FORMULAS[result.sub](result, result.now, result.picked))


Lines = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]


def _sample(result: Result, step: PolicyStep, i: int) -> Lines:
    p = float(np.exp(step.old_logps[i]))
    if result.config.batch_size == 0:
        return (rf"w = \pi_{{\text{{old}}}} = {tex(p, 3)}",), ((r"\pi_{\text{old}}", "the policy before this update"),)
    n = result.config.batch_size
    return (
        (
            rf"\pi_{{\text{{old}}}} = {tex(p, 3)}",
            rf"\text{{expected }} {n}\cdot {tex(p, 3)} = {tex(n * p, 1)}",
            rf"\text{{drawn }} {step.weights[i]:.0f}\text{{ of }} {n}",
        ),
        ((r"\pi_{\text{old}}", "the policy before this update"),),
    )


def _score(result: Result, step: PolicyStep, i: int) -> Lines:
    source = {"votes": "from your votes", "hand": "from your sliders", "no votes": "set by hand: no votes yet"}
    return (
        (rf"r = {tex(step.scores[i])}\quad\text{{({source[result.scores_from]})}}",),
        (("r", "the score of the whole response"),),
    )


def _penalty(result: Result, step: PolicyStep, i: int) -> Lines:
    log_ratio = step.old_logps[i] - step.ref_logps[i]
    estimate = {
        "k1": rf"k_1 = \log\frac{{\pi_{{\text{{old}}}}}}{{\pi_{{\text{{ref}}}}}} = {tex(log_ratio)}",
        "k2": rf"k_2 = \tfrac12\left({tex(log_ratio)}\right)^2 = {tex(step.kl[i])}",
        "k3": rf"k_3 = e^{{{tex(-log_ratio)}}} - 1 {tex_signed(log_ratio)} = {tex(step.kl[i])}",
    }[result.config.kl_estimator]
    return (
        (
            estimate,
            rf"\text{{kl\_coef}}\cdot k = {tex(step.kl_coef)}\cdot{tex_term(step.kl[i])} = {tex(step.kl_coef * step.kl[i])}",
            rf"r - \text{{penalty}} = {tex(step.rewards[i])}",
        ),
        ((r"\pi_{\text{ref}}", "the frozen reference policy"), ("k", "estimate of the KL divergence, in nats")),
    )


def _advantage(result: Result, step: PolicyStep, i: int) -> Lines:
    raw = step.rewards[i] - step.baseline
    lines = [
        rf"A = r - \text{{kl\_coef}}\cdot {result.config.kl_estimator.replace('k', 'k_')} - b",
        rf"= {tex(step.scores[i])} - {tex(step.kl_coef)}\cdot{tex_term(step.kl[i])} - {tex_term(step.baseline)}",
        rf"= {tex(raw)}",
    ]
    if result.config.whitening:
        lines[2] += rf"\;\to\; {tex(step.advantages[i])}\ \text{{whitened}}"
    return tuple(lines), (("A", "advantage: better or worse than the batch's mean"), ("b", "mean reward of the batch"))


def _ratio(result: Result, step: PolicyStep, i: int) -> Lines:
    epoch = step.epochs[result.epoch - 1]
    rho, clipped, a = epoch.ratios[i], epoch.clipped_ratios[i], step.advantages[i]
    clip_wins, equal = epoch.clip_won[i], epoch.unclipped[i] == epoch.clipped[i]
    silent = step.weights[i] == 0
    free = r"\;\checkmark" if not clip_wins and not equal and not silent else ""
    held = r"\;\checkmark" if clip_wins and not silent else ""
    verdict = (
        r"\text{not drawn: weight } 0"
        if silent
        else r"\text{clip wins: gradient } 0"
        if clip_wins
        else r"\text{both equal: no clip}"
        if equal
        else r"\text{free branch wins}"
    )
    p_old, p = float(np.exp(step.old_logps[i])), float(np.exp(epoch.logps[i]))
    return (
        (
            rf"\rho = \frac{{\pi}}{{\pi_{{\text{{old}}}}}} = \frac{{{tex(p, 3)}}}{{{tex(p_old, 3)}}} = {tex(rho)}",
            rf"\rho A = {tex(rho)}\cdot{tex_term(a)} = {tex(epoch.unclipped[i], 3)}{free}",
            rf"\text{{clip}}(\rho)\,A = {tex(clipped)}\cdot{tex_term(a)} = {tex(epoch.clipped[i], 3)}{held}",
            rf"\min = {tex(min(epoch.unclipped[i], epoch.clipped[i]), 3)}\quad {verdict}",
        ),
        (
            (r"\rho", "ratio of new to old probability"),
            ("A", "advantage"),
            (r"\varepsilon", "half-width of the clip range"),
        ),
    )


def _gradient(result: Result, step: PolicyStep, i: int) -> Lines:
    epoch = step.epochs[result.epoch - 1]
    change = epoch.logit_steps[i]
    rate = result.config.learning_rate
    slope = -change / rate if rate else 0.0
    return (
        (
            r"\Delta z = -\eta\,\frac{\partial L}{\partial z}",
            rf"= -{tex(rate)}\cdot{tex_term(slope, 3)} = {tex(change, 3)}",
            rf"L = {tex(epoch.loss, 3)}\ \text{{over the batch}}",
        ),
        (("z", "logit of this response"), (r"\eta", "learning rate"), ("L", "the loss that is made small")),
    )


def _new(result: Result, step: PolicyStep, i: int) -> Lines:
    old, new, best = float(np.exp(step.old_logps[i])), float(np.exp(step.logps[i])), result.optimum_probs[i]
    return (
        (
            r"\pi_{\text{new}} = \text{softmax}(z)",
            rf"{tex(old, 3)} \to {tex(new, 3)}\quad({tex_signed(100 * (new - old), 1)}\text{{ points}})",
            rf"\pi^* = {tex(best, 3)}",
        ),
        ((r"\pi^*", "the best policy for this KL coefficient"),),
    )


_FORMULAS = {1: _sample, 2: _score, 3: _penalty, 4: _advantage, 5: _ratio, 6: _gradient, 7: _new}
