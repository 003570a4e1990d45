"""The formulas of lesson 8's live lens, filled with the picked word's numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from core.lessons.lesson import Formula
from core.lessons.text import tex, tex_signed, tex_term
from core.objectives.advantages import gae
from core.objectives.kl import kl_estimate

if TYPE_CHECKING:
    from core.lessons.lesson08_lens import LensResult
    from core.stages.lens import LensAnswer

END = "<end>"


def shown_word(word: str) -> str:
    """A token as it is printed."""
    return "end" if word == END else word


def formula(result: LensResult) -> Formula:
    """The formula of the chosen view for the picked word."""
    answer, i = result.answer, result.word
    if answer is None:
        return Formula(
            "No update yet", (r"\pi = \pi_{\text{ref}}",), ((r"\pi_{\text{ref}}", "the frozen reference policy"),)
        )
    caption = f"Your numbers · “{shown_word(answer.words[i])}”, word {i + 1} of answer {result.number + 1}"
    if result.view == "kl" or result.heat == "kl":
        return Formula(caption, *_kl(answer, i))
    if result.heat == "advantage":
        return Formula(caption, *_advantage(result, answer, i))
    if result.step == 0:
        return Formula(
            caption,
            (
                rf"\rho = \frac{{\pi}}{{\pi_{{\text{{old}}}}}} = 1,\quad \pi_{{\text{{old}}}} = {tex(_p(answer.logps[i]), 3)}",
            ),
            ((r"\rho", "ratio of new to old probability of this word"),),
        )
    return Formula(caption, *_ratio(result, answer, i))


Lines = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]


def _p(logp: float) -> float:
    return math.exp(logp)


def _ratio(result: LensResult, answer: LensAnswer, i: int) -> Lines:
    rho, a, epsilon = result.ratios[i], answer.advantages[i], result.config.ppo.clip_epsilon
    found = result.surrogate
    free, clipped = found["unclipped"][i], found["clipped"][i]
    equal, held = free == clipped, found["held"][i] > 0
    verdict = (
        r"\text{clip wins: gradient } 0"
        if held
        else r"\text{both equal: no clip}"
        if equal
        else r"\text{free branch wins}"
    )
    tick = {True: r"\;\checkmark", False: ""}
    old = _p(answer.logps[i])
    return (
        (
            rf"\rho = \frac{{\pi}}{{\pi_{{\text{{old}}}}}} = \frac{{{tex(rho * old, 3)}}}{{{tex(old, 3)}}} = {tex(rho)}",
            rf"\rho A = {tex(rho)}\cdot{tex_term(a)} = {tex(free, 3)}{tick[not held and not equal]}",
            rf"\text{{clip}}(\rho)\,A = {tex(min(max(rho, 1 - epsilon), 1 + epsilon))}\cdot{tex_term(a)} = {tex(clipped, 3)}{tick[held]}",
            rf"\min = {tex(min(free, clipped), 3)}\quad {verdict}",
        ),
        ((r"\rho", f"ratio of this word's probabilities, epoch {result.epoch}"), ("A", "advantage of this word")),
    )


def rewards(result: LensResult, answer: LensAnswer) -> tuple[float, ...]:
    """What each word is paid: minus kl_coef times the estimate, and the whole answer's reward on its last word."""
    ppo = result.config.ppo
    new, ref = (torch.tensor(row, dtype=torch.float64) for row in (answer.logps, answer.ref_logps))
    found = (-ppo.kl_coef * kl_estimate(new, ref, ppo.kl_estimator)).tolist()
    found[-1] += answer.paid
    return tuple(found)


def _advantage(result: LensResult, answer: LensAnswer, i: int) -> Lines:
    ppo = result.config.ppo
    paid, values = rewards(result, answer), answer.values
    both = torch.tensor([paid, values], dtype=torch.float64)
    raw = gae(both[:1], both[1:], ppo.gamma, ppo.lam).advantages[0].tolist()
    last = i == len(answer.words) - 1
    following = 0.0 if last else values[i + 1]
    delta = paid[i] + ppo.gamma * following - values[i]
    score = rf" {tex_signed(answer.paid)}" if last else ""
    penalty = paid[i] - (answer.paid if last else 0.0)
    ahead = 0.0 if last else ppo.lam * raw[i + 1]
    lines = [
        rf"r_t = -\text{{kl\_coef}}\cdot k_t{' + r' if last else ''} = {tex(penalty, 3)}{score}",
        r"\delta_t = r_t + V_{t+1} - V_t",
        rf"\phantom{{\delta_t}} = {tex(paid[i], 3)} {tex_signed(following, 3)} - {tex_term(values[i], 3)} = {tex(delta, 3)}",
        rf"A_t = \delta_t + \lambda A_{{t+1}} = {tex(delta, 3)} {tex_signed(ahead, 3)} = {tex(raw[i], 3)}",
    ]
    if ppo.whiten:
        lines.append(rf"\text{{whitened over the batch: }} {tex(answer.advantages[i], 3)}")
    symbols = (("V_t", "the value head's guess before word t"), (r"\lambda", f"how far it looks ahead: {ppo.lam:g}"))
    return tuple(lines), (*((("r", "score of the whole answer, paid on its last word"),) if last else ()), *symbols)


def _kl(answer: LensAnswer, i: int) -> Lines:
    log_ratio = answer.logps[i] - answer.ref_logps[i]
    third = math.expm1(-log_ratio) + log_ratio
    fraction = rf"\frac{{{tex(_p(answer.logps[i]), 3)}}}{{{tex(_p(answer.ref_logps[i]), 3)}}}"
    return (
        (
            rf"k_1 = \log\frac{{\pi}}{{\pi_{{\text{{ref}}}}}} = \log{fraction} = {tex(log_ratio, 3)}",
            rf"k_2 = \tfrac12 k_1^2 = {tex(0.5 * log_ratio**2, 3)}",
            rf"k_3 = e^{{-k_1}} - 1 + k_1 = {tex(third, 3)}",
            rf"\text{{exact: KL}}(\pi\,\|\,\pi_{{\text{{ref}}}}) = {tex(answer.kl_exact[i], 3)}",
        ),
        ((r"\pi_{\text{ref}}", "the frozen reference; exact: over every word that could stand here"),),
    )
