"""Lesson 7 in words: formulas with the learner's numbers, questions marked from the state, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from core.lessons.lesson import Formula, Prediction, Question, Source, Why
from core.lessons.lesson07_lab import NO_GRADIENT, surrogate
from core.lessons.text import number, percent, plain, plural, signed, tex, tex_term
from core.stages.whiteboard import optimum

if TYPE_CHECKING:
    from core.lessons.lesson07_lab import Result

RUN_NAMES = {"neither": "neither", "clip": "clip only", "kl": "KL only", "both": "both"}
RUN_SHORT = {"neither": "none", "clip": "clip", "kl": "KL", "both": "both"}
ALIKE = 1.1
"""Two distances count as equal as long as neither is more than a tenth larger."""


def branch(result: Result, response: int) -> str:
    """Which branch of min() is the smaller one for a response: "ρA", "clip", or "=" where both are equal."""
    points, k = result.reuse.points, result.step
    free, held = points.unclipped[k, response], points.clipped[k, response]
    return "clip" if held < free else "ρA" if free < held else "="


def formula(result: Result) -> Formula:
    """The formula of the view, filled with the picked response's numbers."""
    body = {"response": _response_formula, "epochs": _epochs_formula, "leashes": _leashes_formula}[result.view](result)
    return Formula(f"Your numbers · {result.candidates.names[result.picked]}", *body)


Body = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]


def _response_formula(result: Result) -> Body:
    lab, i, k = result.reuse, result.picked, result.step
    a, rho = lab.batch.advantages[i], lab.points.ratios[k, i]
    free, held = lab.points.unclipped[k, i], lab.points.clipped[k, i]
    epsilon = result.config.clip_epsilon
    clipped_ratio = min(max(rho, 1 - epsilon), 1 + epsilon)
    tick = r"\;\checkmark"
    p, p_old = np.exp(lab.ppo_logps[k, i]), np.exp(lab.batch.old_logps[i])
    return (
        (
            rf"\rho = \frac{{\pi}}{{\pi_{{\text{{old}}}}}} = \frac{{{tex(p, 3)}}}{{{tex(p_old, 3)}}} = {tex(rho)}",
            rf"\rho A = {tex(rho)}\cdot{tex_term(a)} = {tex(free)}{tick if free < held else ''}",
            rf"\text{{clip}}(\rho)\,A = {tex(clipped_ratio)}\cdot{tex_term(a)} = {tex(held)}{tick if held < free else ''}",
            rf"\min = {tex(min(free, held))}\quad\text{{{_verdict(free, held)}}}",
            rf"\partial\min/\partial\rho = {_slope(result)}",
        ),
        (
            (r"\rho", "ratio of new to old probability"),
            ("A", "advantage"),
            (r"\varepsilon", "half-width of the clip range"),
        ),
    )


def _verdict(free: float, held: float) -> str:
    return "clip wins" if held < free else "free branch wins" if free < held else "both equal"


def _slope(result: Result) -> str:
    lab, i = result.reuse, result.picked
    slope = lab.points.slopes[result.step, i]
    if not lab.drawn[i]:
        return r"\text{none (not drawn)}"
    return r"0\quad\text{(flat)}" if abs(slope) < NO_GRADIENT else rf"A = {tex(slope)}"


def _epochs_formula(result: Result) -> Body:
    lab, i, k = result.reuse, result.picked, result.step
    a, rho = lab.batch.advantages[i], lab.points.ratios[k, i]
    if not lab.drawn[i]:
        pushes: tuple[str, ...] = (r"\text{not drawn: no push of its own}",)
    else:
        free = rf"\rho A = {tex(rho)}\cdot{tex_term(a)} = {tex(rho * a)}"
        ppo = r"0\;\text{(clipped)}" if lab.clipped[k, i] else free
        pushes = (
            rf"\text{{push on }}\log\pi\text{{, plain: }} A = {tex(a)}",
            rf"\text{{PPO: }} {ppo}",
        )
    return (
        (
            *pushes,
            rf"\text{{epoch 1, }}\rho = 1\text{{: gradients differ by }} {_tex_gap(lab.first_gap)}",
            rf"\text{{KL}}(\pi\,\|\,\pi_{{\text{{old}}}}):\;\text{{plain }} {tex(lab.plain_kl[k], 3)}",
            rf"\phantom{{\text{{KL}}(\pi\,\|\,\pi_{{\text{{old}}}}):\;}}\text{{PPO }} {tex(lab.ppo_kl[k], 3)}",
        ),
        (
            (r"\rho", "ratio of new to old probability"),
            ("A", "advantage"),
            (r"\pi_{\text{old}}", "the policy that drew the batch"),
        ),
    )


