"""The Bradley–Terry likelihood, what is and is not invariant to a shift, and the fits at easy and hopeless data."""

import math
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from torch.autograd import gradcheck

from core.objectives.bradley_terry import (
    comparison_nll,
    fit_feature_weights,
    fit_gradient_descent,
    fit_item_strengths,
    pairwise_loss,
    preference_probability,
)

FEW = settings(max_examples=40, deadline=None)


def scores(seed, n=6, scale=3.0):
    return torch.tensor(np.random.default_rng(seed).normal(0, scale, n))


def votes(seed, n=70, weights=(1.0, 2.0, -1.0, 0.0, 0.5)):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, len(weights)))
    return x, (rng.random(n) < 1 / (1 + np.exp(-x @ np.array(weights)))).astype(float)


def test_gradients_agree_with_finite_differences():
    chosen, rejected = scores(0).requires_grad_(), scores(1).requires_grad_()
    margin = scores(2).abs()
    assert gradcheck(lambda c, r: pairwise_loss(c, r).loss, (chosen, rejected))
    assert gradcheck(lambda c, r: pairwise_loss(c, r, margin, 0.1).loss, (chosen, rejected))
    outcomes = torch.tensor([1.0, 0.0, 0.5, 0.5, 0.25, 1.0], dtype=torch.float64)
    assert gradcheck(lambda c: comparison_nll(c, outcomes, "sum"), (chosen,))


@FEW
@given(st.integers(0, 10**6), st.floats(-20, 20))
def test_the_likelihood_does_not_feel_a_shift_of_all_scores_but_centring_does(seed, shift):
    chosen, rejected = scores(seed), scores(seed + 1)
    plain, moved = pairwise_loss(chosen, rejected), pairwise_loss(chosen + shift, rejected + shift)
    assert moved.loss.item() == pytest.approx(plain.loss.item(), abs=1e-9)
    outcomes = torch.full((6,), 0.5, dtype=torch.float64)
    before = comparison_nll(chosen - rejected, outcomes, "sum")
    assert comparison_nll((chosen + shift) - (rejected + shift), outcomes, "sum").item() == pytest.approx(before.item())
    centred = pairwise_loss(chosen, rejected, center_rewards_coefficient=0.01).loss - plain.loss
    centred_moved = pairwise_loss(chosen + shift, rejected + shift, center_rewards_coefficient=0.01).loss - moved.loss
    expected = 0.01 * (4 * shift * (chosen + rejected).mean() + 4 * shift**2).item()
    assert (centred_moved - centred).item() == pytest.approx(expected, abs=1e-9)


@FEW
@given(st.floats(-5, 5).filter(lambda c: abs(c) > 0.01))
def test_the_prior_does_feel_a_shift(shift):
    comparisons, penalty = [(0, 1), (1, 2), (2, 0), (0, 1)], 0.3
    fit = fit_item_strengths(3, comparisons, l2_penalty=penalty)
    s = torch.tensor(fit.strengths)
    winners, losers = torch.tensor(comparisons).T

    def parts(strengths):
        nll = comparison_nll(strengths[winners] - strengths[losers], 1.0, "sum").item()
        return nll, penalty * (strengths**2).sum().item()

    (nll, prior), (nll_moved, prior_moved) = parts(s), parts(s + shift)
    assert nll_moved == pytest.approx(nll)
    assert prior_moved == pytest.approx(prior + penalty * 3 * shift**2)  # the fitted strengths have mean zero


def test_saturated_margins_stay_finite_and_keep_their_gradient():
    gap = torch.tensor([-800.0, 0.0, 800.0], dtype=torch.float64, requires_grad=True)
    result = pairwise_loss(gap, torch.zeros(3, dtype=torch.float64))
    assert result.losses.tolist() == pytest.approx([800.0, math.log(2), 0.0])
    assert torch.autograd.grad(result.losses.sum(), gap)[0].tolist() == pytest.approx([-1.0, -0.5, 0.0])
    assert preference_probability(torch.tensor([-800.0, 0.0, 800.0])).tolist() == [0.0, 0.5, 1.0]
    # the small tail survives: -log sigma(50) = e^-50, which log(1 + e^-50) rounds to 0
    fifty = torch.tensor(50.0, dtype=torch.float64)
    for nll in (comparison_nll(fifty, 1.0), comparison_nll(-fifty, 0.0)):
        assert nll.item() == pytest.approx(math.exp(-50), rel=1e-9, abs=0.0)


