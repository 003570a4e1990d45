"""What a lesson says follows its result: for each kind of sentence, another result must give another sentence.

A kind is a sentence with its numbers, quoted names and direction words masked. Kinds that come with one wording only are
tried again at states around the one where they were found, every setting moved in turn. What never changes then is a
constant, and must be a fact that cannot be otherwise: those are listed here with their reasons.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict

import pytest

from core.lessons.catalogue import LESSONS, lesson
from tests.lessons.states import VOTES, results, values_of

NUMBER = re.compile(r"[−+-]?\d[\d.,]*(e[−-]?\d+)?")
NAME = re.compile(r"“.*?”")
DIRECTION = re.compile(
    r"\b(rises?|rose|falls?|fell|stays?|stayed|for|against|more|less|above|below|higher|lower|further|nearer|gained|lost)\b"
)

# Sentences whose facts are fixed by the very condition under which they appear.
CONSTANTS = {
    "No vote yet": "without votes the fit is the prior itself, whatever else is set",
    "so there is nothing of yours to leave out": "said only for 0 votes",
    "there is no vote to compare with": "said only for 0 votes",
    "cancel out": "said for one count of votes at a time; all scores are 0 by that very condition",
    "give the same score": "said only if all scores are equal",
    "The walk has not begun": "said only at step 0, where all scores are 0",
    "are ties, so there": "said only if no vote is decided",
    "is a tie, so there": "said only if no vote is decided",
    "yours is equal": "said only if both losses are equal, and they are ln 2 then",
    "plain policy gradient: the largest difference": "the theorem of the lesson: 0 in every state (tests/stages checks it)",
    "start at the frozen reference": "said only at step 0",
    "of the 1 drawn answer": "a single drawn answer has advantage 0, so the clip never acts",
    "neither has moved": "said only if both KL values are 0",
    "nothing has moved": "said only if every distance is 0",
    "The clip has changed nothing": "said only if both moves are 0",
    "No epoch pushed": "said only if every step is 0",
    "so π\\* is the reference itself": "flat rewards are 0 by definition",
    "No update yet": "said only at step 0",
    "No bar moved": "said only if nothing moved",
    "No bar has moved": "said only if nothing moved",
    "π\\* equals the reference here": "said only if the optimum is the reference",
    "The pinned run has the same settings": "said only if both runs are the same",
    "is the KL itself": "an identity for exact expectations, up to rounding",
    "are the KL itself": "an identity for exact expectations, up to rounding",
    "pairs labelled by a simulated voter": "the default set of pairs is one fixed set",
    "The policy is still the reference": "said only at step 0, where every implicit reward is 0",
    "the rejected answers rise too": "the seeds are recorded; tests/lessons/test_lesson02.py tries others",
    "the effect is **not there**": "the same",
    "Comparisons against": "the same",
    "demonstrations gold": "the same",
    "in any of the 1 batch so far": "said only after one update, which begins at the reference: k1 is 0 there",
    "It has reached the lowest point of its loss": "said only if both distances are 0 to the digits shown",
    "Here both choose the same checkpoint": "the longer walks are recorded; said for one of them",
    "a higher loss, and better answers": "rare: broken answers that happen to be better; no neighbour says it again",
    "stands where it began": "said only if the pushes on it are 0",
}


def kind_of(sentence):
    masked = DIRECTION.sub("↕", NUMBER.sub("#", NAME.sub("“·”", sentence)))
    return re.sub(r"(# (?:[a-z]+ )?[a-z]+?)s\b", r"\1", masked)


def around(item, state, rng):
    """States one or two settings away."""
    for param in item.params:
        choices = list(values_of(param)) if param.kind != "votes" else list(VOTES.values())
        if param.kind in ("float", "int"):
            low, *_, high = param.ends()
            choices += [param.nearest(rng.uniform(float(low), float(high))) for _ in range(5)]
        for value in choices:
            if value != state[param.key]:
                yield {**state, param.key: value}


def of_mixtures(number):
    """Results of random states, one after the other."""
    return [result for name, _, result in results(number) if name.startswith("mixed")]


@pytest.mark.parametrize("number", [item.number for item in LESSONS])
def test_another_result_gives_another_sentence(number):
    item, rng = lesson(number), random.Random(number)
    wordings, found_at = defaultdict(set), {}
    for _, state, result in results(number):
        for sentence in item.says(result):
            wordings[kind_of(sentence)].add(sentence)
            found_at.setdefault(kind_of(sentence), state)
    frozen = []
    for kind, texts in sorted(wordings.items()):
        if len(texts) > 1 or any(constant in next(iter(texts)) for constant in CONSTANTS):
            continue
        text = next(iter(texts))
        changed = any(
            kind_of(other) == kind and other != text
            for state in around(item, found_at[kind], rng)
            for other in item.says(item.compute(state))
        )
        if not changed:
            frozen.append(text)
    assert not frozen, "These sentences did not follow the result:\n" + "\n".join(frozen)
    assert len(wordings) >= 3


@pytest.mark.parametrize("number", [item.number for item in LESSONS])
def test_most_states_have_their_own_words(number):
    """A lesson that said the same in most of its states would not be derived from them."""
    item = lesson(number)
    mixed = [(state, result) for name, state, result in results(number) if name.startswith("mixed")]
    # States that differ only in settings which are out of use are one state.
    in_use = {tuple((p.key, state[p.key]) for p in item.params if item.visible(p, state)) for state, _ in mixed}
    assert len({item.says(result) for _, result in mixed}) > 0.6 * len(in_use)


@pytest.mark.parametrize("number", [item.number for item in LESSONS])
def test_predictions_and_questions_are_marked_from_the_state(number):
    """Over the states more than one option of the prediction is right, and the explanations change."""
    item = lesson(number)
    answers, explanations, quiz = set(), set(), set()
    for _, _, result in results(number):
        prediction = item.predict(result)
        answers.add((prediction.question, prediction.options[prediction.answer]))
        explanations.add(prediction.because)
        quiz |= {question.because for question in item.quiz(result)}
    assert len(answers) > 1
    assert len(explanations) > 5
    assert len(quiz) > 5


@pytest.mark.parametrize("number", [item.number for item in LESSONS])
def test_formula_and_table_follow_the_state(number):
    item = lesson(number)
    formulas, tables = set(), []
    for result in of_mixtures(number):
        formulas.add(item.formula(result).lines)
        shown = item.table(result)
        # A state without a table has none that could follow it.
        tables += [shown.rows] if shown else []
    assert len(formulas) > len(of_mixtures(number)) / 3
    assert len(tables) >= 15
    assert len(set(tables)) > len(tables) / 2
