"""Accuracy on pairs that were not voted on: more votes help, noise and bias hurt, nothing is learned from its own test."""

import numpy as np
import pytest

from core.stages.reward_curves import HELD_OUT, SEEDS, SIZES, held_out_accuracy, leave_one_out
from core.stages.reward_fit import fit_votes
from core.world.candidates import NORWAY
from core.world.simulated_voter import SimulatedVoter
from core.world.votes import PAIRS, Vote


def _means(**voter):
    return held_out_accuracy(NORWAY, SimulatedVoter(**voter), 1.0).accuracy.mean(axis=0)


def _vote(pair):
    truth = SimulatedVoter(noise=0.0).utilities(NORWAY)
    return Vote(*pair, float(truth[pair[0]] > truth[pair[1]]))


def test_one_row_a_seed_and_one_column_a_number_of_votes():
    curve = held_out_accuracy(NORWAY, SimulatedVoter(), 1.0)
    assert curve.accuracy.shape == (SEEDS, len(SIZES))
    assert curve.held_out == HELD_OUT
    assert ((curve.accuracy >= 0) & (curve.accuracy <= 1)).all()
    # Eight pairs, a tie in score counting half: sixteenths.
    assert np.allclose(curve.accuracy * 2 * HELD_OUT, np.round(curve.accuracy * 2 * HELD_OUT))


def test_many_votes_of_an_honest_voter_beat_one_vote_and_a_coin():
    means = _means(noise=0.0)
    assert means[-1] > means[0] > 0.5
    assert means[-1] > 0.9


@pytest.mark.parametrize("worse", [{"noise": 3.0}, {"length_bias": 3.0}, {"flattery_bias": 3.0}])
def test_noise_and_bias_cost_accuracy(worse):
    assert _means(**{"noise": 0.3, **worse})[-1] < _means(noise=0.3)[-1]


def test_a_bias_does_not_go_away_with_more_votes():
    assert _means(noise=0.0, flattery_bias=3.0)[-1] < _means(noise=0.0)[-1] - 0.05


def test_the_same_voter_gives_the_same_curve():
    held_out_accuracy.cache_clear()
    first = held_out_accuracy(NORWAY, SimulatedVoter(), 1.0).accuracy
    held_out_accuracy.cache_clear()
    assert np.array_equal(held_out_accuracy(NORWAY, SimulatedVoter(), 1.0).accuracy, first)


def test_leave_one_out_is_a_fit_of_all_the_others():
    votes = tuple(_vote(pair) for pair in PAIRS[::3])
    right = 0
    for i, vote in enumerate(votes):
        others = tuple(other for j, other in enumerate(votes) if j != i)
        gap = fit_votes(NORWAY, others, 1.0).pair(vote.first, vote.second)[0]
        right += (gap > 0) == (vote.share == 1.0)
    assert leave_one_out(NORWAY, votes, 1.0) == (right, len(votes))
    assert right > len(votes) / 2


def test_ties_are_not_tried_and_one_vote_alone_cannot_be_right():
    assert leave_one_out(NORWAY, (Vote(0, 1, 0.5),) * 4, 1.0) == (0, 0)
    assert leave_one_out(NORWAY, (), 1.0) == (0, 0)
    # Without the vote itself there is nothing to predict it from: an exact tie, which counts as wrong.
    assert leave_one_out(NORWAY, (Vote(0, 1, 1.0),), 1.0) == (0, 1)


def test_a_vote_against_all_its_copies_is_predicted_wrongly():
    votes = (*(Vote(0, 5, 1.0),) * 5, Vote(0, 5, 0.0))
    assert leave_one_out(NORWAY, votes, 1.0) == (5, 6)