def _tex_gap(value: float) -> str:
    return "0" if value == 0 else tex(value, 3)


def _leashes_formula(result: Result) -> Body:
    leash, i, k = result.leash, result.picked, result.step
    symbols = (
        (r"\pi_{\text{old}}", "the policy before this update"),
        (r"\pi_{\text{ref}}", "the frozen reference"),
        ("r", "score"),
    )
    ref = float(np.exp(result.config.ref_logps[i]))
    if k == 0:
        return (
            rf"\pi = \pi_{{\text{{old}}}} = \pi_{{\text{{ref}}}} = {tex(ref, 3)}",
            rf"r = {tex(result.config.scores[i])}",
        ), symbols
    record = leash.steps[k - 1]
    new, old = float(np.exp(record.logps[i])), float(np.exp(record.old_logps[i]))
    rho = float(np.exp(record.logps[i] - record.old_logps[i]))
    log_ratio = record.old_logps[i] - record.ref_logps[i]
    epsilon = result.config.clip_epsilon
    held = rf"\text{{clip to }} {tex(1 - epsilon)}\ldots{tex(1 + epsilon)}" if leash.has_clip else r"\text{no clip}"
    return (
        (
            rf"\text{{1: }} \frac{{\pi}}{{\pi_{{\text{{old}}}}}} = \frac{{{tex(new, 3)}}}{{{tex(old, 3)}}} = {tex(rho)}\;\;{held}",
            rf"\text{{2: }} \log\frac{{\pi_{{\text{{old}}}}}}{{\pi_{{\text{{ref}}}}}} = \log\frac{{{tex(old, 3)}}}{{{tex(ref, 3)}}}"
            rf" = {tex(log_ratio)}",
            rf"r - \text{{kl\_coef}}\cdot\log = {tex(record.scores[i])} - {tex(record.kl_coef)}\cdot{tex_term(log_ratio)}",
            rf"\phantom{{r - \text{{kl\_coef}}\cdot\log}} = {tex(record.rewards[i])}",
        ),
        symbols,
    )


def chart_text(result: Result) -> str:
    """The chart in words at the step shown."""
    lab, k, names = result.reuse, result.step, result.candidates.names
    if result.view == "response":
        rows = "; ".join(
            f"{name}: ratio {number(lab.points.ratios[k, i])}, advantage {signed(lab.batch.advantages[i])}, "
            f"objective {number(lab.points.smaller[k, i])}"
            for i, name in enumerate(names)
        )
        return f"After {plural(k, 'epoch')}. Clip range {clip_range(result)}. {rows}."
    if result.view == "epochs":
        rows = "; ".join(
            f"{name}: PPO {percent(ppo)}, plain {percent(free)}"
            for name, ppo, free in zip(names, np.exp(lab.ppo_logps[k]), np.exp(lab.plain_logps[k]))
        )
        return (
            f"After {plural(k, 'epoch')}. KL to the old policy: PPO {number(lab.ppo_kl[k], 3)}, "
            f"plain {number(lab.plain_kl[k], 3)} nats. {rows}."
        )
    rows = "; ".join(
        f"{RUN_NAMES[leash.run]}: KL to the old policy {number(leash.kl_to_old[k], 3)}, to the reference "
        f"{number(leash.kl_to_ref[k], 3)}"
        for leash in result.leashes
    )
    return (
        f"After {plural(k, 'update')}, in nats. {rows}. Optimum π*: {number(result.optimum_kl, 3)} from the reference."
    )


