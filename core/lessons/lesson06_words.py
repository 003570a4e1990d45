"""Lesson 6 in words: the Bradley–Terry formula with the learner's numbers, sentences from the fit, questions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from core.lessons.lesson import Formula, Prediction, Question, Source, Why
from core.lessons.text import number, percent, plain, plural, signed, tex, tex_signed, tex_term

if TYPE_CHECKING:
    from core.lessons.lesson06 import Result
    from core.world.votes import Vote

LN2 = math.log(2)
SYMBOLS = ((r"\Delta", "score difference"), (r"\sigma", "logistic function"), ("L", "loss of this vote"))


def sigmoid(gap: float) -> float:
    """σ(Δ) without overflow."""
    return float(np.exp(-np.logaddexp(0.0, -gap)))


def loss_of(gap: float, vote: Vote) -> float:
    """Loss of one vote in nats; `gap` is the preferred response's score minus the other's (for a tie: first minus second)."""
    win, lose = float(np.logaddexp(0.0, -gap)), float(np.logaddexp(0.0, gap))
    return 0.5 * (win + lose) if vote.share == 0.5 else win


def formula(result: Result) -> Formula:
    """The picked vote, or the pair that is being asked about, in the formula."""
    names = result.candidates.names
    if result.picked is None:
        left, right = result.shown
        gap = float(result.scores[left] - result.scores[right])
        return Formula(
            "No vote yet: the pair above",
            (
                rf"\Delta = r_{{\text{{left}}}} - r_{{\text{{right}}}} = {tex(gap)}",
                rf"\sigma(\Delta) = {tex(sigmoid(gap))}\quad\text{{a coin toss}}",
                rf"L = -\log \sigma(\Delta) = {tex(loss_of(gap, _win()))}",
            ),
            SYMBOLS,
        )
    vote = result.picked
    first, second = (vote.first, vote.second) if vote.share != 0.0 else (vote.second, vote.first)
    r1, r2 = float(result.scores[first]), float(result.scores[second])
    gap = r1 - r2
    if vote.share == 0.5:
        return Formula(
            f"{names[first]} = {names[second]}",
            (
                rf"\Delta = {tex(r1)} - {tex_term(r2)} = {tex(gap)}",
                r"L = -\tfrac12\log\sigma(\Delta)-\tfrac12\log\sigma(-\Delta)",
                rf"\phantom{{L}} = {tex(loss_of(gap, vote))}",
                rf"\frac{{\partial L}}{{\partial \Delta}} = \sigma(\Delta) - \tfrac12 = {tex_signed(sigmoid(gap) - 0.5)}",
            ),
            SYMBOLS,
        )
    return Formula(
        f"{names[first]} > {names[second]}",
        (
            rf"\Delta = r_w - r_l = {tex(r1)} - {tex_term(r2)} = {tex(gap)}",
            rf"\sigma(\Delta) = {tex(sigmoid(gap))}",
            rf"L = -\log \sigma(\Delta) = {tex(loss_of(gap, vote))}",
            rf"\frac{{\partial L}}{{\partial \Delta}} = -(1-\sigma(\Delta)) = {tex(-sigmoid(-gap))}",
        ),
        (("w, l", "winner, loser"), *SYMBOLS),
    )


def _win() -> Vote:
    from core.world.votes import Vote

    return Vote(0, 1, 1.0)


def chart_text(result: Result) -> str:
    """The chart in words: every score and every weight at the step shown, with the interval where there is one."""
    spread = (lambda sd: f" ± {number(sd)}") if result.fitted else (lambda sd: "")
    scores = "; ".join(
        f"{name} {signed(score)}{spread(sd)}" for name, score, sd in zip(result.candidates.names, result.scores, result.fit.score_sd)
    )
    weights = "; ".join(
        f"{feature.name} {signed(weight)}{spread(sd)}"
        for feature, weight, sd in zip(result.candidates.features, result.weights, result.fit.weight_sd)
    )
    return f"{_where(result)} Scores: {scores}. Weights: {weights}."


def _where(result: Result) -> str:
    if result.fitted:
        return "Fitted."
    return f"Iteration {result.descent.iterations[result.step]} of the walk."


def says(result: Result) -> tuple[str, ...]:
    """What the votes did to the model, derived from the fit."""
    fit, names = result.fit, result.candidates.names
    if fit.n_votes == 0:
        return (
            f"No vote yet: every weight is 0, every score is {number(float(result.scores[0]))}, and any pair is a coin toss "
            f"(loss ln 2 = {number(LN2)}).",
            f"The prior says that a weight lies within about ±{number(result.prior_sd)}.",
        )
    if result.step == 0:
        return (
            f"You gave {plural(fit.n_votes, 'vote')}. The walk has not begun, so all scores are {number(0.0)}: press **Fit**.",
        )
    best = int(np.argmax(result.scores))
    spread = f" ± {number(fit.score_sd[best])}" if result.fitted else ""
    if np.ptp(result.scores) < 1e-9:
        return (
            f"Your {plural(fit.n_votes, 'vote')} cancel out: every score is {number(0.0)}, so the model has learned no preference.",
        )
    sentences = [
        f"After {plural(fit.n_votes, 'vote')} the highest score is **{signed(result.scores[best])}**{spread} for “{plain(names[best])}”."
    ]
    if result.fitted:
        sentences.append(_agreement(result))
        sentences.append(_strongest(result))
    else:
        sentences.append(
            f"The walk is at iteration {result.descent.iterations[result.step]}; its loss is {number(result.descent.losses[result.step])}, "
            f"at the optimum it would be **{number(result.descent.losses[-1])}**."
        )
    return tuple(sentences)


def _agreement(result: Result) -> str:
    fit = result.fit
    mean_loss = fit.linear.nll / fit.n_votes
    against = f"mean loss {number(mean_loss)} against ln 2 = {number(LN2)} for a coin toss"
    if fit.agreement is None:
        return f"All {fit.n_votes} are ties, {against}."
    decided = sum(vote.share != 0.5 for vote in fit.votes)
    repeated = round(fit.agreement * decided)
    both_ways = _contradictions(result)
    contradiction = f"; {plural(both_ways, 'pair was', 'pairs were')} voted both ways" if both_ways else ""
    return f"It repeats {repeated} of your {plural(decided, 'decided vote')}{contradiction} ({against})."


def _contradictions(result: Result) -> int:
    seen: dict[tuple[int, int], set[float]] = {}
    for vote in result.fit.votes:
        low_first = vote.first < vote.second
        share = vote.share if low_first else 1 - (vote.share or 0.0)
        seen.setdefault((min(vote.first, vote.second), max(vote.first, vote.second)), set()).add(float(share or 0.0))
    return sum({0.0, 1.0} <= shares for shares in seen.values())


def _strongest(result: Result) -> str:
    weights, sd = result.fit.weights, result.fit.weight_sd
    top = int(np.argmax(np.abs(weights)))
    feature = result.candidates.features[top]
    direction = "for" if weights[top] > 0 else "against"
    sure = "more than" if abs(weights[top]) > sd[top] else "less than"
    return (
        f"Your votes speak most clearly {direction} “{feature.name}” (weight {signed(weights[top])} ± {number(sd[top])}, "
        f"{sure} one standard deviation from 0)."
    )


def predict(result: Result) -> Prediction:
    """Which answer will score highest? Marked from the fit, so the answer is the learner's own doing."""
    names = result.candidates.names
    final = result.fit.scores
    best = int(np.argmax(final))
    flat = bool(np.ptp(final) < 1e-9)
    because = (
        f"All scores are {number(0.0)}: no vote has told them apart."
        if flat
        else f"“{plain(names[best])}” has the highest score, {signed(final[best])}, from {plural(result.fit.n_votes, 'vote')}."
    )
    return Prediction(
        question="Predict: which answer will your votes score highest?",
        options=(*names, "none: all stay equal"),
        answer=len(names) if flat else best,
        because=because,
        revealed=result.step > 0 and result.fit.n_votes > 0,
    )


