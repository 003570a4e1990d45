"""The whiteboard's reward model: finite whatever the votes say, and moved by them in the right direction."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.stages.reward_fit import fit_votes
from core.world.candidates import NORWAY
from core.world.votes import PAIRS, Vote

PAIR = st.sampled_from(PAIRS)
VOTES = st.lists(st.builds(lambda p, s: Vote(*p, s), PAIR, st.sampled_from((1.0, 0.0, 0.5, None))), max_size=40)
PRIORS = st.sampled_from((0.1, 1.0, 10.0))


def _fit(*votes, prior=1.0):
    return fit_votes(NORWAY, tuple(votes), prior)


def test_no_votes_give_the_prior_itself():
    fit = _fit()
    assert fit.n_votes == 0
    assert np.array_equal(fit.weights, np.zeros(6))
    assert np.array_equal(fit.scores, np.zeros(8))
    assert np.allclose(fit.weight_sd, 1.0, atol=1e-15)
    assert fit.agreement is None
    assert fit.pair(0, 1) == (0.0, 0.5)


@pytest.mark.parametrize("prior", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("pair", PAIRS)
def test_one_vote_puts_the_winner_above_the_loser(pair, prior):
    fit = _fit(Vote(*pair, 1.0), prior=prior)
    gap, probability = fit.pair(*pair)
    assert gap > 0
    assert 0.5 < probability < 1
    assert fit.agreement == 1.0


@pytest.mark.parametrize("pair", PAIRS)
def test_all_ties_move_nothing_but_make_surer(pair):
    fit = _fit(*[Vote(*pair, 0.5)] * 10)
    assert np.allclose(fit.scores, 0.0, atol=1e-12)
    assert fit.agreement is None
    assert (fit.weight_sd <= 1.0 + 1e-12).all()
    assert (fit.weight_sd < 1.0 - 1e-3).any()


def test_contradictory_votes_cancel():
    fit = _fit(Vote(0, 3, 1.0), Vote(3, 0, 1.0), Vote(0, 3, 1.0), Vote(0, 3, 0.0))
    assert np.allclose(fit.scores, 0.0, atol=1e-12)
    assert fit.agreement == 0.0


def test_a_circle_of_votes_is_finite():
    fit = _fit(*[Vote(0, 1, 1.0), Vote(1, 2, 1.0), Vote(2, 0, 1.0)] * 8, prior=10.0)
    assert np.isfinite(fit.scores).all()
    assert np.isfinite(fit.score_sd).all()


def test_the_side_on_which_a_response_stood_does_not_matter():
    assert np.allclose(_fit(Vote(0, 5, 1.0)).scores, _fit(Vote(5, 0, 0.0)).scores, atol=1e-12)


def test_skips_do_not_count():
    assert np.array_equal(_fit(Vote(0, 5, 1.0), Vote(0, 0, None)).scores, _fit(Vote(0, 5, 1.0)).scores)


def test_a_wider_prior_believes_a_vote_more():
    gaps = [_fit(Vote(0, 5, 1.0), prior=prior).pair(0, 5)[0] for prior in (0.1, 0.5, 1.0, 3.0, 10.0)]
    assert gaps == sorted(gaps)
    assert gaps[-1] > 5 * gaps[0]


@settings(max_examples=60, deadline=None)
@given(VOTES, PRIORS)
def test_any_votes_give_finite_scores_with_mean_zero(votes, prior):
    fit = fit_votes(NORWAY, tuple(votes), prior)
    assert np.isfinite(np.concatenate([fit.scores, fit.score_sd, fit.weights, fit.weight_sd])).all()
    assert abs(fit.scores.mean()) < 1e-9
    assert (fit.score_sd >= 0).all()
    assert (fit.weight_sd <= prior * (1 + 1e-9)).all()


@settings(max_examples=60, deadline=None)
@given(VOTES, PAIR, st.booleans(), PRIORS)
def test_one_more_win_raises_the_winner_against_the_loser(votes, pair, flipped, prior):
    winner, loser = pair[::-1] if flipped else pair
    before = fit_votes(NORWAY, tuple(votes), prior).pair(winner, loser)[0]
    after = fit_votes(NORWAY, (*votes, Vote(winner, loser, 1.0)), prior).pair(winner, loser)[0]
    assert after > before


@settings(max_examples=30, deadline=None)
@given(VOTES, st.randoms())
def test_the_order_of_votes_does_not_matter(votes, random):
    mixed = list(votes)
    random.shuffle(mixed)
    assert np.allclose(_fit(*votes).scores, _fit(*mixed).scores, atol=1e-7)


def test_scores_are_the_optimum_of_the_stated_posterior():
    """The gradient of the negative log-posterior, written out once more, is zero at the fitted weights."""
    votes = (Vote(0, 3, 1.0), Vote(1, 5, 1.0), Vote(2, 7, 0.5), Vote(4, 0, 0.0), Vote(6, 1, 1.0))
    fit = _fit(*votes, prior=1.5)
    x = fit.feature_differences
    wins = 1 / (1 + np.exp(-x @ fit.weights))
    gradient = x.T @ (wins - fit.outcomes) + fit.weights / 1.5**2
    assert np.abs(gradient).max() < 1e-8
    hessian = x.T @ np.diag(wins * (1 - wins)) @ x + np.eye(6) / 1.5**2
    centred = NORWAY.matrix() - NORWAY.matrix().mean(axis=0)
    assert np.allclose(fit.scores, centred @ fit.weights, atol=1e-12)
    assert np.allclose(fit.score_sd**2, np.diag(centred @ np.linalg.inv(hessian) @ centred.T), rtol=1e-8)
