"""Votes: what the link carries comes back; damaged texts are refused; every pair is shown, in a mixed order."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.world.votes import (
    ALPHABET,
    MAX_CHARACTERS,
    MAX_EVENTS,
    PAIRS,
    Vote,
    decode,
    encode,
    for_responses,
    pair_order,
    pair_shown,
)

SHARES = st.sampled_from((1.0, 0.0, 0.5))
CAST = st.builds(
    lambda pair, flipped, share: Vote(*(pair[::-1] if flipped else pair), share),
    st.sampled_from(PAIRS),
    st.booleans(),
    SHARES,
)
EVENT = st.one_of(CAST, st.just(Vote(0, 0, None)))


def _meaning(vote: Vote) -> tuple:
    """What a vote says, whichever side its responses stood on."""
    if vote.share is None:
        return ("skip",)
    return frozenset({(vote.first, vote.share), (vote.second, 1 - vote.share)})


@given(st.lists(EVENT, max_size=MAX_EVENTS))
def test_votes_come_back_from_at_most_80_url_safe_characters(votes):
    text = encode(tuple(votes))
    assert len(text) <= MAX_CHARACTERS
    assert set(text) <= set(string.ascii_letters + string.digits + "-_")
    assert [_meaning(vote) for vote in decode(text)] == [_meaning(vote) for vote in votes]


@given(st.lists(EVENT, max_size=MAX_EVENTS))
def test_encoding_is_canonical(votes):
    text = encode(tuple(votes))
    assert encode(decode(text)) == text


@pytest.mark.parametrize("event", [Vote(0, 1, 1.0), Vote(6, 7, 0.5), Vote(0, 0, None)])
def test_the_longest_list_fits_and_one_more_is_refused(event):
    assert len(encode((event,) * MAX_EVENTS)) <= MAX_CHARACTERS
    with pytest.raises(ValueError, match="at most 74 votes"):
        encode((event,) * (MAX_EVENTS + 1))


def test_no_votes_are_an_empty_text():
    assert encode(()) == ""
    assert decode("") == ()


@given(st.text(alphabet=ALPHABET, max_size=MAX_CHARACTERS + 5))
def test_any_text_of_the_alphabet_is_read_or_refused(text):
    try:
        votes = decode(text)
    except ValueError:
        return
    assert len(votes) <= MAX_EVENTS
    assert decode(encode(votes)) == votes


@given(st.text(max_size=120))
def test_any_text_at_all_is_read_or_refused(text):
    try:
        votes = decode(text)
    except ValueError:
        return
    assert all(0 <= vote.first < 8 and 0 <= vote.second < 8 for vote in votes)


@pytest.mark.parametrize("text", ["é", "a b", "%20", "+", "١", "a\n", "0", "000", "z" * 81])
def test_texts_that_are_not_votes_are_refused(text):
    with pytest.raises(ValueError):
        decode(text)


def test_pair_order_shows_every_pair_once_and_mixes_sides():
    order = pair_order(3)
    assert sorted(tuple(sorted(pair)) for pair in order) == sorted(PAIRS)
    assert 0 < sum(left < right for left, right in order) < len(PAIRS)
    assert pair_order(3) == order
    assert pair_order(4) != order


@given(st.integers(0, 999), st.integers(2, 8))
def test_each_round_shows_every_pair_of_the_responses_there_are(seed, count):
    per_round = count * (count - 1) // 2
    for start in (0, per_round):
        shown = [tuple(sorted(pair_shown(start + i, seed, count))) for i in range(per_round)]
        assert sorted(shown) == [pair for pair in PAIRS if pair[1] < count]


def test_the_second_round_is_mixed_afresh():
    first = [pair_shown(i, 0) for i in range(len(PAIRS))]
    second = [pair_shown(len(PAIRS) + i, 0) for i in range(len(PAIRS))]
    assert first != second


def test_votes_on_responses_that_do_not_exist_and_skips_do_not_count():
    votes = (Vote(0, 1, 1.0), Vote(2, 7, 0.0), Vote(0, 0, None), Vote(1, 2, 0.5))
    assert for_responses(votes, 3) == (votes[0], votes[3])
    assert not votes[2].counts
