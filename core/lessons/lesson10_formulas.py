"""Lesson 10's formulas: the picked pair in each loss, and one formula read in two directions, with the learner's numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.lessons.lesson import Formula
from core.lessons.text import tex, tex_term
from core.stages.whiteboard_dpo import PairTerms, pair_terms

if TYPE_CHECKING:
    from core.lessons.lesson10_result import Result


def sigmoid(x: float) -> float:
    """σ(x) without overflow."""
    return float(np.exp(-np.logaddexp(0.0, -x)))


# A pair's loss where the first answer won, and where it lost.
LOG_SIGMA = (r"\log\sigma(\beta\Delta)", r"\log\sigma(-\beta\Delta)")
SQUARES = (r"(\Delta-\tfrac{1}{2\beta})^2", r"(\Delta+\tfrac{1}{2\beta})^2")
HINGES = (r"\max(0, 1-\beta\Delta)", r"\max(0, 1+\beta\Delta)")


def pair_formula(result: Result) -> Formula:
    """The picked pair: log-ratios, margin, loss and pull, with the numbers of the step shown."""
    pair, config, now = result.picked, result.config, result.now
    terms = pair_terms(config, now.logps, pair.first, pair.second, pair.share)
    ref = result.steps[0].logps

    def log_ratio(name: str, response: int, value: float) -> str:
        p, q = float(np.exp(now.logps[response])), float(np.exp(ref[response]))
        return rf"{name} = \log\frac{{\pi}}{{\pi_{{\text{{ref}}}}}} = \log\frac{{{tex(p, 3)}}}{{{tex(q, 3)}}} = {tex(value)}"

    lines = (
        log_ratio("u", pair.first, terms.u),
        log_ratio("v", pair.second, terms.v),
        *_LOSS_LINES[config.loss_type](result, terms),
    )
    names = result.names
    sign = "=" if pair.share == 0.5 else "≻"
    return Formula(
        f"{names[pair.first]} {sign} {names[pair.second]}",
        lines,
        (
            ("u, v", "log-ratio of the first answer, of the second"),
            (r"\Delta", "difference u − v"),
            *((("q", "share of the votes for the first answer"),) if config.loss_type in ("cdpo", "robust") else ()),
            (r"-\partial L/\partial\Delta", "gradient weight: how hard the pair is pulled apart"),
        ),
    )


def _mean(share: float, win: str, loss: str, sign: str = "") -> str:
    """A mean over a pair's votes: `win` where the first answer won, `loss` where it did not; both times `sign`."""
    if share == 1:
        return f"{sign}{win}"
    return rf"{sign}{tex(share)}\,{win} {sign or '+'} {tex(1 - share)}\,{loss}"


def _gap(result: Result, terms: PairTerms) -> str:
    return rf"\beta\Delta = {tex(result.config.beta)}\,({tex(terms.u)} - {tex_term(terms.v)}) = {tex(result.config.beta * terms.gap)}"


def _sigmoid_lines(result: Result, terms: PairTerms) -> tuple[str, ...]:
    beta, share = result.config.beta, result.picked.share
    sigma = sigmoid(beta * terms.gap)
    target = "1" if share == 1 else tex(share)
    return (
        _gap(result, terms),
        rf"\sigma(\beta\Delta) = {tex(sigma)}",
        rf"L = {_mean(share, *LOG_SIGMA, '-')} = {tex(terms.loss)}",
        rf"-\partial L/\partial\Delta = \beta\,({target} - \sigma(\beta\Delta)) = {tex(terms.pull, 3)}",
    )


def _smoothed_lines(result: Result, terms: PairTerms) -> tuple[str, ...]:
    beta, share, eps = result.config.beta, result.picked.share, result.config.label_smoothing
    robust = result.config.loss_type == "robust"
    target = (share - eps) / (1 - 2 * eps) if robust else (1 - eps) * share + eps * (1 - share)
    how = (
        rf"q' = \tfrac{{q-\varepsilon}}{{1-2\varepsilon}} = \tfrac{{{tex(share)}-{tex(eps)}}}{{{tex(1 - 2 * eps)}}} = {tex(target)}"
        if robust
        else rf"q' = (1-\varepsilon)q + \varepsilon(1-q) = {tex(target)}"
    )
    return (
        _gap(result, terms),
        how,
        r"L = -q'\log\sigma(\beta\Delta) - (1-q')\log\sigma(-\beta\Delta)",
        rf"\phantom{{L}} = {tex(terms.loss)}",
        rf"-\partial L/\partial\Delta = \beta\,(q' - {tex(sigmoid(beta * terms.gap))}) = {tex(terms.pull, 3)}",
    )


def _ipo_lines(result: Result, terms: PairTerms) -> tuple[str, ...]:
    beta, share = result.config.beta, result.picked.share
    target = 1 / (2 * beta)
    towards = "" if share == 1 else rf"{tex_term(2 * share - 1)}\cdot"
    return (
        rf"\Delta = {tex(terms.u)} - {tex_term(terms.v)} = {tex(terms.gap)}",
        rf"\tfrac{{1}}{{2\beta}} = \tfrac{{1}}{{2\cdot {tex(beta)}}} = {tex(target)}",
        rf"L = {_mean(share, *SQUARES)} = {tex(terms.loss)}",
        rf"-\partial L/\partial\Delta = 2\,({towards}{tex(target)} - {tex_term(terms.gap)}) = {tex(terms.pull, 3)}",
    )


def _hinge_lines(result: Result, terms: PairTerms) -> tuple[str, ...]:
    share = result.picked.share
    return (
        _gap(result, terms),
        rf"L = {_mean(share, *HINGES)} = {tex(terms.loss)}",
        rf"-\partial L/\partial\Delta = {tex(terms.pull, 3)}",
    )


_LOSS_LINES = {
    "sigmoid": _sigmoid_lines,
    "cdpo": _smoothed_lines,
    "robust": _smoothed_lines,
    "ipo_sum": _ipo_lines,
    "hinge": _hinge_lines,
}


def routes_formula(result: Result) -> Formula:
    """One formula, read in either direction, with the numbers of the answer chosen on the left."""
    i, beta = result.about, result.config.beta
    score, implicit = float(result.scores[i]), float(result.implicit_rewards(result.step)[i])
    ref, best, now = (
        float(np.exp(logps[i])) for logps in (result.steps[0].logps, result.optimum_logps, result.now.logps)
    )
    return Formula(
        f"One formula, two directions · {result.names[i]}",
        (
            r"\pi^* = \pi_{\text{ref}}\,e^{\,r/\beta}/Z \;\Leftrightarrow\; r = \beta\log\tfrac{\pi^*}{\pi_{\text{ref}}} + \beta\log Z",
            rf"\text{{PPO: }} r = {tex(score)} \Rightarrow \pi^* = {tex(ref, 3)}\,e^{{{tex(score / beta)}}}/Z = {tex(best, 3)}",
            rf"\text{{DPO: }} \pi = {tex(now, 3)} \Rightarrow \hat r = \beta\log\tfrac{{\pi}}{{\pi_{{\text{{ref}}}}}} + c",
            rf"\phantom{{\text{{DPO: }}}} = {tex(beta)}\log({tex(now, 3)}/{tex(ref, 3)}) + c = {tex(implicit)}",
        ),
        (
            ("r", "score of the reward model, mean 0"),
            (r"\hat r", "implicit reward, mean 0"),
            ("Z", "what makes the sum 1"),
        ),
    )
