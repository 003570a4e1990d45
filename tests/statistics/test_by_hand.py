"""Ratings and comparisons by hand: the text that carries them, verdicts, circles."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.statistics.by_hand import (
    ANSWERS,
    ENOUGH,
    MAX_CHARACTERS,
    PAIR_ORDER,
    RATING_ORDER,
    Hand,
    N,
    decode,
    encode,
    finished_by_rule,
    strengths,
    triples,
    verdicts,
)
from core.statistics.ratings import RatingSetup

RATINGS = st.integers(1, 7)
SHARES = st.sampled_from((0.0, 0.5, 1.0))


@st.composite
def hands(draw):
    ratings = tuple(draw(st.lists(RATINGS, max_size=N)))
    shares = tuple(draw(st.lists(SHARES, max_size=len(PAIR_ORDER)))) if len(ratings) == N else ()
    may_stop = ENOUGH <= len(shares) < len(PAIR_ORDER)
    return Hand(ratings, shares, may_stop and draw(st.booleans()))


def _whole(rating, beats):
    """A finished hand from a rating by answer, and a rule: 1, 0 or 0.5 for (left, right)."""
    return Hand(tuple(rating[k] for k in RATING_ORDER), tuple(float(beats(*pair)) for pair in PAIR_ORDER))


@given(hands())
def test_what_is_written_is_read_back(hand):
    text = encode(hand)
    assert decode(text) == hand
    assert len(text) <= MAX_CHARACTERS
    assert re.fullmatch(r"[0-9a-z.]*", text)


@given(st.one_of(st.text(max_size=30), st.from_regex(r"[0-8lrtx.]{0,24}", fullmatch=True)))
def test_any_other_text_is_refused_and_what_is_taken_has_one_text(text):
    try:
        hand = decode(text)
    except ValueError:
        return
    assert encode(hand) == text


@pytest.mark.parametrize(
    "text",
    [
        "0", "8", "36l", "362626lrx", "362626lrtt.", "362626.", ".", "362626" + "l" * 16, "362626" + "l" * 15 + ".", "3626267",
        "362626LRT", " 3", "3\n", "٣", "<b>", "362626lrttr..",
    ],
)  # fmt: skip
def test_damaged_texts(text):
    with pytest.raises(ValueError):
        decode(text)


def test_the_pairs_are_all_there_once_and_mixed():
    assert sorted(tuple(sorted(pair)) for pair in PAIR_ORDER) == list(itertools.combinations(range(N), 2))
    assert sorted(RATING_ORDER) == list(range(N))
    assert all(not set(a) & set(b) for a, b in itertools.pairwise(PAIR_ORDER))
    assert all(1 <= sum(pair[0] == k for pair in PAIR_ORDER) <= 4 for k in range(N))
    assert len({answer.text for answer in ANSWERS}) == N


def test_the_parts_follow_each_other():
    assert decode("").phase == decode("36262").phase == "rate"
    assert decode("362626").phase == decode("362626lrttr").phase == "compare"
    assert decode("362626lrttr.").phase == decode("362626" + "l" * 15).phase == "done"


def test_a_consistent_person_contradicts_nothing():
    rating = {k: 6 - k for k in range(N)}
    hand = _whole(rating, lambda left, right: rating[left] > rating[right])
    assert {verdict.kind for verdict in verdicts(hand)} == {"agrees"}
    assert triples(hand) == ((), 20)
    assert np.argsort(-strengths(hand, 3.0).strengths).tolist() == list(range(N))


def test_a_person_of_two_minds_contradicts_everything():
    rating = {k: 6 - k for k in range(N)}
    hand = _whole(rating, lambda left, right: rating[left] < rating[right])
    found = verdicts(hand)
    assert [verdict.kind for verdict in found] == ["contradicts"] * 15
    assert all(verdict.ratings[0] > verdict.ratings[1] and verdict.share == 0.0 for verdict in found)
    assert triples(hand) == ((), 20)


def test_each_kind_by_hand():
    rating = {0: 5, 1: 5, 2: 3, 3: 3, 4: 2, 5: 1}
    outcome = {(0, 1): 0.0, (2, 3): 0.5, (0, 4): 0.5, (4, 5): 0.0}

    def beats(left, right):
        low, high = sorted((left, right))
        share = outcome.get((low, high), 1.0)
        return share if left == low else 1 - share

    by_pair = {(v.first, v.second): v for v in verdicts(_whole(rating, beats))}
    assert by_pair[1, 0].kind == "rated equal"  # the winner comes first
    assert by_pair[1, 0].share == 1.0
    tie = by_pair.get((2, 3)) or by_pair[3, 2]
    assert tie.kind == "agrees"  # equal in both
    assert by_pair[0, 4].kind == "called a tie"
    assert by_pair[4, 5].kind == "contradicts"
    assert by_pair[4, 5].ratings == (2, 1)
    assert [v.kind for v in verdicts(_whole(rating, beats))][:3] == ["contradicts", "rated equal", "called a tie"]


@given(st.lists(SHARES, min_size=15, max_size=15))
def test_circles_are_those_that_counting_finds(shares):
    hand = Hand((4,) * N, tuple(shares))
    wins = {
        (a, b)
        for (left, right), s in zip(PAIR_ORDER, shares)
        if s != 0.5
        for a, b in [(left, right) if s else (right, left)]
    }
    circles, decided = triples(hand)
    expected = 0
    settled = 0
    for trio in itertools.combinations(range(N), 3):
        among = [(a, b) for a, b in wins if a in trio and b in trio]
        settled += len(among) == 3
        expected += len(among) == 3 and len({winner for winner, _ in among}) == 3
    assert (len(circles), decided) == (expected, settled)
    for a, b, c in circles:
        assert {(a, b), (b, c), (c, a)} <= wins


def test_verdicts_wait_for_all_ratings():
    assert verdicts(Hand((3, 4))) == ()


@given(hands(), st.integers(0, 50))
def test_a_simulated_rater_finishes_what_is_there(hand, seed):
    done = finished_by_rule(hand, RatingSetup(seed=seed))
    assert done.phase == "done"
    assert done.ratings[: len(hand.ratings)] == hand.ratings
    assert done.shares[: len(hand.shares)] == hand.shares
    assert decode(encode(done)) == done


def test_without_noise_the_simulated_rater_compares_in_one_order():
    for seed in range(20):
        done = finished_by_rule(Hand(), RatingSetup(seed=seed, noise_sd=0.0, offset_sd=3.0))
        assert triples(done)[0] == ()
        assert all(verdict.kind in ("agrees", "rated equal") for verdict in verdicts(done))


def test_no_comparison_gives_zero_strengths():
    assert strengths(Hand(), 3.0).strengths.tolist() == [0.0] * N
