"""Supervised loss: gradients, both averages, accumulation over steps, and padding that does not matter."""

import math

import pytest
import torch
from torch.autograd import gradcheck
from torch.nn.functional import cross_entropy

from core.objectives.sft import sft_loss, token_nll_loss

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(3, 5, 7, generator=GENERATOR, dtype=torch.float64)
LABELS = torch.tensor([[-100, -100, 3, 1, 0], [-100, 2, 6, -100, -100], [4, -100, -100, -100, -100]])


@pytest.mark.parametrize("aggregation", ["token_mean", "sequence_mean"])
def test_gradients_agree_with_finite_differences(aggregation):
    logits = LOGITS.clone().requires_grad_()
    assert gradcheck(lambda x: sft_loss(x, LABELS, aggregation=aggregation).loss, (logits,))


def test_dft_scales_each_tokens_gradient_by_its_probability():
    logits = LOGITS.clone().requires_grad_()
    (plain,) = torch.autograd.grad(sft_loss(logits, LABELS).losses.sum(), logits)
    (scaled,) = torch.autograd.grad(sft_loss(logits, LABELS, "dft").losses.sum(), logits)
    p = torch.zeros(3, 5, dtype=torch.float64)
    p[:, :-1] = (-sft_loss(LOGITS, LABELS).losses).exp()
    assert torch.allclose(scaled, plain * p.unsqueeze(-1))


def test_token_mean_is_cross_entropy_and_a_uniform_start_costs_log_v():
    ours = sft_loss(LOGITS, LABELS).loss.item()
    theirs = cross_entropy(LOGITS[:, :-1].reshape(-1, 7), LABELS[:, 1:].reshape(-1), ignore_index=-100).item()
    assert ours == pytest.approx(theirs)
    assert sft_loss(torch.zeros(3, 5, 7), LABELS).loss.item() == pytest.approx(math.log(7))


def test_the_two_averages_differ_when_lengths_do():
    logps = torch.tensor([[0.5, 0.5, 0.5, 0.5], [0.1, 1.0, 1.0, 1.0]], dtype=torch.float64).log()
    mask = torch.tensor([[1, 1, 1, 1], [1, 0, 0, 0]])
    assert token_nll_loss(logps, mask).loss.item() == pytest.approx((4 * math.log(2) + math.log(10)) / 5)
    by_sequence = token_nll_loss(logps, mask, aggregation="sequence_mean").loss.item()
    assert by_sequence == pytest.approx((math.log(2) + math.log(10)) / 2)


def test_accumulated_steps_add_up_to_the_loss_of_the_whole_batch():
    tokens = int((LABELS[:, 1:] != -100).sum())
    parts = [sft_loss(LOGITS[[i]], LABELS[[i]], num_items_in_batch=tokens).loss for i in range(3)]
    assert sum(parts).item() == pytest.approx(sft_loss(LOGITS, LABELS).loss.item())


@pytest.mark.parametrize("loss_type", ["nll", "dft"])
def test_what_stands_in_prompt_and_padding_never_matters(loss_type):
    scored = torch.zeros(3, 5, dtype=torch.bool)
    scored[:, :-1] = LABELS[:, 1:] != -100
    soiled = torch.where(scored.unsqueeze(-1), LOGITS, math.nan).requires_grad_()
    result = sft_loss(soiled, LABELS, loss_type)
    (slope,) = torch.autograd.grad(result.loss, soiled)
    clean = sft_loss(LOGITS, LABELS, loss_type)
    assert result.loss.item() == clean.loss.item()
    assert result.metrics == clean.metrics
    assert torch.isfinite(slope).all()
    assert (slope[~scored] == 0).all()


@pytest.mark.parametrize("aggregation", ["token_mean", "sequence_mean"])
@pytest.mark.parametrize("shape", [(2, 4), (2, 1), (0, 4)])
def test_nothing_to_learn_from_costs_nothing(aggregation, shape):
    logits = torch.randn(*shape, 7, requires_grad=True)
    result = sft_loss(logits, torch.full(shape, -100), aggregation=aggregation)
    result.loss.backward()
    assert result.loss.item() == 0.0
    assert result.metrics == {"entropy": 0.0, "mean_token_accuracy": 0.0, "num_tokens": 0.0}
    assert (logits.grad == 0).all()


def test_huge_logits_stay_finite():
    logits = torch.zeros(1, 3, 4)
    logits[..., 0] = 1e4
    right, wrong = (sft_loss(logits, torch.full((1, 3), token)) for token in (0, 1))
    assert right.loss.item() == 0.0
    assert wrong.loss.item() == 1e4
    assert sft_loss(logits, torch.full((1, 3), 1), "dft").loss.item() == 0.0
    assert right.metrics == {"entropy": 0.0, "mean_token_accuracy": 1.0, "num_tokens": 2.0}


def test_unknown_names_are_refused_in_words():
    with pytest.raises(ValueError, match="loss type"):
        token_nll_loss(torch.zeros(1, 1), loss_type="mse")
    with pytest.raises(ValueError, match="aggregation"):
        token_nll_loss(torch.zeros(1, 1), aggregation="median")
