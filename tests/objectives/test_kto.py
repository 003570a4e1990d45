"""KTO: gradients, the reference point, unequal sides, and far ends."""

import math

import pytest
import torch
from torch.autograd import gradcheck

from core.objectives.kto import kto_loss, kto_reference_kl

POLICY = torch.tensor([-10.0, -20.0, -30.0, -40.0], dtype=torch.float64)
REFERENCE = torch.tensor([-12.0, -19.0, -33.0, -36.0], dtype=torch.float64)
LABELS = torch.tensor([True, True, True, False])


def test_gradients_agree_with_finite_differences():
    policy = POLICY.clone().requires_grad_()
    assert gradcheck(lambda p: kto_loss(p, REFERENCE, LABELS, 1.0, 0.3, 1.0, 1.33).loss, (policy,))


def test_the_mean_runs_over_all_examples_with_exact_weights():
    result = kto_loss(POLICY, REFERENCE, LABELS, 1.0, 0.1, 1.0, 1.33)
    u = POLICY - REFERENCE
    by_hand = [1 / (1 + math.exp(0.1 * (x - 1.0))) for x in u[:3]] + [1.33 / (1 + math.exp(0.1 * (1.0 - u[3])))]
    assert result.losses.tolist() == pytest.approx(by_hand, rel=1e-14)
    assert result.loss.item() == pytest.approx(sum(by_hand) / 4, rel=1e-14)


def test_the_reference_point_is_never_negative_and_gets_no_gradient():
    policy = POLICY.clone().requires_grad_()
    assert kto_reference_kl(policy, REFERENCE + 100).item() == 0.0
    kl = kto_reference_kl(policy, REFERENCE - 3)
    assert kl.item() == pytest.approx((POLICY - REFERENCE + 3).mean().item())
    assert not kl.requires_grad
    assert kto_reference_kl(POLICY[:0], REFERENCE[:0]).item() == 0.0


def test_good_examples_are_pulled_up_and_bad_ones_down():
    policy = POLICY.clone().requires_grad_()
    (slope,) = torch.autograd.grad(kto_loss(policy, REFERENCE, LABELS).loss, policy)
    assert (slope[:3] < 0).all()
    assert slope[3] > 0


def test_a_side_without_examples_has_no_entry_as_in_trl():
    only_good = kto_loss(POLICY, REFERENCE, torch.ones(4, dtype=torch.bool)).metrics
    assert set(only_good) == {"kl", "rewards/chosen", "logps/chosen"}
    only_bad = kto_loss(POLICY, REFERENCE, torch.zeros(4, dtype=torch.bool)).metrics
    assert set(only_bad) == {"kl", "rewards/rejected", "logps/rejected"}
    nothing = kto_loss(POLICY[:0], REFERENCE[:0], LABELS[:0])
    assert nothing.loss.item() == 0.0
    assert nothing.metrics == {"kl": 0.0}


@pytest.mark.parametrize("beta", [0.001, 5.0])
@pytest.mark.parametrize("ratio", [-1e5, 0.0, 1e5])
def test_extremes_stay_finite(beta, ratio):
    policy = torch.full((2,), ratio, requires_grad=True)
    result = kto_loss(policy, torch.zeros(2), torch.tensor([True, False]), 2.0, beta)
    result.loss.backward()
    assert torch.isfinite(result.loss)
    assert torch.isfinite(policy.grad).all()


def test_beta_must_be_positive():
    with pytest.raises(ValueError, match="beta"):
        kto_loss(POLICY, REFERENCE, LABELS, beta=0.0)
