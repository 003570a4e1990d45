"""Log-probabilities of tokens and sequences, entropy."""

from __future__ import annotations

import math

import pytest
import torch

from core.objectives.logprobs import entropy, entropy_of_logps, sequence_logps, token_logps


def draw(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(7), dtype=torch.float64)


def test_token_logps_and_entropy_agree_with_torch_at_any_temperature():
    logits, tokens = draw(2, 3, 5), torch.tensor([[0, 4, 2], [1, 1, 3]])
    for temperature in (0.3, 1.0, 2.0):
        wanted = torch.distributions.Categorical(logits=logits / temperature)
        torch.testing.assert_close(token_logps(logits, tokens, temperature), wanted.log_prob(tokens))
        torch.testing.assert_close(entropy(logits, temperature), wanted.entropy())
    torch.testing.assert_close(entropy_of_logps(torch.log_softmax(logits, -1)), entropy(logits))


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan])
def test_no_temperature_at_or_below_zero(temperature):
    with pytest.raises(ValueError, match="temperature"):
        entropy(draw(3), temperature)


def test_gradients_against_finite_differences():
    logits, tokens = draw(2, 3, 4).requires_grad_(), torch.tensor([[0, 3, 2], [1, 1, 3]])
    labels = torch.tensor([[-100, 3, 2], [-100, -100, 3]])
    assert torch.autograd.gradcheck(lambda x: token_logps(x, tokens, 0.7), logits)
    assert torch.autograd.gradcheck(lambda x: entropy(x, 0.7), logits)
    assert torch.autograd.gradcheck(lambda x: sequence_logps(x, labels)[:2], logits)


def test_entropy_with_impossible_tokens():
    logits = torch.tensor([0.0, 0.0, -math.inf], dtype=torch.float64, requires_grad=True)
    assert entropy(logits).item() == pytest.approx(math.log(2))
    (grad,) = torch.autograd.grad(entropy(logits), logits)
    assert grad.tolist() == pytest.approx([0.0, 0.0, 0.0])
    assert entropy(torch.tensor([1e4, 0.0])).item() == 0


def test_labels_are_shifted_and_sums_averages_counts_fit():
    logits = draw(2, 4, 5)
    labels = torch.tensor([[3, 1, -100, 2], [0, -100, -100, 4]])
    got = sequence_logps(logits, labels)
    logps = torch.log_softmax(logits, -1)
    want = torch.stack([logps[0, 0, 1] + logps[0, 2, 2], logps[1, 2, 4]])
    torch.testing.assert_close(got.sum, want)
    assert got.count.tolist() == [2, 1]
    torch.testing.assert_close(got.average, want / torch.tensor([2.0, 1.0]))


@pytest.mark.parametrize("rubbish", [math.nan, math.inf, -math.inf])
def test_ignored_positions_matter_neither_in_value_nor_in_gradient(rubbish):
    labels = torch.tensor([[0, -100, 1, 2, -100], [0, -100, -100, -100, -100]])
    scored = torch.zeros(2, 5, 1, dtype=torch.bool)
    scored[0, 1:3] = True
    results = []
    for filler in (0.0, rubbish):
        leaf = torch.where(scored, draw(2, 5, 4), filler).requires_grad_()
        got = sequence_logps(leaf, labels)
        results.append((got.sum, got.average, *torch.autograd.grad((got.sum + got.average).sum(), leaf)))
    torch.testing.assert_close(*results)


def test_a_sequence_without_tokens():
    logits, labels = draw(1, 3, 4).requires_grad_(), torch.full((1, 3), -100)
    assert sequence_logps(logits, labels).average.item() == 0
    got = sequence_logps(logits, labels, empty_average=math.nan)
    assert got.sum.item() == 0
    assert math.isnan(got.average.item())
    (grad,) = torch.autograd.grad(got.average.sum() + got.sum.sum(), logits)
    assert bool((grad == 0).all())
    assert sequence_logps(logits[:, :1], labels[:, :1]).sum.item() == 0
