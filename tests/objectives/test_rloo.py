"""RLOO: the leave-one-out baseline, where the KL goes, the sequence loss."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.objectives.rloo import leave_one_out, rloo_advantages, rloo_loss, rloo_metrics, sequence_k1

FEW = settings(max_examples=40, deadline=None)
MASK = torch.tensor([[1.0, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]])


def draw(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@FEW
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_leave_one_out_is_the_centred_reward_times_g_over_g_minus_one(seed, group):
    rewards = draw(seed, 3 * group)
    centred = (rewards.view(3, group) - rewards.view(3, group).mean(1, keepdim=True)).reshape(-1)
    torch.testing.assert_close(leave_one_out(rewards, group), centred * group / (group - 1))


def test_the_kl_inside_the_baseline_or_after_it():
    rewards, kl = draw(0, 4, 1), draw(1, 4)
    inside = rloo_advantages(rewards, 4, beta=0.3, sequence_kl=kl)
    torch.testing.assert_close(inside.shaped_rewards, rewards[:, 0] - 0.3 * kl)
    torch.testing.assert_close(inside.advantages, leave_one_out(rewards[:, 0] - 0.3 * kl, 4))
    outside = rloo_advantages(rewards, 4, beta=0.3, sequence_kl=kl, kl_in_baseline=False)
    torch.testing.assert_close(outside.advantages, leave_one_out(rewards[:, 0], 4) - 0.3 * kl)
    with pytest.raises(ValueError, match="KL"):
        rloo_advantages(rewards, 4, beta=0.3)


def test_missing_rewards_ties_and_single_completions():
    missing = torch.tensor([1.0, math.nan, 4.0, 1.0], dtype=torch.float64)
    assert rloo_advantages(missing, 4).advantages.tolist() == pytest.approx([-1.5, 0, 3, -1.5])
    assert rloo_advantages(torch.tensor([1.0, math.nan]), 2).advantages.tolist() == [0.0, 0.0]
    assert rloo_advantages(torch.full((4,), 0.3), 2).advantages.tolist() == [0.0] * 4
    for normalise in (True, False):
        assert (
            rloo_advantages(torch.full((4,), 2.0), 2, normalize_advantages=normalise).advantages.tolist() == [0.0] * 4
        )
        assert rloo_advantages(torch.tensor([1.0, 2.0]), 1, normalize_advantages=normalise).advantages.tolist() == [
            0,
            0,
        ]
    with pytest.raises(ValueError, match="multiple"):
        rloo_advantages(torch.zeros(5), 2)


def test_rewards_are_clipped_before_anything_else():
    result = rloo_advantages(torch.tensor([100.0, -100.0]), 2, reward_clip_range=(-1.0, 1.0))
    assert result.shaped_rewards.tolist() == [1, -1]
    assert result.advantages.tolist() == [2, -2]


def test_gradient_against_finite_differences_and_no_gradient_from_padding():
    old, advantages = draw(1, 4), draw(2, 4)
    leaf = (0.3 * draw(0, 4, 4)).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: rloo_loss(x, old, advantages, MASK).loss, leaf)
    spoiled = torch.where(MASK > 0, leaf.detach(), torch.nan).requires_grad_()
    result = rloo_loss(spoiled, old, advantages, MASK)
    torch.testing.assert_close(result.loss, rloo_loss(leaf, old, advantages, MASK).loss)
    (grad,) = torch.autograd.grad(result.loss, spoiled)
    assert bool((grad[MASK == 0] == 0).all())


def test_sequence_k1_and_clip_ratios():
    logps, ref = draw(0, 4, 4), draw(1, 4, 4)
    torch.testing.assert_close(sequence_k1(logps, ref, MASK), ((logps - ref) * MASK).sum(1))
    new = torch.tensor([[2.0], [0.5], [2.0], [1.0]]).log()
    advantages = torch.tensor([1.0, -1.0, -1.0, 1.0])
    result = rloo_loss(new, torch.zeros(4), advantages, torch.ones(4, 1))
    assert rloo_metrics(result, advantages, 0.2, 0.2) == {
        "clip_ratio/low_mean": 0.25,
        "clip_ratio/low_min": 0.0,
        "clip_ratio/high_mean": 0.25,
        "clip_ratio/high_max": 1.0,
        "clip_ratio/region_mean": 0.5,
    }
    empty = rloo_loss(new[:0], torch.zeros(0), advantages[:0], torch.ones(0, 1))
    assert empty.loss.item() == 0
    assert set(rloo_metrics(empty, advantages[:0], 0.2, 0.2).values()) == {0.0}
