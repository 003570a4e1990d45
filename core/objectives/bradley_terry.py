"""Bradley–Terry: scores, comparisons of scores, and the loss that a reward model is trained with.

P(i beats j) = sigma(r_i - r_j)  (Bradley and Terry 1952). Everything here sees score *differences*, so adding one
constant to every score changes no likelihood. Two things do feel it: a Gaussian prior on the strengths or weights, and
the centring term of the reward loss. The fits (of feature weights and of item strengths) live in `bradley_terry_fit`
and are offered here under the same names.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from core.objectives.bradley_terry_fit import (
    DescentPath,
    ItemFit,
    LinearFit,
    fit_feature_weights,
    fit_gradient_descent,
    fit_item_strengths,
)

__all__ = [
    "DescentPath",
    "ItemFit",
    "LinearFit",
    "RewardLoss",
    "comparison_nll",
    "fit_feature_weights",
    "fit_gradient_descent",
    "fit_item_strengths",
    "pairwise_loss",
    "preference_probability",
]


class RewardLoss(NamedTuple):
    """Bradley–Terry loss of pairs. `loss` is a differentiable scalar; `losses` [B] leave the centring term out."""

    loss: Tensor
    losses: Tensor
    rewards_chosen: Tensor
    rewards_rejected: Tensor

    @property
    def metrics(self) -> dict[str, float]:
        """TRL's log names. `accuracy` counts chosen > rejected strictly: a tie is an error.

        `margin` is the mean score gap, whatever margin the loss was given. Worked out when asked for, so that a loop
        which does not log pays nothing. An empty batch gives zeros.
        """
        chosen, rejected = self.rewards_chosen.detach(), self.rewards_rejected.detach()
        if chosen.numel() == 0:
            return dict.fromkeys(("accuracy", "margin", "min_reward", "mean_reward", "max_reward"), 0.0)
        both = torch.cat([chosen.reshape(-1), rejected.reshape(-1)])
        return {
            "accuracy": (chosen > rejected).double().mean().item(),
            "margin": (chosen - rejected).mean().item(),
            "min_reward": both.min().item(),
            "mean_reward": both.mean().item(),
            "max_reward": both.max().item(),
        }


def preference_probability(margin: Tensor | float) -> Tensor:
    """P(first beats second) = sigma(margin), where margin = r_first - r_second in nats. Any shape, no overflow."""
    return torch.sigmoid(torch.as_tensor(margin))


def pairwise_loss(
    rewards_chosen: Tensor,
    rewards_rejected: Tensor,
    margin: Tensor | None = None,
    center_rewards_coefficient: float | None = None,
) -> RewardLoss:
    """-mean log sigma(r_chosen - r_rejected - margin) + c * mean((r_chosen + r_rejected)^2), all inputs [B].

    Ouyang et al. 2022, eq. 1; the margin is Llama 2's (Touvron et al. 2023); the centring term is TRL's
    `center_rewards_coefficient` (Eisenstein et al. 2023, 2312.09244, eq. 2) and the only part that feels a shift of all
    scores. An empty batch costs 0.
    """
    gap = rewards_chosen - rewards_rejected
    losses = -logsigmoid(gap if margin is None else gap - margin)
    loss = losses.mean() if losses.numel() else losses.sum()
    if center_rewards_coefficient and losses.numel():
        loss = loss + center_rewards_coefficient * ((rewards_chosen + rewards_rejected) ** 2).mean()
    return RewardLoss(loss, losses, rewards_chosen, rewards_rejected)


def comparison_nll(
    margins: Tensor, outcomes: Tensor | float, reduction: Literal["none", "sum", "mean"] = "none"
) -> Tensor:
    """Negative log-likelihood of comparisons under Bradley–Terry, in nats.

    `margins` [N] = score of the first item minus score of the second. `outcomes` in [0, 1] = the first item's share of
    the win: 1, 0, or 0.5 for a tie, which counts as half a win each way. Returns [N], or a scalar for "sum" and "mean"
    (the mean of nothing is 0). Raises ValueError for an unknown reduction.
    """
    # Two log-sigmoids instead of one plus a product: each keeps its small tail at saturated margins.
    nll = -(outcomes * logsigmoid(margins) + (1 - outcomes) * logsigmoid(-margins))
    if reduction == "none":
        return nll
    if reduction == "sum":
        return nll.sum()
    if reduction == "mean":
        return nll.sum() / max(nll.numel(), 1)
    raise ValueError(f'The reduction must be "none", "sum" or "mean", not "{reduction}".')
