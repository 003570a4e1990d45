"""KL estimators, the exact sum and the adaptive coefficient."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.objectives.kl import AdaptiveKLController, exact_kl, k1, k2, k3, kl_estimate, update_kl_controller

SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=40, deadline=None)
INF = math.inf


def distribution(seed, *shape, scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    return torch.log_softmax(scale * torch.randn(*shape, generator=generator, dtype=torch.float64), -1)


@FEW
@given(SEEDS, st.sampled_from([1e-3, 1.0, 30.0]))
def test_exact_kl_is_never_negative_and_zero_only_at_equality(seed, scale):
    policy, reference = distribution(seed, 6, scale=scale), distribution(seed + 1, 6, scale=scale)
    assert exact_kl(policy, reference).item() > 0
    assert exact_kl(policy, policy).item() == 0


def test_rounding_never_takes_the_kl_below_zero():
    policy = distribution(0, 500, 6)
    same = torch.log_softmax(policy + 1.0, -1)  # differs by rounding only
    assert bool(((policy.exp() * (policy - same)).sum(-1) < 0).any())
    assert bool((exact_kl(policy, same) >= 0).all())
    assert bool((exact_kl(policy.requires_grad_(), same) >= 0).all())


@FEW
@given(SEEDS)
def test_k1_and_k3_are_unbiased_and_k2_and_k3_never_negative(seed):
    policy, reference = distribution(seed, 5), distribution(seed + 1, 5)
    exact = exact_kl(policy, reference)
    for estimator in (k1, k3):
        torch.testing.assert_close((policy.exp() * estimator(policy, reference)).sum(), exact)
    for estimator in (k2, k3):
        assert bool((estimator(policy, reference) >= 0).all())


def test_exact_kl_agrees_with_torch_in_both_directions():
    policy, reference = distribution(1, 4, 7), distribution(2, 4, 7)
    for p, q in ((policy, reference), (reference, policy)):
        want = torch.distributions.kl_divergence(
            torch.distributions.Categorical(logits=p), torch.distributions.Categorical(logits=q)
        )
        torch.testing.assert_close(exact_kl(p, q), want)


@pytest.mark.parametrize("seed", range(3))
def test_gradient_of_exact_kl_against_finite_differences(seed):
    logits, reference = torch.randn(2, 5, dtype=torch.float64, requires_grad=True), distribution(seed, 2, 5)
    assert torch.autograd.gradcheck(lambda x: exact_kl(torch.log_softmax(x, -1), reference), logits)
    assert torch.autograd.gradcheck(lambda x: exact_kl(reference, torch.log_softmax(x, -1)), logits)
    for name in ("k1", "k2", "k3"):
        assert torch.autograd.gradcheck(lambda x, name=name: kl_estimate(x, reference, name), logits)


def test_impossible_tokens():
    half = torch.tensor([0.5, 0.5], dtype=torch.float64).log()
    sure = torch.tensor([0.0, -INF], dtype=torch.float64)
    assert exact_kl(sure, sure).item() == 0
    assert exact_kl(sure, half).item() == pytest.approx(math.log(2))
    assert exact_kl(half, sure).item() == INF
    logits = torch.tensor([1.0, -INF, 0.5], dtype=torch.float64, requires_grad=True)
    reference = torch.tensor([0.3, 0.0, 0.7], dtype=torch.float64).log()
    exact_kl(torch.log_softmax(logits, -1), reference).backward()
    assert bool(torch.isfinite(logits.grad).all())


@pytest.mark.parametrize("dtype, small", [(torch.float64, 1e-9), (torch.float32, 1e-5)])
def test_k3_near_zero_is_half_the_square(dtype, small):
    ratio = torch.tensor([small, -small], dtype=dtype)
    torch.testing.assert_close(
        k3(ratio, torch.zeros(2, dtype=dtype)), k2(ratio, torch.zeros(2, dtype=dtype)), rtol=1e-2, atol=0
    )


def test_clamps_hold_huge_log_ratios():
    far = torch.tensor([-800.0, 800.0])
    zero = torch.zeros(2)
    assert k3(far, zero)[0].item() == INF
    assert k3(far, zero, clamp=10.0, exponent_clamp=20.0).tolist() == [10.0, 10.0]
    assert k1(far, zero, clamp=10.0).tolist() == [-10.0, 10.0]
    assert k2(far, zero, clamp=10.0).tolist() == [10.0, 10.0]


def test_unknown_estimator():
    with pytest.raises(ValueError, match="k4"):
        kl_estimate(torch.zeros(1), torch.zeros(1), "k4")


@FEW
@given(st.floats(0, 100), st.floats(0.1, 20), st.floats(100, 1e5), st.integers(1, 100))
def test_the_controller_moves_towards_the_target_by_a_bounded_step(observed, target, horizon, steps):
    before = AdaptiveKLController(0.15, target, horizon)
    after = update_kl_controller(before, observed, steps)
    step = after.kl_coef / before.kl_coef - 1
    assert abs(step) <= 0.2 * steps / horizon + 1e-12
    assert step * (observed - target) >= 0
    assert before.kl_coef == 0.15


@pytest.mark.parametrize("bad", [(0.1, 0, 10), (0.1, 6, 0), (0.1, math.nan, 10)])
def test_the_controller_refuses_nonsense(bad):
    with pytest.raises(ValueError, match="controller"):
        AdaptiveKLController(*bad)
