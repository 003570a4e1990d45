"""Demonstrators of adjustable quality, labellers with adjustable noise and bias, and the whiteboard's responses."""

import math
import random
from collections import Counter
from statistics import fmean

import pytest

from core.policies.tokenizer import Tokenizer
from core.wording import fold
from core.world.behaviour import Behaviour, classify, is_best
from core.world.candidate_sets import BEST_NAMES, SHOWN_PROMPTS, WORST_NAMES, response_set, shown_sets
from core.world.candidates import NORWAY
from core.world.demonstrators import FLAWS, IDEAL, MEDIOCRE, Demonstrator, flawed_answer, ideal_answer
from core.world.gold import WEIGHTS, score
from core.world.labellers import Labeller, ranking_to_pairs
from core.world.prompts import KINDS, draw_prompts, find_prompt, prompts
from core.world.vocabulary import WORDS

TOKENIZER = Tokenizer(WORDS)
CAPITAL = find_prompt("What is the capital of Norway?")
FALSE_CLAIM = find_prompt("I think the capital of Norway is Paris. Am I right?")
LONGEST_ANSWER = 27  # tokens; with <end> it fits the 28 that the policy may write


# -- demonstrators ---------------------------------------------------------------------------------------------------


def test_ideal_answers_are_best_short_and_in_the_vocabulary():
    rng = random.Random(0)
    for prompt in prompts(all_wordings=True):
        answer = ideal_answer(prompt, rng)
        assert is_best(prompt, answer), (prompt.text, answer)
        assert TOKENIZER.decode(TOKENIZER.encode(answer)) == answer
        assert len(TOKENIZER.encode(answer)) <= LONGEST_ANSWER


def test_quality_is_the_share_of_ideal_answers_and_raises_gold():
    rng = random.Random(1)
    asked = draw_prompts(2500, rng)
    mean = {
        quality: fmean(score(p, Demonstrator(quality).answer(p, rng)).total for p in asked)
        for quality in (0.0, MEDIOCRE, IDEAL)
    }
    assert mean[0.0] < 0.0 < 0.3 < mean[MEDIOCRE] < 0.6 < 1.0 < mean[IDEAL] <= 1.2
    assert mean[MEDIOCRE] == pytest.approx(MEDIOCRE * mean[IDEAL] + (1 - MEDIOCRE) * mean[0.0], abs=0.06)


@pytest.mark.parametrize(
    "flaw, behaviours",
    [
        ("padded", {Behaviour.RIGHT, Behaviour.REFUSES, Behaviour.HONEST}),
        ("evasive", {Behaviour.EVADES}),
        ("wrong", {Behaviour.WRONG, Behaviour.UNSAFE}),
        ("rude", {Behaviour.RUDE}),
        ("asks back", {Behaviour.ASKS}),
        ("complaint", {Behaviour.COMPLAINS}),
    ],
)
def test_each_flaw_is_what_it_is_called(flaw, behaviours):
    rng = random.Random(2)
    for prompt in prompts():
        answer = flawed_answer(prompt, flaw, rng)
        assert classify(prompt, answer) in behaviours, (prompt.text, answer)
        assert len(TOKENIZER.encode(answer)) <= LONGEST_ANSWER
    assert flaw in FLAWS


def test_impossible_demonstrators_are_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        Demonstrator(1.2)
    with pytest.raises(ValueError, match="Nobody in this world"):
        Demonstrator().answer(find_prompt("Is Oslo nice?"), random.Random(0))
    with pytest.raises(ValueError, match="no flaw called “tall”"):
        flawed_answer(CAPITAL, "tall", random.Random(0))


# -- labellers -------------------------------------------------------------------------------------------------------

GOOD, PADDED, BAD = "It is Oslo.", "Great question! You are so clever! It is Oslo.", "It is Paris."


def test_without_noise_the_better_answer_always_wins():
    rng = random.Random(0)
    labeller = Labeller(noise=0.0)
    assert labeller.compare(CAPITAL, (GOOD, BAD), rng).preferred == 0
    assert labeller.compare(CAPITAL, (BAD, GOOD), rng).preferred == 1
    assert labeller.rank(CAPITAL, (BAD, PADDED, GOOD), rng) == (2, 1, 0)


@pytest.mark.parametrize("noise", [0.3, 1.0])
def test_choices_follow_bradley_terry(noise):
    rng = random.Random(5)
    labeller = Labeller(noise=noise)
    n = 6000
    wins = sum(labeller.compare(CAPITAL, (PADDED, GOOD), rng).preferred == 0 for _ in range(n))
    gap = score(CAPITAL, PADDED).total - score(CAPITAL, GOOD).total
    expected = 1 / (1 + math.exp(-gap / noise))
    assert abs(wins / n - expected) < 4 * math.sqrt(expected * (1 - expected) / n)


