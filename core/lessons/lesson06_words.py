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
    """The scores and weights on screen in words, with the interval where there is one."""
    spread = (lambda sd: f" ± {number(sd)}") if result.fitted else (lambda sd: "")
    scores = "; ".join(
        f"{name} {signed(score)}{spread(sd)}"
        for name, score, sd in zip(result.candidates.names, result.scores, result.fit.score_sd)
    )
    weights = "; ".join(
        f"{feature.name} {signed(weight)}{spread(sd)}"
        for feature, weight, sd in zip(result.candidates.features, result.weights, result.fit.weight_sd)
    )
    return f"Scores: {scores}. Weights: {weights}."


def says(result: Result) -> tuple[str, ...]:
    """What the chosen view shows, derived from its numbers."""
    if result.fit.n_votes == 0 and result.view != "hand" and result.view != "held":
        return (
            f"No vote yet: every weight is 0, every score is {number(0.0)}, and any pair is a coin toss (loss ln 2 = {number(LN2)}).",
            f"The prior says that a weight lies within about ±{number(result.prior_sd)}.",
        )
    return {"fit": _fit, "hand": _hand, "surface": _surface, "free": _free, "shift": _shift, "held": _held}[
        result.view
    ](result)


def _fit(result: Result) -> tuple[str, ...]:
    fit, names = result.fit, result.candidates.names
    if result.step == 0:
        return (
            f"You gave {plural(fit.n_votes, 'vote')}. The walk has not begun, so all scores are {number(0.0)}: press **Fit**.",
        )
    if np.ptp(fit.scores) < 1e-9:
        return (
            f"Your {plural(fit.n_votes, 'vote leaves', 'votes leave')} nothing to tell answers apart: every score is "
            f"{number(0.0)}, so the model has learned no preference.",
        )
    best = int(np.argmax(result.scores))
    spread = f" ± {number(fit.score_sd[best])}" if result.fitted else ""
    top = f"**{signed(result.scores[best])}**{spread} for “{plain(names[best])}”"
    first = f"After {plural(fit.n_votes, 'vote')} the highest score is {top}."
    if result.fitted:
        return (first, _agreement(result), _strongest(result))
    walk = result.descent
    return (
        first,
        f"The walk is at iteration {walk.iterations[result.step]}; its loss is {number(walk.losses[result.step])}, at the optimum it "
        f"would be **{number(walk.losses[-1])}**.",
    )


def mean_loss(result: Result, scores: np.ndarray) -> float:
    """Mean loss of the learner's votes under some scores, nats."""
    losses = [
        loss_of(float(scores[v.first] - scores[v.second]) * (-1 if v.share == 0.0 else 1), v) for v in result.fit.votes
    ]
    return float(np.mean(losses)) if losses else LN2


def _hand(result: Result) -> tuple[str, ...]:
    best = int(np.argmax(result.scores))
    names = [
        plain(name) for name, score in zip(result.candidates.names, result.scores) if score > result.scores[best] - 1e-9
    ]
    top = (
        f"All your weights give the same score, {number(float(result.scores[0]))}, to every answer"
        if np.ptp(result.scores) < 1e-9
        else f"With these weights “{names[0]}” scores highest, **{signed(result.scores[best])}**"
        if len(names) == 1
        else f"With these weights {len(names)} answers share the highest score, **{signed(result.scores[best])}**: "
        + ", ".join(f"“{name}”" for name in names)
    )
    if result.fit.n_votes == 0:
        return (f"{top} (spread {number(float(np.ptp(result.scores)))}). There is no vote to compare with yet.",)
    mine, fitted = mean_loss(result, result.scores), mean_loss(result, result.fit.scores)
    word = "lower" if mine < fitted - 5e-4 else "higher" if mine > fitted + 5e-4 else "equal"
    reason = " The fit also pays for large weights (the prior), so sliders can go lower." if word == "lower" else ""
    return (
        f"{top}.",
        f"Mean loss of your {plural(result.fit.n_votes, 'vote')}: **{number(mine, 3)}** by hand, {number(fitted, 3)} fitted: "
        f"yours is {word}.{reason}",
    )