def test_a_margin_asks_for_a_larger_gap_and_leaves_the_logged_margin_alone():
    chosen, rejected, margin = torch.tensor([2.0]), torch.tensor([0.5]), torch.tensor([1.0])
    result = pairwise_loss(chosen, rejected, margin)
    assert result.loss.item() == pytest.approx(math.log1p(math.exp(-(1.5 - 1.0))))
    assert result.metrics["margin"] == 1.5


def test_metrics_count_a_tie_as_an_error_and_an_empty_batch_costs_nothing():
    tied = pairwise_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 1.0]))
    expected = {"accuracy": 0.5, "margin": 0.5, "min_reward": 1.0, "mean_reward": 1.25, "max_reward": 2.0}
    assert tied.metrics == expected
    nothing = pairwise_loss(torch.zeros(0), torch.zeros(0), center_rewards_coefficient=1.0)
    assert nothing.loss.item() == 0.0
    assert set(nothing.metrics) == set(expected)


def test_a_tie_is_half_a_win_each_way():
    margin = torch.tensor(1.3, dtype=torch.float64)
    half = (comparison_nll(margin, 1.0) + comparison_nll(margin, 0.0)) / 2
    assert comparison_nll(margin, 0.5).item() == pytest.approx(half.item())
    assert comparison_nll(torch.zeros(0), torch.zeros(0), "mean").item() == 0.0
    with pytest.raises(ValueError, match="reduction"):
        comparison_nll(margin, 1.0, "median")


# --- feature weights ---------------------------------------------------------------------------------------------


def test_map_weights_agree_with_a_general_optimiser():
    x, y = votes(0)
    y[:10] = 0.5
    fit = fit_feature_weights(x, y, 0.7)

    def objective(w):
        m = x @ w
        return (y * np.logaddexp(0, -m) + (1 - y) * np.logaddexp(0, m)).sum() + 0.5 * (w**2).sum() / 0.49

    peer = minimize(objective, np.zeros(5), method="BFGS", options={"gtol": 1e-9})
    assert fit.weights == pytest.approx(peer.x, abs=1e-6)
    assert fit.nll - fit.log_prior == pytest.approx(peer.fun)
    assert fit.converged
    assert len(fit.path) == fit.iterations + 1


def test_covariance_is_the_inverse_hessian():
    x, y = votes(1)
    fit = fit_feature_weights(x, y, 1.5)
    w = torch.tensor(fit.weights)
    features, outcomes = torch.tensor(x), torch.tensor(y)
    hessian = torch.autograd.functional.hessian(
        lambda v: comparison_nll(features @ v, outcomes, "sum") + 0.5 * (v**2).sum() / 1.5**2, w
    )
    assert fit.covariance == pytest.approx(np.linalg.inv(hessian.numpy()), rel=1e-6)


def test_no_votes_return_the_prior_exactly():
    fit = fit_feature_weights(np.zeros((0, 3)), [], 2.0)
    assert fit.weights.tolist() == [0.0, 0.0, 0.0]
    assert fit.covariance.tolist() == np.diag([4.0, 4.0, 4.0]).tolist()
    mean, sd = fit.scores([[1.0, 0.0, 0.0], [3.0, 4.0, 0.0]])
    assert mean.tolist() == [0.0, 0.0]
    assert sd == pytest.approx([2.0, 10.0])


