"""GRPO: advantages of groups, the token loss and its variants."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.objectives.grpo import LOSS_TYPES, grpo_advantages, grpo_loss, grpo_metrics
from core.objectives.ppo import policy_loss

SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=40, deadline=None)
MASK = torch.tensor([[1.0, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]])
NAN = math.nan


def draw(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def loss_of(new, mask=MASK, **options):
    old, ref, advantages = draw(11, 4, 4), draw(12, 4, 4), draw(13, 4)
    return grpo_loss(new, old, advantages, mask, ref, max_completion_length=6, **options)


@FEW
@given(SEEDS, st.floats(-100, 100), st.floats(0.1, 10))
def test_group_advantages_ignore_the_scale_and_the_zero_of_the_reward(seed, shift, scale):
    rewards = draw(seed, 8, 1)
    advantages = grpo_advantages(rewards, 4, std_epsilon=0.0).advantages
    moved = grpo_advantages(scale * rewards + shift, 4, std_epsilon=0.0).advantages
    torch.testing.assert_close(moved, advantages, rtol=1e-6, atol=1e-6)
    assert advantages.view(2, 4).mean(1).tolist() == pytest.approx([0, 0], abs=1e-9)


@pytest.mark.parametrize("scale", ["group", "batch", "none"])
def test_equal_rewards_give_zero(scale):
    result = grpo_advantages(torch.full((8, 1), 0.7, dtype=torch.float64), 4, scale_rewards=scale)
    assert result.advantages.tolist() == pytest.approx([0.0] * 8, abs=1e-9)
    assert result.frac_reward_zero_std == 1


def test_missing_rewards_are_left_out():
    rewards = torch.tensor([[1.0, NAN], [NAN, NAN], [3.0, 1.0], [0.0, 0.0]], dtype=torch.float64)
    result = grpo_advantages(rewards, 4, torch.tensor([1.0, 2.0]), scale_rewards="none")
    assert result.advantages.tolist() == pytest.approx([1 - 2, 0, 5 - 2, 0 - 2])
    alone = torch.tensor([[1.0], [NAN], [NAN], [NAN]], dtype=torch.float64)
    for aggregation in ("sum_then_normalize", "normalize_then_sum"):
        assert grpo_advantages(alone, 4, multi_objective_aggregation=aggregation).advantages.tolist() == [0.0] * 4
    assert grpo_advantages(torch.full((4, 1), NAN), 2).advantages.tolist() == [0.0] * 4
    assert grpo_advantages(torch.tensor([[1.0], [2.0]]), 1).advantages.tolist() == [0.0, 0.0]


def test_normalising_before_summing_makes_functions_count_the_same():
    rewards = draw(0, 8, 2)
    big = rewards * torch.tensor([1.0, 1000.0])
    kind = {"multi_objective_aggregation": "normalize_then_sum", "std_epsilon": 0.0}
    same = [grpo_advantages(x, 4, **kind).advantages for x in (rewards, big)]
    torch.testing.assert_close(*same)
    assert not torch.allclose(*(grpo_advantages(x, 4).advantages for x in (rewards, big)))


def test_wrong_names_and_sizes():
    rewards = torch.zeros(4, 1)
    for options in ({"scale_rewards": "x"}, {"multi_objective_aggregation": "x"}):
        with pytest.raises(ValueError, match="Unknown"):
            grpo_advantages(rewards, 2, **options)
    for size in (3, 0):
        with pytest.raises(ValueError, match="multiple"):
            grpo_advantages(rewards, size)
    new = draw(0, 4, 4)
    for options in ({"loss_type": "x"}, {"importance_sampling_level": "x"}):
        with pytest.raises(ValueError, match="Unknown"):
            loss_of(new, **options)
    with pytest.raises(ValueError, match="reference"):
        grpo_loss(new, new, draw(1, 4), MASK, beta=0.1)
    with pytest.raises(ValueError, match="max_completion_length"):
        grpo_loss(new, new, draw(1, 4), MASK, loss_type="dr_grpo")


@pytest.mark.parametrize("level", ["token", "sequence"])
@pytest.mark.parametrize("loss_type", [x for x in LOSS_TYPES if x != "cispo"])
def test_gradients_against_finite_differences(loss_type, level):
    for options in ({}, {"beta": 0.3}, {"beta": 0.3, "use_bias_correction_kl": False, "delta": 1.5}):
        assert torch.autograd.gradcheck(
            lambda x, o=options: loss_of(x, loss_type=loss_type, importance_sampling_level=level, **o).loss,
            draw(10, 4, 4).requires_grad_(),
        )


def test_the_weight_of_cispo_has_no_gradient():
    new = draw(10, 4, 4).requires_grad_()
    result = loss_of(new, loss_type="cispo", epsilon_high=1.1, num_items_in_batch=8)
    (grad,) = torch.autograd.grad(result.loss, new)
    want = -result.ratios.detach().clamp(max=1.1) * draw(13, 4).unsqueeze(1) * MASK / 8
    torch.testing.assert_close(grad, want)


def test_bnpo_is_ppos_loss_and_dapo_equals_it_on_one_batch():
    new, old, advantages = draw(0, 4, 4), draw(1, 4, 4), draw(2, 4)
    want = policy_loss(new, old, advantages.unsqueeze(1).expand(4, 4), 0.2, MASK, clip_epsilon_high=0.3).loss
    for options in ({"loss_type": "bnpo"}, {"loss_type": "dapo"}, {"num_items_in_batch": MASK.sum().item()}):
        got = grpo_loss(new, old, advantages, MASK, epsilon_high=0.3, **options).loss
        torch.testing.assert_close(got, want)


def test_averages_and_delta_by_hand():
    ratios, advantages = torch.full((4, 4), 1.1, dtype=torch.float64), torch.tensor([1.0, 2.0, 3.0, 4.0])
    old = torch.zeros(4, 4, dtype=torch.float64)

    def loss(**options):
        return grpo_loss(ratios.log(), old, advantages, MASK, max_completion_length=5, **options).loss.item()

    per_token = -1.1 * (3 * 1 + 1 * 2 + 4 * 4)
    assert loss(loss_type="grpo") == pytest.approx(-1.1 * (1 + 2 + 0 + 4) / 4)  # an empty completion counts, as 0
    assert loss(loss_type="bnpo") == pytest.approx(per_token / 8)
    assert loss(loss_type="dapo", num_items_in_batch=16) == pytest.approx(per_token / 16)
    assert loss(loss_type="dr_grpo") == pytest.approx(per_token / 20)
    assert loss(loss_type="luspo") == pytest.approx(per_token / 4)
    far, one = torch.full((1, 1), 9.0).log(), torch.ones(1, 1)
    assert grpo_loss(far, 0 * one, -one[0], one, delta=1.5).loss.item() == pytest.approx(1.5)
    assert grpo_loss(far, 0 * one, -one[0], one).loss.item() == pytest.approx(9.0)


@pytest.mark.parametrize("rubbish", [NAN, math.inf, -math.inf])
@pytest.mark.parametrize("loss_type", LOSS_TYPES)
def test_padding_matters_neither_in_value_nor_in_gradient(loss_type, rubbish):
    results = []
    for filler in (0.0, rubbish):
        new, old, ref, entropies = (torch.where(MASK > 0, draw(seed, 4, 4), filler) for seed in range(4))
        new.requires_grad_()
        options = {"beta": 0.1, "loss_type": loss_type, "max_completion_length": 4}
        result = grpo_loss(new, old, draw(5, 4), MASK, ref, **options)
        (grad,) = torch.autograd.grad(result.loss, new)
        results.append((result.loss, grad, torch.tensor(list(grpo_metrics(result, MASK, entropies).values()))))
    torch.testing.assert_close(*results)


@pytest.mark.parametrize("level", ["token", "sequence"])
@pytest.mark.parametrize("loss_type", LOSS_TYPES)
def test_all_padding_and_huge_log_ratios_stay_finite(loss_type, level):
    for new, mask in ((draw(0, 4, 4), torch.zeros(4, 4)), (500 * draw(0, 4, 4), MASK)):
        leaf = new.requires_grad_()
        result = loss_of(leaf, mask, loss_type=loss_type, importance_sampling_level=level)
        assert bool(torch.isfinite(result.loss))
        assert bool(torch.isfinite(torch.autograd.grad(result.loss, leaf)[0]).all())
        assert all(math.isfinite(x) for x in grpo_metrics(result, mask).values())


def test_clip_ratios_count_tokens_or_sequences():
    ratios = torch.tensor([[2.0, 1.0, 0.5, 9.0], [0.5, 9.0, 9.0, 9.0], [9.0] * 4, [1.0, 0.5, 0.5, 2.0]])
    advantages = torch.tensor([1.0, -1.0, 1.0, -1.0])
    result = grpo_loss(ratios.log(), torch.zeros(4, 4), advantages, MASK)
    metrics = grpo_metrics(result, MASK)
    assert metrics == pytest.approx(
        {
            "clip_ratio/low_mean": 3 / 8,
            "clip_ratio/high_mean": 1 / 8,
            "clip_ratio/region_mean": 4 / 8,
            "clip_ratio/low_min": 0.0,
            "clip_ratio/high_max": 1 / 3,
        }
    )
    low = grpo_loss(torch.full((4, 4), -1.0), torch.zeros(4, 4), -torch.ones(4), MASK)
    assert grpo_metrics(low, MASK)["clip_ratio/low_min"] == 1  # the empty completion does not count
    by_sequence = grpo_loss(ratios.log(), torch.zeros(4, 4), advantages, MASK, importance_sampling_level="sequence")
    assert by_sequence.ratios.shape == (4, 1)
    assert grpo_metrics(by_sequence, MASK)["clip_ratio/low_mean"] == 1 / 4  # geometric means 1, 0.5, 1, 0.84
