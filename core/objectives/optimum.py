"""The closed-form optimum of the KL-regularised objective E[r] - beta KL(policy || reference)."""

import math
from typing import NamedTuple

import torch
from torch import Tensor


class Optimum(NamedTuple):
    """The best policy and its figures. Shapes: `logps` [..., V]; the rest [...].

    `beta_log_partition` and `objective` (= expected_reward - beta kl) agree in theory and are computed separately.
    """

    logps: Tensor
    beta_log_partition: Tensor
    kl: Tensor
    expected_reward: Tensor
    objective: Tensor


def kl_optimal_policy(ref_logps: Tensor, rewards: Tensor, beta: float) -> Optimum:
    """policy*(y) = reference(y) exp(r(y) / beta) / Z over the last axis.

    Shapes: ref_logps, rewards [..., V]. `ref_logps` are normalised here; responses that the reference excludes (-inf)
    stay excluded. beta = 0 gives the limit: the reference renormalised on the best responses. Raises ValueError for a
    negative or infinite beta, or if the reference excludes every response.
    Source: Rafailov et al. 2023, arXiv:2305.18290, equation 4.
    """
    if not 0.0 <= beta < math.inf:
        raise ValueError("beta must be a finite number that is not negative.")
    ref_logps = torch.log_softmax(ref_logps, dim=-1)
    possible = ref_logps > -torch.inf
    if not bool(possible.any(-1).all()):
        raise ValueError("The reference must give some response a probability above 0.")
    best = torch.where(possible, rewards, -torch.inf).amax(-1, keepdim=True)
    gap = torch.where(possible, rewards - best, 0.0)  # <= 0, and 0 for the best response
    if beta == 0.0:
        log_z = torch.where(possible & (gap == 0), ref_logps, -torch.inf).logsumexp(-1, keepdim=True)
        log_ratio = torch.where(gap == 0, -log_z, -torch.inf)
        beta_log_partition = best
    else:
        log_z = _log_partition(ref_logps, gap / beta)
        log_ratio = gap / beta - log_z
        beta_log_partition = best + beta * log_z
    logps = torch.where(possible, ref_logps + log_ratio, -torch.inf)
    probs = logps.exp()
    # Sums over responses that keep some probability: elsewhere 0 * inf would appear.
    kl = (probs * torch.where(probs > 0, log_ratio, 0.0)).sum(-1).clamp_min(0.0)
    expected_reward = best.squeeze(-1) + (probs * gap).sum(-1)
    return Optimum(logps, beta_log_partition.squeeze(-1), kl, expected_reward, expected_reward - beta * kl)


def _log_partition(ref_logps: Tensor, scaled_gap: Tensor) -> Tensor:
    """log E_ref[exp(scaled_gap)] [..., 1], accurate both near 0 (huge beta) and far below it (tiny beta)."""
    shift = (ref_logps.exp() * torch.expm1(scaled_gap)).sum(-1, keepdim=True)  # in [-1, 0]
    near = torch.log1p(shift.clamp_min(-0.5))
    far = (ref_logps + scaled_gap).logsumexp(-1, keepdim=True)
    return torch.where(shift > -0.5, near, far)