HARD = {
    "one vote": ([[1.0, 0.0]], [1.0]),
    "contradictory": ([[1.0, 2.0]] * 6, [1, 0, 1, 0, 1, 0]),
    "all ties": ([[1.0, 2.0], [0.5, -1.0]], [0.5, 0.5]),
    "separable": ([[1.0, 0.0], [2.0, 0.1], [3.0, -0.1]], [1, 1, 1]),
    "collinear": ([[1.0, 1.0], [2.0, 2.0], [-1.0, -1.0]], [1, 0, 1]),
    "no difference": ([[0.0, 0.0]] * 4, [1, 1, 0, 1]),
    "huge features": ([[1e6, 0.0], [-2e6, 1e6]], [1, 0]),
}


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("prior_sd", [0.01, 1.0, 1e4])
def test_hopeless_votes_have_one_finite_answer(name, prior_sd):
    x, y = (np.array(part, dtype=float) for part in HARD[name])
    fit = fit_feature_weights(x, y, prior_sd)
    assert fit.converged
    assert all(np.isfinite(part).all() for part in (fit.weights, fit.covariance, fit.path, fit.nll, fit.log_prior))
    assert (np.linalg.eigvalsh(fit.covariance) >= 0).all()
    assert (np.linalg.eigvalsh(fit.covariance) <= prior_sd**2 * (1 + 1e-9)).all()  # data never add doubt
    m = x @ fit.weights
    slope = x.T @ (1 / (1 + np.exp(-m)) - y) + fit.weights / prior_sd**2
    assert np.abs(slope).max() <= 1e-6 * max(1.0, np.abs(x).max())


def test_contradictory_and_tied_votes_give_zero_and_collinear_features_share():
    for name in ("contradictory", "all ties", "no difference"):
        assert fit_feature_weights(*HARD[name], 1.0).weights == pytest.approx([0.0, 0.0], abs=1e-9)
    first, second = fit_feature_weights(*HARD["collinear"], 1.0).weights
    assert first == pytest.approx(second)


def test_the_posterior_is_calibrated():
    """With weights drawn from the prior, the 95 % interval of a score holds it about 95 times in 100."""
    rng, hits = np.random.default_rng(7), 0
    for _ in range(300):
        truth = rng.normal(size=3)
        x = rng.normal(size=(40, 3))
        y = (rng.random(40) < 1 / (1 + np.exp(-x @ truth))).astype(float)
        item = rng.normal(size=(1, 3))
        mean, sd = fit_feature_weights(x, y, 1.0).scores(item)
        hits += abs(mean[0] - item[0] @ truth) < 1.96 * sd[0]
    assert 0.91 <= hits / 300 <= 0.98


def test_seventy_votes_take_less_than_two_milliseconds():
    x, y = votes(2)
    fit_feature_weights(x, y, 1.0)
    best = math.inf
    for _ in range(30):
        start = time.perf_counter()
        fit_feature_weights(x, y, 1.0)
        best = min(best, time.perf_counter() - start)
    assert best < 2e-3


def test_gradient_descent_walks_down_to_the_same_place():
    x, y = votes(3)
    fit, walk = fit_feature_weights(x, y, 1.0), fit_gradient_descent(x, y, 1.0, steps=400)
    assert (np.diff(walk.losses) <= 1e-12).all()
    assert walk.weights[-1] == pytest.approx(fit.weights, abs=1e-4)
    assert walk.losses[-1] == pytest.approx(fit.nll - fit.log_prior)
    assert walk.weights.shape == (401, 5)
    start = fit_gradient_descent(x, y, 1.0, steps=0, start=[1.0, 0, 0, 0, 0])
    assert start.weights.tolist() == [[1.0, 0, 0, 0, 0]]
    assert np.isfinite(fit_gradient_descent(x, y, 1.0, learning_rate=1.9, steps=500).weights).all()


@pytest.mark.parametrize(
    "x, y, sd, sentence",
    [
        ([[1.0]], [2.0], 1.0, "between 0 and 1"),
        ([[1.0]], [math.nan], 1.0, "between 0 and 1"),
        ([[math.inf]], [1.0], 1.0, "finite"),
        ([[1.0]], [1.0], 0.0, "positive"),
        ([1.0], [1.0], 1.0, "table"),
        ([[1.0]], [1.0, 0.0], 1.0, "table"),
    ],
)
def test_bad_votes_are_refused_in_words(x, y, sd, sentence):
    with pytest.raises(ValueError, match=sentence):
        fit_feature_weights(x, y, sd)


