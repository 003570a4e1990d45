"""The whiteboard policy: a softmax over a handful of whole responses, small enough for every quantity to be exact."""

from __future__ import annotations

import torch
from torch import Tensor

from core.objectives.kl import exact_kl
from core.objectives.optimum import Optimum
from core.records import PolicyStats


def logps(logits: Tensor) -> Tensor:
    """Log-probabilities of all responses, shape [V] → [V], nats."""
    return torch.log_softmax(logits, dim=-1)


def total_variation(first_probs: Tensor, second_probs: Tensor) -> Tensor:
    """Total-variation distance, half the sum of |p − q| over the last axis: between 0 (equal) and 1 (disjoint)."""
    return 0.5 * (first_probs - second_probs).abs().sum(-1)


def policy_stats(
    policy_logps: Tensor, ref_logps: Tensor, scores: Tensor, kl_coef: float, optimum: Optimum
) -> PolicyStats:
    """Exact expected reward, KL(policy ‖ reference), entropy, objective E[r] − kl_coef · KL, and distance to `optimum`.

    Shapes: policy_logps, ref_logps, scores [V]. Nats; rewards in the units of the scores.
    """
    probs = policy_logps.exp()
    reward = torch.dot(probs, scores).item()
    kl = exact_kl(policy_logps, ref_logps).item()
    entropy = torch.special.entr(probs).sum().item()  # −p log p, and 0 where a response has probability 0
    return PolicyStats(reward, kl, entropy, reward - kl_coef * kl, total_variation(probs, optimum.logps.exp()).item())
