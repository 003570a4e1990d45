"""The closed-form optimum: it beats every other policy, at any beta."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.objectives.kl import exact_kl
from core.objectives.optimum import kl_optimal_policy

SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=40, deadline=None)
BETAS = (0.0, 1e-300, 1e-6, 1e-3, 0.1, 1.0, 5.0, 1e3, 1e8, 1e300)


def draw(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@FEW
@given(SEEDS, st.floats(1e-3, 10))
def test_no_other_policy_has_a_higher_objective(seed, beta):
    reference, rewards = torch.log_softmax(draw(seed, 6), -1), draw(seed + 1, 6)
    best = kl_optimal_policy(reference, rewards, beta)
    near = torch.log_softmax(best.logps + 0.01 * draw(seed + 2, 50, 6), -1)
    far = torch.log_softmax(3 * draw(seed + 3, 50, 6), -1)
    for policies in (near, far, reference.unsqueeze(0)):
        objective = (policies.exp() * rewards).sum(-1) - beta * exact_kl(policies, reference)
        assert bool((objective <= best.objective + 1e-12).all())


@pytest.mark.parametrize("beta", BETAS)
def test_it_is_a_distribution_and_its_figures_fit_at_any_beta(beta):
    reference, rewards = torch.log_softmax(draw(0, 7), -1), draw(1, 7)
    best = kl_optimal_policy(reference, rewards, beta)
    assert best.logps.exp().sum().item() == pytest.approx(1)
    assert best.objective.item() == pytest.approx(best.beta_log_partition.item(), rel=1e-9)
    assert best.kl.item() == pytest.approx(exact_kl(best.logps, reference).item(), rel=1e-6, abs=1e-12)
    assert best.kl.item() >= 0
    assert rewards.max().item() >= best.objective.item() >= (reference.exp() * rewards).sum().item() - 1e-12


def test_the_kl_keeps_its_digits_for_a_huge_beta():
    """For beta -> inf the KL is Var(r) / (2 beta^2)."""
    reference, rewards = torch.log_softmax(draw(0, 7), -1), draw(1, 7)
    probs = reference.exp()
    variance = (probs * (rewards - (probs * rewards).sum()) ** 2).sum().item()
    kl = kl_optimal_policy(reference, rewards, 1e5).kl.item()
    assert kl == pytest.approx(variance / 2e10, rel=1e-3, abs=0)


def test_beta_zero_renormalises_the_reference_on_the_best_responses():
    reference = torch.tensor([0.5, 0.2, 0.1, 0.2], dtype=torch.float64).log()
    best = kl_optimal_policy(reference, torch.tensor([1.0, 3.0, 3.0, 0.0], dtype=torch.float64), 0.0)
    torch.testing.assert_close(best.logps.exp(), torch.tensor([0.0, 2 / 3, 1 / 3, 0.0], dtype=torch.float64))
    assert best.objective.item() == best.expected_reward.item() == 3
    assert best.kl.item() == pytest.approx(-math.log(0.3))


@pytest.mark.parametrize("beta", [0.0, 1e-4, 1e-3])
def test_a_best_response_that_the_reference_almost_excludes(beta):
    """Its mass, 1e-20, is far below the rounding of 1."""
    reference = torch.tensor([0.0, math.log(1e-20)], dtype=torch.float64)
    best = kl_optimal_policy(reference, torch.tensor([0.0, 1.0], dtype=torch.float64), beta)
    assert best.kl.item() == pytest.approx(-math.log(1e-20))
    assert best.beta_log_partition.item() == pytest.approx(1 + beta * math.log(1e-20))


@pytest.mark.parametrize("beta", BETAS)
def test_excluded_responses_stay_excluded_whatever_their_reward(beta):
    reference = torch.tensor([0.6, 0.4, 0.0], dtype=torch.float64).log()
    best = kl_optimal_policy(reference, torch.tensor([0.0, 1.0, 1e6], dtype=torch.float64), beta)
    assert best.logps[2].item() == -math.inf
    assert all(math.isfinite(x.item()) for x in best[1:])
    assert best.expected_reward.item() <= 1


def test_equal_rewards_give_the_reference():
    reference = torch.log_softmax(draw(0, 5), -1)
    for beta in BETAS:
        best = kl_optimal_policy(reference, torch.full((5,), 0.4, dtype=torch.float64), beta)
        torch.testing.assert_close(best.logps, reference)
        assert best.kl.item() == pytest.approx(0, abs=1e-15)


def test_the_order_of_batches_and_float32():
    reference, rewards = torch.log_softmax(draw(0, 3, 5), -1), draw(1, 3, 5)
    together = kl_optimal_policy(reference, rewards, 0.3)
    for row in range(3):
        alone = kl_optimal_policy(reference[row], rewards[row], 0.3)
        torch.testing.assert_close(tuple(x[row] for x in together), tuple(alone))
    single = kl_optimal_policy(reference.float(), rewards.float(), 0.3)
    assert single.logps.dtype == torch.float32
    torch.testing.assert_close(single.kl, together.kl.float(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("beta", [-0.1, math.nan, math.inf])
def test_no_such_beta(beta):
    with pytest.raises(ValueError, match="beta"):
        kl_optimal_policy(torch.zeros(2), torch.zeros(2), beta)
    with pytest.raises(ValueError, match="reference"):
        kl_optimal_policy(torch.full((2,), -math.inf), torch.zeros(2), 1.0)
