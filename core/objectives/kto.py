"""KTO: learning from single completions marked good or bad, without pairs (Ethayarajh et al. 2024, 2402.01306)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class KtoLoss(NamedTuple):
    """`loss` scalar, `losses` [B] with their weights, `rewards` [B] = beta * log-ratio (detached), `kl` scalar."""

    loss: Tensor
    losses: Tensor
    rewards: Tensor
    kl: Tensor
    labels: Tensor
    policy_logps: Tensor

    @property
    def chosen_rewards(self) -> Tensor:
        """Rewards of the desirable completions [number desirable]."""
        return self.rewards[self.labels]

    @property
    def rejected_rewards(self) -> Tensor:
        """Rewards of the undesirable completions [number undesirable]."""
        return self.rewards[~self.labels]

    @property
    def metrics(self) -> dict[str, float]:
        """TRL's log names. As in TRL, a side without examples has no entry, and then there is no margin either."""
        named = {"kl": self.kl.item()}
        logps = self.policy_logps.detach()
        for side, rows in (("chosen", self.labels), ("rejected", ~self.labels)):
            if rows.any():
                named[f"rewards/{side}"] = self.rewards[rows].mean().item()
                named[f"logps/{side}"] = logps[rows].mean().item()
        if "rewards/chosen" in named and "rewards/rejected" in named:
            named["rewards/margins"] = named["rewards/chosen"] - named["rewards/rejected"]
        return named


def kto_reference_kl(policy_kl_logps: Tensor, reference_kl_logps: Tensor) -> Tensor:
    """The reference point z: max(0, mean log-ratio) over *mismatched* prompt-completion pairs [B]; no gradient.

    It estimates KL(policy || reference). A scalar in nats, 0 for an empty batch.
    """
    if policy_kl_logps.numel() == 0:
        return policy_kl_logps.detach().sum()
    return (policy_kl_logps - reference_kl_logps).detach().mean().clamp(min=0)


def kto_loss(
    policy_logps: Tensor,
    reference_logps: Tensor,
    labels: Tensor,
    kl: Tensor | float = 0.0,
    beta: float = 0.1,
    desirable_weight: float = 1.0,
    undesirable_weight: float = 1.0,
) -> KtoLoss:
    """Mean over *all* B examples of w (1 - sigma(beta (u - z))), or for undesirable ones w (1 - sigma(beta (z - u))).

    `policy_logps`, `reference_logps` [B] are sums over completion tokens, u their difference; `labels` [B] bool, true =
    desirable; `kl` = the reference point z in nats (`kto_reference_kl`, or an exact KL), which gets no gradient.
    Ethayarajh et al. 2024, eq. 7, reduced as in TRL. Raises ValueError unless beta > 0.
    """
    if not beta > 0:
        raise ValueError("beta must be above 0.")
    labels = labels.bool()
    u = policy_logps - reference_logps
    z = torch.as_tensor(kl, dtype=u.dtype, device=u.device).detach()
    # 1 - sigma(x) = sigma(-x), without the cancellation
    gain = torch.where(labels, u - z, z - u)
    good = labels.to(u.dtype)
    weights = desirable_weight * good + undesirable_weight * (1 - good)
    losses = weights * torch.sigmoid(-beta * gain)
    loss = losses.mean() if losses.numel() else losses.sum()
    return KtoLoss(loss, losses, beta * u.detach(), z, labels, policy_logps)
