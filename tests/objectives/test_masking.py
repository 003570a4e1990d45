"""Masks are weights: counts and probabilities give expectations, and weight 0 hides anything."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.objectives.masking import AGGREGATIONS, aggregate, masked_mean, masked_sum, masked_values, masked_var

SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=40, deadline=None)


def draw(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@FEW
@given(SEEDS, st.sampled_from([math.nan, math.inf, -math.inf, 1e300]))
def test_what_stands_at_weight_zero_matters_neither_in_value_nor_in_gradient(seed, rubbish):
    values, mask = draw(seed, 3, 4), (draw(seed + 1, 3, 4) > 0).double()
    for function in (masked_sum, masked_mean, masked_var, lambda x, m: aggregate(x, m, "seq-mean-token-mean")):
        results = []
        for filler in (0.0, rubbish):
            leaf = torch.where(mask > 0, values, filler).requires_grad_()
            result = function(leaf, mask)
            result.backward()
            results.append((result.detach(), leaf.grad))
        torch.testing.assert_close(results[0], results[1])
        assert bool((results[1][1][mask == 0] == 0).all())


def test_counts_give_the_repeated_batch_and_probabilities_the_expectation():
    values, counts = draw(0, 4), torch.tensor([3.0, 0.0, 1.0, 2.0])
    repeated = values.repeat_interleave(counts.long())
    torch.testing.assert_close(masked_mean(values, counts), repeated.mean())
    torch.testing.assert_close(masked_var(values, counts), repeated.var())
    torch.testing.assert_close(masked_var(values, counts, unbiased=False), repeated.var(correction=0))
    probs = torch.softmax(draw(1, 4), 0)
    torch.testing.assert_close(masked_mean(values, probs), (values * probs).sum())


@pytest.mark.parametrize("dim", [None, -1, 0, (0, 1)])
def test_a_mask_of_ones_changes_nothing(dim):
    values, ones = draw(2, 3, 5), torch.ones(3, 5)
    torch.testing.assert_close(masked_mean(values, ones, dim), masked_mean(values, None, dim))
    torch.testing.assert_close(masked_sum(values, ones, dim), masked_sum(values, None, dim))
    torch.testing.assert_close(masked_var(values, ones, dim), masked_var(values, None, dim))
    torch.testing.assert_close(masked_var(values, None, dim), values.var(dim))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nothing_selected_is_zero_with_a_zero_gradient(dtype):
    leaf = torch.full((2, 3), math.nan, dtype=dtype, requires_grad=True)
    empty = torch.zeros(2, 3)
    for result in (
        masked_mean(leaf, empty),
        masked_mean(leaf, empty, -1).sum(),
        masked_var(leaf, empty),
        masked_sum(leaf, empty),
        *(aggregate(leaf, empty, mode) for mode in AGGREGATIONS),
    ):
        assert result.item() == 0
        assert result.dtype == dtype
        (grad,) = torch.autograd.grad(result, leaf)
        assert bool((grad == 0).all())
    assert masked_mean(torch.zeros(0)).item() == 0


def test_a_mask_of_one_row_is_broadcast():
    values, row = draw(3, 2, 3), torch.tensor([1.0, 1.0, 0.0])
    torch.testing.assert_close(masked_mean(values, row), values[:, :2].mean())
    torch.testing.assert_close(masked_values(values, row)[:, 2], torch.zeros(2, dtype=torch.float64))


def test_aggregations_by_hand():
    losses = torch.tensor([[1.0, 2.0, 9.0], [4.0, 9.0, 9.0], [9.0, 9.0, 9.0]])
    mask = torch.tensor([[1.0, 1, 0], [1, 0, 0], [0, 0, 0]])
    wanted = {
        "token-mean": 7 / 3,
        "seq-mean-token-mean": 2.75,
        "seq-mean-token-sum": 3.5,
        "seq-mean-token-sum-norm": 7 / 3,
    }
    assert {mode: aggregate(losses, mask, mode).item() for mode in AGGREGATIONS} == pytest.approx(wanted)
    with pytest.raises(ValueError, match="aggregation"):
        aggregate(losses, mask, "mean")