def quiz(result: Result) -> tuple[Question, ...]:
    """Two questions, explained with the numbers on screen."""
    left, right = result.shown
    gap, probability = result.fit.pair(left, right)
    return (
        Question(
            "You add 5 to every score. What happens to the likelihood of your votes?",
            ("nothing", "it rises", "it falls"),
            0,
            f"Only differences count: for the pair above Δ = {signed(gap)} stays {signed((result.fit.scores[left] + 5) - (result.fit.scores[right] + 5))}, "
            f"so σ(Δ) stays {percent(probability)}.",
        ),
        Question(
            "A vote that the model already gets right with σ(Δ) = 0.99 pulls on the weights …",
            ("hardly at all", "most of all", "as much as any other"),
            0,
            f"The pull is 1 − σ(Δ) = {number(1 - 0.99)}. A vote it is unsure of (σ = 0.5) pulls with {number(0.5)}.",
        ),
    )


WHY = Why(
    text=(
        "A reward model is trained on *which of two answers is better*, never on a grade. Bradley–Terry turns score differences "
        "into probabilities, P(w beats l) = σ(r_w − r_l), and the loss is −log of the probability of your vote. Here the score "
        "is a weighted sum of features measured from the words, so a few votes say something about all answers. With few votes "
        "the prior holds the weights near 0: the intervals show how much is still open. A real reward model replaces the "
        "features by a language model with one scalar head. The loss is the same."
    ),
    misconception="“A score of 2 is a good answer.” Scores are relative: only differences within one prompt mean anything.",
    sources=(
        Source("Ouyang et al. 2022, InstructGPT, Eq. 1", "https://arxiv.org/abs/2203.02155"),
        Source("Lambert, RLHF Book, chapter 5", "https://rlhfbook.com"),
    ),
)