def test_rankings_agree_with_comparisons():
    rng = random.Random(6)
    labeller = Labeller(noise=0.5)
    answers = (GOOD, PADDED, BAD, "Maybe.")
    n = 5000
    above = Counter()
    for _ in range(n):
        order = labeller.rank(CAPITAL, answers, rng)
        assert sorted(order) == [0, 1, 2, 3]
        above.update(ranking_to_pairs(order))
    for one, other in ((0, 1), (1, 2), (3, 2)):
        gap = score(CAPITAL, answers[one]).total - score(CAPITAL, answers[other]).total
        expected = 1 / (1 + math.exp(-gap / 0.5))
        assert abs(above[one, other] / n - expected) < 4 * math.sqrt(expected * (1 - expected) / n)


def test_ties_are_called_for_equal_texts_and_within_the_margin():
    rng = random.Random(0)
    assert Labeller().compare(CAPITAL, (GOOD, GOOD), rng).preferred is None
    assert Labeller(tie_margin=0.5).compare(CAPITAL, (GOOD, PADDED), rng).preferred is None
    assert Labeller(noise=0, tie_margin=0.5).compare(CAPITAL, (GOOD, BAD), rng).preferred == 0


def test_biases_are_added_to_gold():
    def extra(answer, prompt=CAPITAL, **bias):
        return Labeller(**bias).utility(prompt, answer) - score(prompt, answer).total

    assert extra(PADDED, length_bias=0.5) == pytest.approx(0.5 * 9 / 10)
    assert extra(PADDED, flattery_bias=0.4) == pytest.approx(0.8)
    assert extra("Yes, you are right.", FALSE_CLAIM, agreement_bias=0.7) == pytest.approx(0.7)
    assert extra("The capital of Norway is Paris.", FALSE_CLAIM, agreement_bias=0.7) == pytest.approx(0.7)
    assert extra("No, the capital of Norway is Oslo.", FALSE_CLAIM, agreement_bias=0.7) == 0
    assert extra("Yes, you are right.", CAPITAL, agreement_bias=0.7) == 0


def test_a_flattered_labeller_prefers_flattery():
    rng = random.Random(0)
    assert Labeller(noise=0, flattery_bias=0.5).compare(CAPITAL, (GOOD, PADDED), rng).preferred == 1


def test_a_ranking_becomes_all_its_pairs_but_not_of_equal_texts():
    assert ranking_to_pairs((2, 0, 1)) == [(2, 0), (2, 1), (0, 1)]
    assert ranking_to_pairs((2, 0, 1), ("a", "b", "a")) == [(2, 1), (0, 1)]
    assert len(ranking_to_pairs(range(6))) == 15


@pytest.mark.parametrize(
    "settings", [{"noise": -1}, {"tie_margin": -0.1}, {"noise": math.nan}, {"length_bias": math.inf}]
)
def test_impossible_labellers_are_refused(settings):
    with pytest.raises(ValueError, match="finite numbers"):
        Labeller(**settings)


def test_a_ranking_of_one_is_refused():
    with pytest.raises(ValueError, match="at least two"):
        Labeller().rank(CAPITAL, (GOOD,), random.Random(0))


# -- the whiteboard's responses ----------------------------------------------------------------------------------------


def test_at_least_three_prompts_of_each_kind_are_offered():
    kinds = Counter(found.prompt.kind for found in shown_sets())
    assert len(shown_sets()) == len(SHOWN_PROMPTS)
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) >= 3


def test_the_lessons_own_responses_can_be_tokenised():
    for candidate in NORWAY.candidates:
        assert TOKENIZER.encode(candidate.text)


@pytest.mark.parametrize("kind", KINDS)
def test_eight_different_responses_to_every_prompt_score_as_named(kind):
    for prompt in prompts(kind):
        found = response_set(prompt)
        texts = {c.name: c.text for c in found.candidates}
        assert len(texts) == len(set(texts.values())) == 8
        gold = {name: score(prompt, text).total for name, text in texts.items()}
        best, worst = BEST_NAMES[kind], WORST_NAMES[kind]
        assert gold[f"{best}, plain"] == pytest.approx(1.0)
        assert gold[f"{best}, friendly"] == pytest.approx(1.2)
        assert gold[f"{best}, flattering"] == pytest.approx(0.6)
        assert gold[worst] == pytest.approx(WEIGHTS["unsafe" if kind == "harmful" else "wrong"])
        assert max(gold[name] for name in ("asks back", "rude", "evasive", "flattery only")) < 0
        assert found.key_word.casefold() in fold(texts[f"{best}, plain"])
        assert found.key_word.casefold() not in fold(texts[worst])
        for text in texts.values():
            assert TOKENIZER.decode(TOKENIZER.encode(text)) == text
        assert found == response_set(prompt)


def test_an_unknown_prompt_has_no_responses():
    with pytest.raises(ValueError, match="does not know"):
        response_set(find_prompt("Is Oslo nice?"))
