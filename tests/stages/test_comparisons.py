"""Votes gathered per pair, and the voter made by rule."""

from __future__ import annotations

import math

import pytest

from core.stages.comparisons import Comparison, gather, rows, simulated_votes
from core.world.votes import Vote


def test_votes_on_a_pair_are_gathered_whatever_side_they_were_shown_on():
    votes = (Vote(3, 1, 1.0), Vote(1, 3, 0.0), Vote(1, 3, 1.0), Vote(0, 2, 0.5), Vote(0, 0, None))
    assert gather(votes) == (Comparison(0, 2, 0.5, 1), Comparison(3, 1, 2.0, 3))


def test_a_tie_gives_half_a_row_each_way_and_a_clear_win_one_row():
    assert rows(gather((Vote(0, 1, 0.5),))) == ((0, 1, 0.5), (1, 0, 0.5))
    assert rows(gather((Vote(0, 1, 0.0),))) == ((1, 0, 1.0),)
    assert rows(gather((Vote(0, 1, 1.0), Vote(1, 0, 0.0), Vote(0, 1, 0.0)))) == ((0, 1, 2.0), (1, 0, 1.0))


def test_the_weights_of_all_rows_are_the_votes():
    votes = simulated_votes((1.0, 0.2, -0.5, -0.6), 5, seed=3)
    assert sum(weight for _, _, weight in rows(gather(votes))) == pytest.approx(len(votes)) == 30


def test_shares_of_either_side_add_up_and_strangers_are_refused():
    pair = Comparison(4, 2, 2.0, 3)
    assert pair.share_of(4) + pair.share_of(2) == pytest.approx(1)
    with pytest.raises(ValueError, match="not in this pair"):
        pair.share_of(0)


def test_the_voter_follows_bradley_terry():
    (exact,) = set(simulated_votes((1.0, -0.5), 4, seed=0, exact=True))
    chance = 1 / (1 + math.exp(-1.5))
    assert exact.share == pytest.approx(chance)
    drawn = simulated_votes((1.0, -0.5), 20_000, seed=0)
    assert sum(vote.share for vote in drawn) / len(drawn) == pytest.approx(chance, abs=4 * 0.5 / math.sqrt(20_000))


def test_the_voter_is_seeded_and_must_vote():
    assert simulated_votes((1.0, 0.0, 0.5), 3, 7) == simulated_votes((1.0, 0.0, 0.5), 3, 7)
    assert simulated_votes((1.0, 0.0, 0.5), 3, 7) != simulated_votes((1.0, 0.0, 0.5), 3, 8)
    with pytest.raises(ValueError, match="at least one"):
        simulated_votes((1.0, 0.0), 0, 0)