def _surface(result: Result) -> tuple[str, ...]:
    cut = result.slice
    names = [feature.name for feature in result.candidates.features]
    x, y = cut.path[result.step]
    return (
        f"With only “{names[result.axes[0]]}” and “{names[result.axes[1]]}” the loss starts at {number(cut.losses[0])} and ends at "
        f"**{number(cut.losses[-1])}**; you stand at weights {signed(x)} and {signed(y)}, loss {number(cut.losses[result.step])}.",
        f"With all {len(names)} features the optimum is {number(result.fit.linear.nll - result.fit.linear.log_prior)} (prior included).",
    )


def _free(result: Result) -> tuple[str, ...]:
    _, errors = result.free
    voted = {index for vote in result.fit.votes for index in (vote.first, vote.second)}
    unseen = [name for index, name in enumerate(result.candidates.names) if index not in voted]
    wide = int(np.argmax(errors))
    first = (
        f"Free scores know nothing of an answer without votes: {len(unseen)} of {len(result.candidates.names)} "
        f"({'such as ' if len(unseen) > 1 else ''}“{plain(unseen[0])}”) {'stay' if len(unseen) > 1 else 'stays'} near the middle."
        if unseen
        else f"Every answer has votes; the least sure free score is “{plain(result.candidates.names[wide])}” "
        f"(± {number(errors[wide])})."
    )
    narrow, broad = float(np.mean(result.fit.score_sd)), float(np.mean(errors))
    word = "narrower" if narrow < broad else "wider"
    return (first, f"On average the scores from features are {word}: ± {number(narrow)} against ± {number(broad)}.")


def _shift(result: Result) -> tuple[str, ...]:
    from core.lessons.lesson06_views import CENTRING, shifted_losses

    plain_loss, centred, prior = shifted_losses(result, (0.0, result.shift))
    if all(vote.share == 0.5 for vote in result.fit.votes):
        return (
            f"There are ties only ({plural(result.fit.n_votes, 'vote')}), so there is no decided vote to measure with.",
        )
    return (
        f"c = {number(result.shift, 1)} moves the loss of your votes by **{_unmoved(abs(plain_loss[1] - plain_loss[0]))}**: "
        "only differences of scores count.",
        f"A centring term ({CENTRING:g} · (r_w + r_l)²) moves by {signed(centred[1] - centred[0], 3)}, a prior on the scores by "
        f"{signed(prior[1] - prior[0], 3)}: these two do feel the shift.".replace("_", r"\_"),
    )


def _unmoved(change: float) -> str:
    """A change that should be none; what is left of it is the computer's rounding."""
    return number(0.0, 6) if change < 1e-12 else number(change, 6)


def _held(result: Result) -> tuple[str, ...]:
    curve = result.curve
    mean, spread = curve.accuracy.mean(axis=0), curve.accuracy.std(axis=0, ddof=1)
    direction = "rises" if mean[-1] > mean[0] + 0.005 else "falls" if mean[-1] < mean[0] - 0.005 else "stays"
    sentences = [
        f"On {curve.held_out} pairs kept apart, a model of this simulated voter {direction} from {percent(mean[0], 0)} right after "
        f"{plural(curve.sizes[0], 'vote')} to **{percent(mean[-1], 0)} ± {100 * spread[-1]:.0f}** after {curve.sizes[-1]} "
        f"(truth: the same voter without noise and bias)."
    ]
    right, tried = result.left_out
    sentences.append(
        f"Your own votes, each predicted from the others: {right} of {tried} right."
        if tried
        else f"You have {tried} decided votes, so there is nothing of yours to leave out yet."
    )
    return tuple(sentences)


def _agreement(result: Result) -> str:
    fit = result.fit
    against = f"mean loss {number(fit.linear.nll / fit.n_votes)} against ln 2 = {number(LN2)} for a coin toss"
    if fit.agreement is None:
        return f"There are ties only ({fit.n_votes}), {against}."
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
        revealed=result.fit.n_votes > 0 and (result.step > 0 or result.view != "fit"),
    )


def quiz(result: Result) -> tuple[Question, ...]:
    """Two questions, explained with the numbers on screen."""
    left, right = result.shown
    gap, probability = result.fit.pair(left, right)
    shifted = (result.fit.scores[left] + 5) - (result.fit.scores[right] + 5)
    return (
        Question(
            "You add 5 to every score. What happens to the likelihood of your votes?",
            ("nothing", "it rises", "it falls"),
            0,
            f"Only differences count: for the pair above Δ = {signed(gap)} stays {signed(shifted)}, so σ(Δ) stays {percent(probability)}.",
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
