"""Best-of-n sampling, exactly: draw n responses from the reference and keep the one with the highest reward."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from core.objectives.kl import exact_kl


class BestOfN(NamedTuple):
    """`logps` [V] of the kept response; scalars: `kl` to the reference and its upper bound (nats), mean rewards."""

    logps: Tensor
    kl: Tensor
    kl_upper_bound: float
    expected_reward: Tensor
    expected_reward_reference: Tensor


def kl_upper_bound(n: int) -> float:
    """log n - (n - 1)/n in nats: the KL for continuous rewards, an upper bound for finitely many responses.

    Sources: Stiennon et al. 2020, arXiv:2009.01325; the bound: Beirami et al. 2024, arXiv:2401.01879. Raises
    ValueError unless n >= 1.
    """
    if n < 1:
        raise ValueError("Best-of-n needs n of at least 1.")
    return math.log(n) - (n - 1) / n


def best_of_n(ref_logps: Tensor, rewards: Tensor, n: int) -> BestOfN:
    """Distribution of the best of n independent draws. Shapes: ref_logps, rewards [V].

    Among equal rewards the first drawn wins, so each tied class keeps the proportions of the reference. A class of mass
    m below which (and with which) lies the mass F wins with probability F^n - (F - m)^n. `ref_logps` are normalised
    here. Raises ValueError unless n >= 1.
    """
    bound = kl_upper_bound(n)
    ref_logps = torch.log_softmax(ref_logps, dim=-1)
    probs = ref_logps.exp()
    _, class_of = torch.unique(rewards, return_inverse=True)
    mass = torch.zeros(int(class_of.max()) + 1, dtype=probs.dtype).index_add(0, class_of, probs)
    up_to = mass.cumsum(0)
    up_to = up_to / up_to[-1]
    share = torch.where(mass > 0, (mass / up_to.clamp_min(torch.finfo(mass.dtype).tiny)).clamp_max(1.0), 0.0)
    # F^n - (F - m)^n = F^n (1 - (1 - m/F)^n), written so that neither small m nor large n loses digits.
    wins = n * up_to.log() + torch.log(-torch.expm1(n * torch.log1p(-share)))
    log_ratio = torch.where(mass > 0, wins - mass.log(), -torch.inf)[class_of]
    logps = torch.where(ref_logps > -torch.inf, ref_logps + log_ratio, -torch.inf)
    kept = logps.exp()
    return BestOfN(logps, exact_kl(logps, ref_logps), bound, (kept * rewards).sum(), (probs * rewards).sum())