def test_a_walk_to_infinity_is_refused():
    with pytest.raises(ValueError, match="learning rate"):
        fit_gradient_descent([[1.0]], [1.0], 1.0, learning_rate=2.0)
    with pytest.raises(ValueError, match="start"):
        fit_gradient_descent([[1.0]], [1.0], 1.0, start=[0.0, 0.0])


# --- item strengths ----------------------------------------------------------------------------------------------


def test_two_items_three_to_one_in_closed_form():
    fit = fit_item_strengths(2, [(0, 1)] * 3 + [(1, 0)])
    assert fit.strengths == pytest.approx([math.log(3) / 2, -math.log(3) / 2])
    # Var(s0 - s1) = 1 / (n p q); each strength is half of the difference
    assert fit.standard_errors == pytest.approx([0.5 * (4 * 0.75 * 0.25) ** -0.5] * 2)
    assert fit.win_prob_matrix[0, 1] == pytest.approx(0.75)


@FEW
@given(st.integers(0, 10**6))
def test_a_tie_equals_half_a_win_for_each(seed):
    rng = np.random.default_rng(seed)
    pairs = [(i, j) for i in range(4) for j in range(4) if i != j]  # everyone beats everyone once: connected
    extra = [tuple(rng.choice(4, 2, replace=False)) for _ in range(5)]
    twice = fit_item_strengths(4, (pairs * 2) + extra + [(j, i) for i, j in extra])
    tied = fit_item_strengths(4, pairs * 2 + extra * 2, [1.0] * 24 + [0.5] * 10)
    assert tied.strengths == pytest.approx(twice.strengths, abs=1e-8)
    assert tied.strengths.sum() == pytest.approx(0.0, abs=1e-9)
    assert tied.win_prob_matrix + tied.win_prob_matrix.T == pytest.approx(np.ones((4, 4)))


def test_strengths_without_an_optimum_are_refused_and_a_prior_helps():
    with pytest.raises(ValueError, match="never lost"):
        fit_item_strengths(3, [(0, 1), (1, 2), (2, 1)])
    with pytest.raises(ValueError, match="never compared"):
        fit_item_strengths(4, [(0, 1), (1, 0), (2, 3), (3, 2)])
    with pytest.raises(ValueError, match="never compared"):
        fit_item_strengths(2, [])
    for comparisons in ([(0, 1), (1, 2), (2, 1)], [(0, 1), (1, 0)], []):
        fit = fit_item_strengths(3, comparisons, l2_penalty=1e-4)
        assert fit.converged
        assert np.isfinite(fit.strengths).all()
        assert np.isfinite(fit.covariance).all()
    assert fit_item_strengths(1, []).strengths.tolist() == [0.0]


def test_a_prior_as_weak_as_a_millionth_is_still_solved_exactly():
    comparisons, alpha = np.array([(0, 1)] * 3 + [(1, 2)] * 2), 1e-6
    fit = fit_item_strengths(3, comparisons, l2_penalty=alpha)
    p = 1 / (1 + np.exp(fit.strengths[comparisons[:, 0]] - fit.strengths[comparisons[:, 1]]))
    slope = 2 * alpha * fit.strengths
    np.add.at(slope, comparisons[:, 0], -p)
    np.add.at(slope, comparisons[:, 1], p)
    assert np.abs(slope).max() < 1e-6 * 2 * alpha


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ((2, [(0, 2)]), "n_items"),
        ((2, [(-1, 0)]), "n_items"),
        ((2, [(0, 0)]), "itself"),
        ((2, [(0, 1)], [1.5]), "outcome"),
        ((2, [(0, 1)], [0.5, 0.5]), "outcome"),
        ((2, [(0, 1)], None, -1.0), "penalty"),
    ],
)
def test_bad_comparisons_are_refused_in_words(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        fit_item_strengths(*arguments)
