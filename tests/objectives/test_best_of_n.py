"""Best-of-n: against enumeration of all draws, the bound on the KL, ties, and large n."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.objectives.best_of_n import best_of_n, kl_upper_bound

FEW = settings(max_examples=40, deadline=None)


def draw(seed, size):
    return torch.randn(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("rewards", [[0.3, 2.0, -1.0, 0.5], [1.0, 2.0, 2.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
@pytest.mark.parametrize("n", [1, 2, 4])
def test_against_the_enumeration_of_all_draws(rewards, n):
    reference = torch.softmax(draw(0, 4), 0)
    want = torch.zeros(4, dtype=torch.float64)
    for sample in itertools.product(range(4), repeat=n):
        kept = max(sample, key=lambda i: rewards[i])  # the first drawn among the best
        want[kept] += math.prod(reference[i].item() for i in sample)
    got = best_of_n(reference.log(), torch.tensor(rewards, dtype=torch.float64), n)
    torch.testing.assert_close(got.logps.exp(), want)


@FEW
@given(st.integers(0, 10_000), st.integers(2, 8), st.integers(1, 10**6), st.booleans())
def test_the_kl_stays_below_its_bound_and_grows_with_n(seed, size, n, ties):
    rewards = draw(seed + 1, size)
    rewards = rewards.round() if ties else rewards
    reference = torch.log_softmax(3 * draw(seed, size), 0)
    best, next_best = best_of_n(reference, rewards, n), best_of_n(reference, rewards, n + 1)
    assert best.logps.exp().sum().item() == pytest.approx(1, abs=1e-9)
    assert 0 <= best.kl.item() <= best.kl_upper_bound + 1e-9
    assert next_best.kl.item() >= best.kl.item() - 1e-9
    assert next_best.expected_reward.item() >= best.expected_reward.item() - 1e-9


def test_n_of_one_is_the_reference_and_large_n_the_best_response():
    reference, rewards = torch.log_softmax(draw(0, 6), 0), draw(1, 6)
    one = best_of_n(reference, rewards, 1)
    torch.testing.assert_close(one.logps, reference)
    assert one.kl.item() == pytest.approx(0, abs=1e-12)
    torch.testing.assert_close(one.expected_reward, one.expected_reward_reference)
    many = best_of_n(reference, rewards, 10**9)
    assert many.expected_reward.item() == pytest.approx(rewards.max().item())
    assert many.kl.item() == pytest.approx(-reference[rewards.argmax()].item())


def test_excluded_responses_never_win():
    reference = torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64).log()
    for rewards in ([0.0, 1.0, 2.0], [0.0, 1.0, -2.0], [0.0, 1.0, 1.0]):
        best = best_of_n(reference, torch.tensor(rewards, dtype=torch.float64), 3)
        assert best.logps.exp().tolist() == pytest.approx([0.125, 0.875, 0.0])
        assert math.isfinite(best.kl.item())


def test_tiny_masses_keep_their_digits():
    """P(best) = 1 - (1 - p)^n is about n p for a rare best response."""
    reference = torch.tensor([0.0, math.log(1e-14)], dtype=torch.float64)
    best = best_of_n(reference, torch.tensor([0.0, 1.0], dtype=torch.float64), 100)
    assert best.logps[1].exp().item() == pytest.approx(1e-12, rel=1e-9, abs=0)


def test_n_below_one():
    for n in (0, -3):
        with pytest.raises(ValueError, match="at least 1"):
            best_of_n(torch.zeros(2), torch.zeros(2), n)
    assert kl_upper_bound(1) == 0
