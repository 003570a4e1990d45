"""PPO's losses: gradients, the first step, clipping, weights, and the edges."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.objectives.policy_gradient import reinforce_loss
from core.objectives.ppo import CLIPPED, DUAL, TIE, UNCLIPPED, policy_diagnostics, policy_loss, ppo_loss, value_loss

SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=40, deadline=None)
MASK = torch.tensor([[1.0, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]])


def draw(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def gradient(loss, leaf):
    return torch.autograd.grad(loss, leaf)[0]


@FEW
@given(SEEDS, st.floats(0.01, 0.5))
def test_at_ratio_one_ppo_is_the_policy_gradient(seed, epsilon):
    logits, advantages, weights = draw(seed, 6).requires_grad_(), draw(seed + 1, 6), torch.softmax(draw(seed + 2, 6), 0)
    logps = torch.log_softmax(logits, 0)
    ppo = policy_loss(logps, logps.detach(), advantages, epsilon, weights).loss
    torch.testing.assert_close(
        torch.autograd.grad(ppo, logits, retain_graph=True)[0],
        gradient(reinforce_loss(logps, advantages, weights), logits),
    )


@pytest.mark.parametrize("options", [{}, {"dual_clip": 1.5}, {"clip_epsilon_high": 0.4}, {"log_ratio_clamp": 0.9}])
@pytest.mark.parametrize("mask", [None, MASK])
def test_policy_gradients_against_finite_differences(options, mask):
    new, old, advantages = draw(1, 3, 4).requires_grad_(), draw(2, 3, 4), draw(3, 3, 4)
    assert torch.autograd.gradcheck(lambda x: policy_loss(x, old, advantages, 0.2, mask, **options).loss, new)


def test_value_and_whole_gradients_against_finite_differences():
    new, old, returns = draw(1, 3, 4).requires_grad_(), draw(2, 3, 4), draw(3, 3, 4)
    for limit in (0.2, None):
        assert torch.autograd.gradcheck(lambda x, limit=limit: value_loss(x, old, returns, limit, MASK).loss, new)
    entropies = draw(6, 3, 4).requires_grad_()
    logps = draw(4, 3, 4).requires_grad_()

    def whole(logps, values, entropies):
        return ppo_loss(
            logps, draw(5, 3, 4), returns, values, old, returns, 0.2, 0.2, 0.5, MASK, None, entropies, 0.01, "cleanrl"
        ).loss

    assert torch.autograd.gradcheck(whole, (logps, new, entropies))


@FEW
@given(SEEDS)
def test_ppo_never_promises_more_than_the_unclipped_objective(seed):
    new, old, advantages = draw(seed, 20), draw(seed + 1, 20), draw(seed + 2, 20)
    result = policy_loss(new, old, advantages, 0.2)
    assert bool((result.losses >= -result.unclipped).all())
    seen = policy_diagnostics(result, new, old, 0.2)
    assert bool((seen.clipped == (result.losses > -result.unclipped)).all())
    assert seen.clip_fraction <= seen.clip_fraction_outside
    assert min(seen.approx_kl, seen.approx_kl_k3) >= 0


def test_the_winning_branch_case_by_case():
    """Ratio above, below and inside the range, for both signs of the advantage."""
    ratios = torch.tensor([1.5, 1.5, 0.5, 0.5, 1.0, 10.0, 1.5], dtype=torch.float64)
    advantages = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 0.0], dtype=torch.float64)
    old = torch.zeros(7, dtype=torch.float64)
    result = policy_loss(ratios.log(), old, advantages, 0.2, dual_clip=3.0)
    seen = policy_diagnostics(result, ratios.log(), old, 0.2)
    assert seen.winning.tolist() == [CLIPPED, UNCLIPPED, UNCLIPPED, CLIPPED, TIE, DUAL, TIE]
    torch.testing.assert_close(result.losses, torch.tensor([-1.2, 1.5, -0.5, 0.8, -1.0, 3.0, 0.0], dtype=torch.float64))
    assert seen.clip_fraction == pytest.approx(2 / 7)
    assert seen.clip_fraction_outside == pytest.approx(6 / 7)
    assert seen.dual_clip_fraction == pytest.approx(1 / 7)


def test_the_upper_bound_can_be_higher():
    ratios = torch.tensor([1.25, 1.35, 0.75], dtype=torch.float64)
    old, advantages = torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    result = policy_loss(ratios.log(), old, advantages, 0.2, clip_epsilon_high=0.3)
    assert result.losses.tolist() == pytest.approx([-1.25, -1.3, -0.75])
    seen = policy_diagnostics(result, ratios.log(), old, 0.2, clip_epsilon_high=0.3)
    assert (seen.clip_fraction, seen.clip_fraction_outside) == pytest.approx((1 / 3, 2 / 3))


def test_the_value_loss_by_hand():
    new, old, returns = torch.tensor([1.0, 1.0, 0.1]), torch.zeros(3), torch.tensor([2.0, 0.0, 0.0])
    result = value_loss(new, old, returns, 0.2)
    assert result.losses.tolist() == pytest.approx([1.8**2, 1.0, 0.01])  # the worse of the two, never the better
    assert result.loss.item() == pytest.approx((3.24 + 1.01) / 6)
    assert result.clipped.tolist() == [True, False, False]
    assert value_loss(new, old, returns, None).losses.tolist() == pytest.approx([1.0, 1.0, 0.01])


def test_counts_are_a_repeated_batch_and_probabilities_an_expectation():
    new, old, advantages, counts = draw(1, 5), draw(2, 5), draw(3, 5), torch.tensor([2.0, 0, 1, 3, 1])
    repeated = [x.repeat_interleave(counts.long()) for x in (new, old, advantages)]
    short, long = policy_loss(new, old, advantages, 0.2, counts), policy_loss(*repeated, 0.2)
    torch.testing.assert_close(short.loss, long.loss)
    few = policy_diagnostics(short, new, old, 0.2, counts)
    many = policy_diagnostics(long, repeated[0], repeated[1], 0.2)
    assert few[2:] == pytest.approx(many[2:])
    probs = torch.softmax(draw(4, 5), 0)
    result = policy_loss(new, old, advantages, 0.2, probs)
    torch.testing.assert_close(result.loss, (result.losses * probs).sum())


@pytest.mark.parametrize("rubbish", [math.nan, math.inf, -math.inf])
def test_padding_matters_neither_in_value_nor_in_gradient(rubbish):
    names = [draw(seed, 3, 4) for seed in range(6)]
    results = []
    for filler in (0.0, rubbish):
        new, old, advantages, values, old_values, returns = (torch.where(MASK > 0, x, filler) for x in names)
        new.requires_grad_(), values.requires_grad_()
        result = ppo_loss(new, old, advantages, values, old_values, returns, 0.2, 0.2, 0.5, MASK)
        seen = policy_diagnostics(result.policy, new, old, 0.2, MASK)
        results.append((result.loss, *torch.autograd.grad(result.loss, (new, values)), *map(torch.as_tensor, seen)))
    torch.testing.assert_close(*results)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_all_padding_and_nothing_at_all_cost_zero(dtype):
    new = torch.full((2, 3), math.nan, dtype=dtype, requires_grad=True)
    empty = torch.zeros(2, 3, dtype=dtype)
    result = policy_loss(new, empty, empty, 0.2, empty)
    assert result.loss.item() == 0
    assert result.loss.dtype == dtype
    assert bool((gradient(result.loss, new) == 0).all())
    assert policy_diagnostics(result, new, empty, 0.2, empty)[2:] == pytest.approx((0.0,) * 6)
    assert value_loss(new, empty, empty, 0.2, empty).loss.item() == 0
    assert policy_loss(empty[:0], empty[:0], empty[:0], 0.2).loss.item() == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("log_ratio", [1e4, -1e4])
@pytest.mark.parametrize("advantage", [1.0, 0.0, -1.0])
def test_huge_log_ratios_stay_finite(dtype, log_ratio, advantage):
    new = torch.tensor([log_ratio], dtype=dtype, requires_grad=True)
    zero = torch.zeros(1, dtype=dtype)
    result = policy_loss(new, zero, zero + advantage, 0.2)
    assert bool(torch.isfinite(result.loss))
    assert bool(torch.isfinite(gradient(result.loss, new)).all())


def test_bool_and_integer_masks_are_weights_too():
    new, old, advantages = draw(1, 3, 4), draw(2, 3, 4), draw(3, 3, 4)
    want = policy_loss(new, old, advantages, 0.2, MASK)
    for mask in (MASK.bool(), MASK.long()):
        result = policy_loss(new, old, advantages, 0.2, mask)
        torch.testing.assert_close(result.loss, want.loss)
        assert policy_diagnostics(result, new, old, 0.2, mask)[2:] == policy_diagnostics(want, new, old, 0.2, MASK)[2:]
