"""Baseline, whitening and generalised advantage estimation."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.objectives.advantages import WHITEN_VARIANTS, baseline_advantages, gae, gae_with_dones, whiten

SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=40, deadline=None)


def draw(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@FEW
@given(SEEDS)
def test_baseline_advantages_have_weighted_mean_zero(seed):
    rewards, weights = draw(seed, 6), torch.softmax(draw(seed + 1, 6), 0)
    assert (weights * baseline_advantages(rewards, weights)).sum().item() == pytest.approx(0, abs=1e-12)
    assert baseline_advantages(rewards).mean().item() == pytest.approx(0, abs=1e-12)


@FEW
@given(SEEDS, st.sampled_from(WHITEN_VARIANTS))
def test_whitened_values_have_mean_zero_and_unit_spread(seed, variant):
    values = 3 + 5 * draw(seed, 4, 6)
    white = whiten(values, torch.ones(4, 6), variant)
    assert white.mean().item() == pytest.approx(0, abs=1e-6)
    assert white.std(correction=0 if variant in ("openai", "openrlhf") else 1).item() == pytest.approx(1, abs=1e-6)
    kept = whiten(values, torch.ones(4, 6), variant, shift_mean=False)
    torch.testing.assert_close(kept - white, values.mean().expand(4, 6), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("variant", ["trl", "verl", "openrlhf"])
def test_whitening_does_not_see_the_padding(variant):
    values, mask = draw(0, 3, 4), torch.tensor([[1.0, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]])
    spoiled = torch.where(mask > 0, values, torch.nan)
    torch.testing.assert_close(whiten(values, mask, variant)[mask > 0], whiten(spoiled, mask, variant)[mask > 0])


@pytest.mark.parametrize("variant", WHITEN_VARIANTS)
@pytest.mark.parametrize("values", [[2.0], [2.0, 2.0, 2.0], [1e30, 1e30]])
def test_whitening_without_spread_gives_zero(variant, values):
    values = torch.tensor(values, dtype=torch.float64)
    if variant != "verl":  # its mean divides by n + 1e-8, so a rest of about 1e-8 of the value stays
        assert whiten(values, torch.ones_like(values), variant).tolist() == [0.0] * len(values)
    assert bool(torch.isfinite(whiten(values, torch.ones_like(values), variant)).all())
    assert bool(torch.isfinite(whiten(values, torch.zeros_like(values), variant)).all())


def test_unknown_whitening():
    with pytest.raises(ValueError, match="variant"):
        whiten(torch.zeros(2), None, "none")


@FEW
@given(SEEDS, st.floats(0, 1))
def test_gae_between_its_limits(seed, gamma):
    """lambda = 0 is the one-step error, lambda = 1 the discounted sum of rewards minus the value."""
    rewards, values = draw(seed, 2, 5), draw(seed + 1, 2, 5)
    following = torch.cat([values[:, 1:], torch.zeros(2, 1, dtype=torch.float64)], 1)
    torch.testing.assert_close(gae(rewards, values, gamma, 0.0).advantages, rewards + gamma * following - values)
    powers = torch.tensor([gamma**t for t in range(5)], dtype=torch.float64)
    sums = torch.stack([(rewards[:, t:] * powers[: 5 - t]).sum(1) for t in range(5)], 1)
    torch.testing.assert_close(gae(rewards, values, gamma, 1.0).returns, sums)


@FEW
@given(SEEDS)
def test_gae_with_dones_cuts_episodes_apart(seed):
    """Two episodes in one stretch are the two computed alone."""
    rewards, values = draw(seed, 6), draw(seed + 1, 6)
    dones = torch.zeros(6, 1)
    dones[4] = 1  # step 4 is the first of the second episode
    zero, one = torch.zeros(1, dtype=torch.float64), torch.ones(1)
    together = gae_with_dones(rewards[:, None], values[:, None], dones, zero, one, 0.9, 0.8)
    apart = torch.cat(
        [gae(rewards[:4], values[:4], 0.9, 0.8).advantages, gae(rewards[4:], values[4:], 0.9, 0.8).advantages]
    )
    torch.testing.assert_close(together.advantages[:, 0], apart)


def test_gae_of_nothing():
    assert gae(torch.zeros(2, 0), torch.zeros(2, 0), 1.0, 0.95).advantages.shape == (2, 0)
