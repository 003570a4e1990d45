"""Lesson 2's questions, marked from the recorded seeds or from the descent on screen, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.lessons.lesson import Prediction, Question, Source, Why
from core.lessons.lesson02_params import BUDGETS, FORK, MODES, WALL
from core.lessons.lesson02_words import STARTED, compared_text, habit, interval, items, regions
from core.lessons.text import number, percent
from core.stages.two_modes import STEPS

if TYPE_CHECKING:
    from core.lessons.lesson02 import Result

LAST = BUDGETS - 1


def predict(result: Result) -> Prediction:
    """One question a view, marked from its numbers."""
    if result.view == WALL:
        return _wall(result)
    return _modes(result) if result.view == MODES else _chosen(result)


def _wall(result: Result) -> Prediction:
    labels, first = result.budgets[LAST], result.budgets[FORK]
    found = result.ahead(result.main, LAST)
    return Prediction(
        question=f"Predict: {labels:,} labels. All of them {result.main} demonstrations, or {first} demonstrations and then "
        f"{labels - first:,} comparisons: what has more gold on {items(result)}?",
        options=("demonstrations", "comparisons", "not separable over these seeds"),
        answer={-1: 0, 1: 1, 0: 2}[found.interval.sign],
        because=f"Comparisons against {result.main} demonstrations on {items(result)}: {compared_text(found)}.",
        revealed=result.step == LAST,
    )


def _chosen(result: Result) -> Prediction:
    start, _ = result.picked
    change = result.change(start, "rejected").interval
    return Prediction(
        question=f"Predict: SFT on chosen answers alone, from {STARTED[start]}. The log-probability of the rejected answers …",
        options=("rises", "falls", "is not separable from where it was"),
        answer={1: 0, -1: 1, 0: 2}[change.sign],
        because=f"From {STARTED[start]} it changes by {interval(change)} nats.",
        revealed=result.reveal == 1,
    )


def _modes(result: Result) -> Prediction:
    end = result.descents.reverse[-1]
    left, middle, right = regions(result, end.probs)
    return Prediction(
        question=f"Predict: {STEPS} steps down the reverse KL from {number(result.modes.start)}. Where does the policy end "
        f"(at least 90 %)?",
        options=("on the left", "on the right", "on neither side alone"),
        answer=habit(result, end),
        because=f"It ends with {percent(left, 0)} left, {percent(middle, 0)} between and {percent(right, 0)} right, at "
        f"{number(end.kl)} nats.",
        revealed=result.descent == STEPS,
    )


def quiz(result: Result) -> tuple[Question, ...]:
    """Two questions, both answered from the recorded seeds."""
    k = result.row if result.row > FORK else LAST
    ideal = result.ahead("ideal", k)
    start = result.picked[0]
    other = "from SFT" if start == "from pretrained" else "from pretrained"
    change = result.change(other, "rejected").interval
    return (
        Question(
            f"{result.budgets[k]:,} labels, and the demonstrators are ideal: which road has more gold on {items(result)}?",
            ("SFT on demonstrations", "some demonstrations, then comparisons", "not separable over these seeds"),
            {-1: 0, 1: 1, 0: 2}[ideal.interval.sign],
            f"Comparisons against ideal demonstrations on {items(result)}: {compared_text(ideal)}.",
        ),
        Question(
            f"Starting from {STARTED[other]}, does SFT on the chosen answers make the rejected ones more probable?",
            ("yes", "no, less probable", "not separable over these seeds"),
            {1: 0, -1: 1, 0: 2}[change.sign],
            f"From {STARTED[other]} their log-probability changes by {interval(change)} nats. The loss names the chosen answers only.",
        ),
    )


WHY = Why(
    text=(
        "SFT raises the likelihood of the answers shown. No term says that an answer is bad; what falls does so because "
        "probabilities sum to 1. Maximum likelihood is forward KL from the data plus a constant: it must cover whatever "
        "demonstrators do, flaws included. RL with a KL penalty is reverse KL to π*: it may drop what scores badly. Llama 2 "
        "stopped at 27,540 SFT examples. In summarisation 1.3B with feedback was preferred to the references 61 % of the time, a "
        "ten times larger supervised model 43 %. Imitating a stronger model fooled raters but closed little to none of the gap off "
        "its data. RLHF was found to generalise better, and to cost diversity."
    ),
    misconception="“SFT is useless.” It changes what the model tries to do first, and RLHF starts from it.",
    sources=(
        Source("Touvron et al. 2023, Llama 2", "https://arxiv.org/abs/2307.09288"),
        Source("Stiennon et al. 2020", "https://arxiv.org/abs/2009.01325"),
        Source("Gudibande et al. 2023", "https://arxiv.org/abs/2305.15717"),
        Source("Kirk et al. 2023", "https://arxiv.org/abs/2310.06452"),
        Source("Lambert, RLHF Book, chapter 15", "https://rlhfbook.com"),
    ),
)