def clip_range(result: Result) -> str:
    """The interval of ratios that the clip leaves alone."""
    epsilon = result.config.clip_epsilon
    return f"{number(1 - epsilon)} … {number(1 + epsilon)}"


def predict(result: Result) -> Prediction:
    """Who ends further from the policy that drew the batch? Marked from the last epoch of both runs."""
    lab = result.reuse
    ppo, free = float(lab.ppo_kl[-1]), float(lab.plain_kl[-1])
    equal = max(ppo, free) < 1e-9 or max(ppo, free) <= ALIKE * min(ppo, free)
    last = len(lab.ppo_kl) - 1
    return Prediction(
        question=f"Predict: one batch is used {last} times. Which ends further from the old policy?",
        options=("plain policy gradient", "PPO with its clip", "both about equally far"),
        answer=2 if equal else 0 if free > ppo else 1,
        because=f"After {last} epochs the KL is {number(free, 3)} nats with the plain policy gradient and {number(ppo, 3)} with PPO.",
        revealed=result.view == "leashes" or (result.view == "epochs" and result.step == last),
    )


def quiz(result: Result) -> tuple[Question, ...]:
    """Two questions, both answered by computing."""
    epsilon = result.config.clip_epsilon
    far = 1 + 2 * epsilon
    one = surrogate(torch.tensor([far], dtype=torch.float64), torch.tensor([-0.5], dtype=torch.float64), epsilon)
    slope = float(one.slopes[0])
    goal = optimum(result.config, 0.0)
    start = np.exp(result.config.ref_logps)
    goal_probs = goal.logps.exp().numpy()
    moved = bool(np.abs(goal_probs - start).max() > 1e-9)
    best = int(np.argmax(result.config.scores))
    return (
        Question(
            f"A poor answer (A = {signed(-0.5)}) has become likelier: ρ = {number(far)}, above 1 + ε = {number(1 + epsilon)}. "
            "Its gradient is …",
            (
                "zero: the ratio is outside the clip range",
                "not zero: it moved the wrong way",
                "zero, but only in epoch 1",
            ),
            1 if abs(slope) >= NO_GRADIENT else 0,
            f"ρA = {number(float(one.unclipped[0]), 3)} is smaller than clip(ρ)A = {number(float(one.clipped[0]), 3)}, so min() takes the "
            f"free branch: the slope is {signed(slope)}. The clip acts only past the edge in the wanted direction.",
        ),
        Question(
            "The KL coefficient is 0 and the clip is kept. After very many updates, where does the policy head?",
            ("it stays within 1 ± ε of the reference", "to the highest score", "nowhere: all scores are equal"),
            1 if moved else 2,
            f"The goal at KL coefficient 0 lies {number(goal.kl.item())} nats from the reference and gives "
            f"“{plain(result.candidates.names[best])}” {percent(goal_probs[best])} instead of {percent(start[best])}. "
            "The clip compares with the last policy only, so short steps add up.",
        ),
    )


WHY = Why(
    text=(
        "PPO's first step on a batch is plain policy gradient: every ratio is 1, so both branches of min() and both gradients agree. "
        "They part when the batch is used again. Past 1 ± ε in the wanted direction an answer's gradient is zero; past it in the wrong "
        "direction the gradient stays, so that mistakes can be undone. The clip forgets: each new batch starts at ρ = 1, and many short "
        "steps still lead far away. Only the KL penalty remembers where training began, because it compares with the frozen reference."
    ),
    misconception="“The clip keeps every ratio within 1 ± ε.” It only stops pushing. One large step, or the other answers' pushes, "
    "can carry a ratio past the edge, and the clip does not bring it back.",
    sources=(
        Source("Schulman et al. 2017, PPO", "https://arxiv.org/abs/1707.06347"),
        Source("Lambert, RLHF Book, chapter 6", "https://rlhfbook.com"),
        Source("Stiennon et al. 2020 (KL to the SFT policy in the reward)", "https://arxiv.org/abs/2009.01325"),
    ),
)
