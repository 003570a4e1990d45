"""REINFORCE is the gradient of the expected reward."""

from __future__ import annotations

import torch

from core.objectives.advantages import baseline_advantages
from core.objectives.policy_gradient import reinforce_loss


def test_exact_reinforce_is_the_gradient_of_the_expected_reward():
    logits = torch.randn(6, dtype=torch.float64, requires_grad=True)
    rewards = torch.randn(6, dtype=torch.float64)
    logps = torch.log_softmax(logits, 0)
    (want,) = torch.autograd.grad((logps.exp() * rewards).sum(), logits, retain_graph=True)
    probs = logps.detach().exp()
    for advantages in (rewards, baseline_advantages(rewards, probs)):  # a baseline changes no exact gradient
        (grad,) = torch.autograd.grad(reinforce_loss(logps, advantages, probs), logits, retain_graph=True)
        torch.testing.assert_close(grad, -want)


def test_gradients_against_finite_differences_and_none_through_the_advantages():
    logps = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    advantages = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    mask = torch.tensor([[1.0, 1, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]])
    assert torch.autograd.gradcheck(lambda x: reinforce_loss(x, advantages.detach(), mask), logps)
    reinforce_loss(logps, advantages, mask).backward()
    assert advantages.grad is None
