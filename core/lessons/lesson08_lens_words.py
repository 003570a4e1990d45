"""Lesson 8's live lens in words: sentences derived from the run, the prediction and the questions marked from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.lessons import lesson08_lens as lens
from core.lessons.lesson import Prediction, Question
from core.lessons.lesson08_lens_formulas import shown_word
from core.lessons.text import number, percent, plain, plural, signed

if TYPE_CHECKING:
    from core.lessons.lesson08_lens import LensResult
    from core.stages.lens import LensAnswer, LensStep

ENDS = 5  # updates at either end of a run that are averaged: single batches are noisy
SAME = 5e-3


def says(result: LensResult) -> tuple[str, ...]:
    """Two or three sentences on the update shown."""
    update = result.update
    if update is None:
        return ("The run has just begun: 0 updates so far, so the policy is still the reference.",)
    first = _nearest(result)
    if result.view == "kl":
        return (*first, *_says_kl(result, update))[:3]
    if result.step == 0:
        return (*first, _says_start(result, update))
    found = (_says_batch(update), *_says_text(result), _says_word(result))
    return (*first, *found[: 3 - len(first)])


def _nearest(result: LensResult) -> tuple[str, ...]:
    if not result.differs:
        return ()
    return (f"This is a recorded run with {plain(_listed(result.differs))}: your settings have to be run live.",)


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _says_start(result: LensResult, update: LensStep) -> str:
    size = result.config.ppo.batch_size
    answer = result.answer
    assert answer is not None
    return (
        f"Before the first update the tiny LM has written {plural(size, 'answer')}: mean score **{signed(update.proxy)}**, true "
        f"quality (gold) {signed(update.gold)}. Answer {result.number + 1} scores {signed(answer.score)}, gold {signed(answer.gold)}."
    )


def _says_batch(update: LensStep) -> str:
    return (
        f"Update {update.step}: mean score **{signed(update.proxy)}**, gold {signed(update.gold)}, KL {number(update.kl_exact)} nats; "
        f"the clip held {percent(update.clip_fraction)} of the words in the last epoch."
    )


def _says_word(result: LensResult) -> str:
    answer, i = result.answer, result.word
    assert answer is not None
    before, after, a = math.exp(answer.logps[i]), math.exp(answer.after[i]), answer.advantages[i]
    name = plain(shown_word(answer.words[i]))
    moved = after - before
    if abs(moved) < SAME:
        return f"“{name}” stays at **{percent(after)}** (advantage {signed(a)})."
    rose = moved > 0
    # Words share the weights: another word's advantage can outweigh a word's own.
    way = (
        "as its advantage asks" if rose == (a > 0) else "against its own advantage, because all words share the weights"
    )
    return f"“{name}” {'rises' if rose else 'falls'} from {percent(before)} to **{percent(after)}**, {way} (A = {signed(a)})."


def _says_text(result: LensResult) -> tuple[str, ...]:
    """Only where the answer to the followed prompt changed: the answer itself stands below the chart."""
    before, now = result.said(result.step - 1), result.said(result.step)
    if before.text == now.text:
        return ()
    return (
        f"The answer to “{plain(result.prompt)}” changed: its score went from {signed(before.score)} to **{signed(now.score)}**, "
        f"gold from {signed(before.gold)} to {signed(now.gold)}.",
    )


def _says_kl(result: LensResult, update: LensStep) -> tuple[str, ...]:
    total = (
        f"Update {update.step} began {number(update.kl_exact, 3)} nats an answer from the reference; its batch says k1 = "
        f"**{number(update.k1, 3)}**, k2 = {number(update.k2, 3)}, k3 = {number(update.k3, 3)}."
    )
    return total, why_negative(result, update)


def why_negative(result: LensResult, update: LensStep) -> str:
    """Where k1 is below 0 in this batch, and the word that makes it so; else that it is not."""
    sums = [(k[0], row) for row, k in enumerate(result.sums)]
    low, row = min(sums)
    answer = update.answers[row]
    tokens = lens.token_estimates(answer)
    i = min(range(len(tokens)), key=lambda place: tokens[place][0])
    if tokens[i][0] > -5e-4:
        own = number(result.sums[result.number][0], 3)
        return f"k1 of answer {result.number + 1} is {own}: no word of the answers shown is rarer now than under the reference."
    word = (
        f"“{plain(shown_word(answer.words[i]))}” has {percent(math.exp(answer.logps[i]))} instead of the reference's "
        f"{percent(math.exp(answer.ref_logps[i]))} and counts {number(tokens[i][0], 3)}"
    )
    if low < -5e-4:
        return (
            f"Why is k1 of answer {row + 1} negative (**{number(low, 3)}**)? {word}: a drawn word that the policy has made rarer "
            f"counts below 0. k3 cannot; there it is {number(result.sums[row][2], 3)}, and the exact KL {number(result.sums[row][3], 3)}."
        )
    return f"Answer {row + 1} has the lowest k1, {number(low, 3)}. {word}; the answer's other words outweigh it."


def chart_text(result: LensResult) -> str:
    """The chart in words: the four answers, and each of their words with its number."""
    update = result.update
    if update is None:
        return "No update yet: 0 answers."
    lines = []
    for row, answer in enumerate(update.answers):
        values = word_values(result, answer)
        body = ", ".join(
            f"{shown_word(word)} {number(value)}" for word, value in zip(answer.words, values, strict=True)
        )
        lines.append(f"{row + 1}: “{answer.prompt}” score {signed(answer.score)}, gold {signed(answer.gold)}: {body}")
    name = {"ratio": f"ratio in epoch {result.epoch}", "advantage": "advantage", "kl": "k1 to the reference"}[
        result.heat
    ]
    return f"Update {result.step} of {result.horizon}. Each word with its {name}. {'; '.join(lines)}."


def word_values(result: LensResult, answer: LensAnswer, step: int | None = None) -> tuple[float, ...]:
    """The number that colours each word of an answer. Before the first update every ratio is 1."""
    if result.heat == "advantage":
        return answer.advantages
    if result.heat == "kl":
        return tuple(new - ref for new, ref in zip(answer.logps, answer.ref_logps, strict=True))
    return lens.ratios(answer, result.epoch if (result.step if step is None else step) else 1)


def estimator_text(result: LensResult) -> str:
    """The estimates of the update shown, in words."""
    update = result.update
    if update is None:
        return "No update yet: the policy is the reference, and its KL divergence is 0."
    return (
        f"Update {update.step}: exact {number(update.kl_exact, 3)}, k1 {number(update.k1, 3)}, k2 {number(update.k2, 3)}, "
        f"k3 {number(update.k3, 3)} nats an answer."
    )


def ends(result: LensResult) -> tuple[LensStep, ...] | None:
    """The first and the last updates of the run, equally many; None while there are fewer than two."""
    updates = result.run.steps[1:]
    count = min(ENDS, len(updates) // 2)
    return (*updates[:count], *updates[-count:]) if count else None


def gains(result: LensResult) -> tuple[tuple[float, float], tuple[float, float]]:
    """(first, last) of the mean score and of gold, averaged over a few updates at either end of the run."""
    found = ends(result) or (result.run.steps[-1],) * 2
    half = len(found) // 2

    def of(name: str) -> tuple[float, float]:
        values = [getattr(step, name) for step in found]
        return sum(values[:half]) / half, sum(values[half:]) / half

    return of("proxy"), of("gold")


def predict(result: LensResult) -> Prediction:
    """What the score and the true quality do over the run. Marked from the run itself."""
    (first, last), (gold_first, gold_last) = gains(result)
    rises, gold_rises = last > first, gold_last > gold_first
    n = len(ends(result) or ()) // 2
    return Prediction(
        question=f"Predict: over the {plural(result.run.last, 'update')}, what do score and true quality do?",
        options=("both rise", "the score rises, true quality does not", "the score does not rise"),
        answer=(0 if gold_rises else 1) if rises else 2,
        because=f"From the first {n} to the last {n} updates the mean score went from {signed(first)} to {signed(last)}, gold from "
        f"{signed(gold_first)} to {signed(gold_last)}.",
        revealed=result.step > 0,
    )


def quiz(result: LensResult) -> tuple[Question, ...]:
    """Two questions; what explains them is taken from the update shown."""
    update = result.update
    gap = update.first_gap if update else 0.0
    later = (
        max((abs(r - 1) for r in lens.ratios(result.answer, result.config.ppo.epochs)), default=0.0)
        if result.answer
        else 0.0
    )
    least = min((k[0] for k in lens.token_estimates(result.answer)), default=0.0) if result.answer else 0.0
    return (
        Question(
            "In epoch 1 of every update, what is the ratio ρ of each word?",
            ("exactly 1, up to rounding", "the score of its answer", "1 + ε"),
            0 if gap < 1e-3 else 1,
            f"New and old policy are still the same: the largest difference from 1 in this batch is {number(gap, 4)}. In the last "
            f"epoch it is {number(later)} among the words of the picked answer.",
        ),
        Question(
            "The k1 of one drawn word is negative. What does that say?",
            (
                "the policy gives it less probability than the reference",
                "the exact KL is negative",
                "its advantage is negative",
            ),
            0,
            f"k1 is log π − log π_ref of the drawn word. The lowest in the picked answer is {number(least, 3)}; the exact KL, a sum "
            "over all words that could stand there, is never below 0.",
        ),
    )
