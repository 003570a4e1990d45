"""ORPO: the odds ratio against its definition, near certainty, and at certainty."""

import math

import pytest
import torch
from torch.autograd import gradcheck

from core.objectives.orpo import log_one_minus_exp, orpo_loss

CHOSEN = torch.tensor([-0.5, -2.0, -1e-3, -6.0], dtype=torch.float64)
REJECTED = torch.tensor([-1.5, -0.1, -0.3, -0.69], dtype=torch.float64)


def test_gradients_agree_with_finite_differences():
    pair = (CHOSEN.clone().requires_grad_(), REJECTED.clone().requires_grad_())
    nll = torch.tensor(1.7, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda c, r, n: orpo_loss(c, r, n, 0.4).loss, (*pair, nll), eps=1e-7)


def test_log_odds_follow_their_definition():
    result = orpo_loss(CHOSEN, REJECTED, 1.7, 0.4)
    p, q = CHOSEN.exp(), REJECTED.exp()
    assert result.log_odds.tolist() == pytest.approx(torch.log(p / (1 - p) / (q / (1 - q))).tolist())
    assert result.or_losses.tolist() == pytest.approx((0.4 * torch.log(torch.sigmoid(result.log_odds))).tolist())
    assert result.loss.item() == pytest.approx(1.7 - result.or_losses.mean().item())
    assert result.losses.mean().item() == pytest.approx(result.loss.item())
    metrics = result.metrics
    assert metrics["log_odds_chosen"] == pytest.approx(result.log_odds.mean().item())
    assert metrics["log_odds_ratio"] == pytest.approx(result.or_losses.mean().item() / 0.4)
    assert metrics["nll_loss"] == pytest.approx(1.7)
    assert metrics["rewards/chosen"] == pytest.approx(0.4 * CHOSEN.mean().item())


@pytest.mark.parametrize("x", [-1e-300, -1e-12, -1e-3, math.log(0.5), -1.0, -50.0, -1e4])
def test_log_one_minus_exp_keeps_its_digits(x):
    # for tiny -x the value is log(-x); for large -x it is -e^x
    value = log_one_minus_exp(torch.tensor(x, dtype=torch.float64)).item()
    if x > -1e-6:
        assert value == pytest.approx(math.log(-x) + x / 2, rel=1e-14)
    elif x < -40:
        assert value == pytest.approx(-math.exp(x), rel=1e-12)
    else:
        assert value == pytest.approx(math.log(-math.expm1(x)), rel=1e-14)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("pair", [(0.0, -1.0), (-1.0, 0.0), (0.0, 0.0), (-1e5, -1.0), (-1.0, -1e5)])
def test_certainty_and_impossibility_stay_finite(pair, dtype):
    chosen, rejected = (torch.tensor([x], dtype=dtype, requires_grad=True) for x in pair)
    result = orpo_loss(chosen, rejected, torch.tensor(1.0, dtype=dtype))
    result.loss.backward()
    assert torch.isfinite(result.loss)
    assert torch.isfinite(chosen.grad).all()
    assert torch.isfinite(rejected.grad).all()
    assert all(math.isfinite(value) for value in result.metrics.values())


def test_equal_sides_cost_log_two_and_no_pairs_cost_the_likelihood_only():
    assert orpo_loss(CHOSEN, CHOSEN, 0.0, 1.0).loss.item() == pytest.approx(math.log(2))
    assert orpo_loss(CHOSEN[:0], CHOSEN[:0], 1.5).loss.item() == 1.5


def test_beta_must_be_positive():
    with pytest.raises(ValueError, match="beta"):
        orpo_loss(CHOSEN, REJECTED, 0.0, 0.0)
