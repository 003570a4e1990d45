"""SimPO and CPO: gradients, the two meanings of gamma, the added likelihood, far ends."""

import math

import pytest
import torch
from torch.autograd import gradcheck

from core.objectives.dpo import dpo_loss
from core.objectives.simpo import cpo_loss, simpo_loss

CHOSEN = torch.tensor([-1.0, -2.0, -0.1], dtype=torch.float64)
REJECTED = torch.tensor([-1.5, -0.5, -0.1], dtype=torch.float64)
ZERO = torch.zeros(3, dtype=torch.float64)


@pytest.mark.parametrize(
    "loss",
    [
        lambda c, r: simpo_loss(c, r, 2.0, 0.5).loss,
        lambda c, r: simpo_loss(c, r, 2.0, 0.5, 0.1, c.mean(), 0.7).loss,
        lambda c, r: cpo_loss(c, r, 0.5, label_smoothing=0.2, nll_loss=-c.mean()).loss,
        lambda c, r: cpo_loss(c, r, 0.5, "hinge").loss,
        lambda c, r: cpo_loss(c, r, 0.5, "ipo").loss,
    ],
)
def test_gradients_agree_with_finite_differences(loss):
    assert gradcheck(loss, (CHOSEN.clone().requires_grad_(), REJECTED.clone().requires_grad_()))


def test_gamma_is_the_papers_added_after_beta():
    pair = (torch.tensor([-1.0]), torch.tensor([-1.5]))
    ours = simpo_loss(*pair, beta=2.0, simpo_gamma=0.5).loss.item()
    assert ours == pytest.approx(math.log1p(math.exp(-(2.0 * 0.5 - 0.5))))
    ratio = 0.5  # gamma / beta, the number that SimPO's own code takes
    theirs = simpo_loss(*pair, beta=2.0, simpo_gamma=2.0 * ratio).loss.item()
    assert theirs == pytest.approx(math.log(2))


@pytest.mark.parametrize("loss_type, same_as", [("sigmoid", "cdpo"), ("hinge", "hinge"), ("ipo", "ipo_sum")])
def test_cpo_is_dpo_with_a_uniform_reference_plus_likelihood(loss_type, same_as):
    plain = dpo_loss(CHOSEN, REJECTED, ZERO, ZERO, 0.5, same_as, label_smoothing=0.1)
    ours = cpo_loss(CHOSEN, REJECTED, 0.5, loss_type, 0.1, nll_loss=1.25, cpo_alpha=2.0)
    assert ours.loss.item() == pytest.approx(plain.loss.item() + 2.5)
    assert ours.metrics == pytest.approx(plain.metrics | {"nll_loss": 1.25})


@pytest.mark.parametrize("beta", [0.001, 5.0])
@pytest.mark.parametrize("gap", [-1e4, 0.0, 1e4])
def test_extremes_stay_finite(beta, gap):
    chosen = torch.tensor([gap], requires_grad=True)
    for result in (simpo_loss(chosen, torch.zeros(1), beta), cpo_loss(chosen, torch.zeros(1), beta)):
        (slope,) = torch.autograd.grad(result.loss, chosen)
        assert torch.isfinite(result.loss)
        assert torch.isfinite(slope).all()


def test_no_pairs_cost_nothing_and_bad_settings_are_refused_in_words():
    assert simpo_loss(ZERO[:0], ZERO[:0]).loss.item() == 0.0
    with pytest.raises(ValueError, match="beta"):
        simpo_loss(CHOSEN, REJECTED, 0.0)
    with pytest.raises(ValueError, match="smoothing"):
        cpo_loss(CHOSEN, REJECTED, label_smoothing=1.5)
    with pytest.raises(ValueError, match="no CPO loss"):
        cpo_loss(CHOSEN, REJECTED, loss_type="simpo")
