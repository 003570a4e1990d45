"""The walk of the fit: downhill from zero to the optimum that Newton's method found; and the same with two features."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.stages.reward_descent import FRAMES, SHOWN, descend, descend_on_two
from core.stages.reward_fit import fit_votes
from core.world.candidates import NORWAY
from core.world.votes import PAIRS, Vote

VOTES = (Vote(0, 3, 1.0), Vote(1, 5, 1.0), Vote(2, 7, 0.5), Vote(4, 0, 0.0), Vote(6, 1, 0.0))
ANY = st.lists(
    st.builds(lambda p, s: Vote(*p, s), st.sampled_from(PAIRS), st.sampled_from((1.0, 0.0, 0.5))), max_size=40
)


def _loss(weights, votes, prior_sd, columns=slice(None)):
    """The negative log-posterior, written out once more."""
    fit = fit_votes(NORWAY, votes, prior_sd)
    margins = fit.feature_differences[:, columns] @ weights
    nll = fit.outcomes * np.logaddexp(0, -margins) + (1 - fit.outcomes) * np.logaddexp(0, margins)
    return nll.sum() + 0.5 * (weights**2).sum() / prior_sd**2


def test_frames_are_shown_iterations_and_the_optimum():
    walk = descend(NORWAY, VOTES, 1.0)
    assert walk.weights.shape == (FRAMES, 6)
    assert walk.losses.shape == (FRAMES,)
    assert len(walk.iterations) == FRAMES - 1
    assert list(SHOWN) == sorted(set(SHOWN))


@pytest.mark.parametrize("prior_sd", [0.1, 1.0, 10.0])
def test_it_starts_at_zero_and_ends_at_the_fit(prior_sd):
    walk = descend(NORWAY, VOTES, prior_sd)
    assert np.array_equal(walk.weights[0], np.zeros(6))
    assert np.array_equal(walk.weights[-1], fit_votes(NORWAY, VOTES, prior_sd).weights)


@settings(max_examples=40, deadline=None)
@given(ANY, st.sampled_from((0.1, 1.0, 10.0)))
def test_the_loss_never_rises_on_the_way(votes, prior_sd):
    walk = descend(NORWAY, tuple(votes), prior_sd)
    assert np.isfinite(walk.weights).all()
    assert (np.diff(walk.losses) <= 1e-9).all()
    assert walk.left_over >= 0


def test_the_losses_are_those_of_the_weights_shown():
    walk = descend(NORWAY, VOTES, 1.0)
    # Outcomes of exactly half a win are the same sum in both forms.
    assert np.allclose(walk.losses, [_loss(weights, VOTES, 1.0) for weights in walk.weights], atol=1e-9)


def test_with_the_default_prior_the_walk_arrives():
    walk = descend(NORWAY, VOTES, 1.0)
    assert walk.left_over < 0.05 * np.linalg.norm(walk.weights[-1])


def test_without_votes_nothing_moves():
    walk = descend(NORWAY, (), 1.0)
    assert np.array_equal(walk.weights, np.zeros((FRAMES, 6)))


@pytest.mark.parametrize("columns", [(0, 2), (2, 0), (4, 5)])
def test_the_surface_is_the_loss_on_its_grid(columns):
    cut = descend_on_two(NORWAY, VOTES, 1.0, columns)
    for row in (0, 11, 30):
        for column in (0, 17, 30):
            weights = np.array([cut.grid[column], cut.grid[row]])
            assert np.isclose(cut.loss[row, column], _loss(weights, VOTES, 1.0, list(columns)), atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(ANY, st.sampled_from((0.1, 1.0, 10.0)), st.permutations(range(6)))
def test_the_end_of_the_walk_is_the_lowest_place_and_lies_on_the_surface(votes, prior_sd, order):
    cut = descend_on_two(NORWAY, tuple(votes), prior_sd, tuple(order[:2]))
    assert np.isfinite(cut.loss).all()
    assert cut.losses[-1] <= cut.loss.min() + 1e-9
    assert (np.diff(cut.losses) <= 1e-9).all()
    assert np.abs(cut.path).max() < cut.grid[-1]


def test_swapping_the_axes_transposes_the_surface():
    one, other = (descend_on_two(NORWAY, VOTES, 1.0, columns) for columns in ((0, 2), (2, 0)))
    assert np.allclose(one.loss, other.loss.T, atol=1e-9)
    assert np.allclose(one.path, other.path[:, ::-1], atol=1e-9)
