"""ORPO: supervised loss plus an odds ratio between chosen and rejected, no reference (Hong et al. 2024, 2403.07691)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from core.objectives.masking import masked_mean
from core.objectives.preference import PreferenceLoss

_LN_HALF = -0.6931471805599453


class OrpoLoss(NamedTuple):
    """`loss` = nll_loss - mean(or_losses). `or_losses` [B] = beta * log sigma(log_odds), so they are never positive."""

    loss: Tensor
    or_losses: Tensor
    log_odds: Tensor
    nll_loss: Tensor
    pairs: PreferenceLoss

    @property
    def losses(self) -> Tensor:
        """[B]: each pair's share of the loss, whose mean is `loss`."""
        return self.pairs.losses

    @property
    def chosen_rewards(self) -> Tensor:
        return self.pairs.chosen_rewards

    @property
    def rejected_rewards(self) -> Tensor:
        return self.pairs.rejected_rewards

    @property
    def metrics(self) -> dict[str, float]:
        """TRL's log names. `log_odds_ratio` is the mean of log sigma(log-odds); the log-odds is `log_odds_chosen`."""
        log_odds = self.log_odds.detach()
        return self.pairs.metrics | {
            "log_odds_ratio": masked_mean(logsigmoid(log_odds)).item(),
            "log_odds_chosen": masked_mean(log_odds).item(),
        }


def log_one_minus_exp(logps: Tensor) -> Tensor:
    """log(1 - e^x) for x <= 0, exact near both ends (Mächler 2012).

    A probability of exactly 1 (x = 0) is taken as the nearest one below it that the number format can tell apart, so
    that the result and its gradient stay finite.
    """
    x = logps.clamp(max=-torch.finfo(logps.dtype).tiny)
    near_zero = x > _LN_HALF
    # each branch sees only arguments it is good for: the other branch's gradient would otherwise leak as 0 * inf
    near = torch.log(-torch.expm1(torch.where(near_zero, x, _LN_HALF)))
    far = torch.log1p(-torch.exp(torch.where(near_zero, _LN_HALF, x)))
    return torch.where(near_zero, near, far)


def orpo_loss(
    policy_chosen_avg_logps: Tensor,
    policy_rejected_avg_logps: Tensor,
    chosen_nll_loss: Tensor,
    beta: float = 0.1,
) -> OrpoLoss:
    """nll - beta * mean log sigma(log-odds ratio), with odds p/(1-p) of p = exp(average token log-probability).

    Averages [B] in nats per token; `chosen_nll_loss` is the scalar supervised loss (in TRL over prompt and chosen
    completion together). Hong et al. 2024, eqs. 4 and 7; beta is the paper's lambda.
    Raises ValueError unless beta > 0.
    """
    if not beta > 0:
        raise ValueError("beta must be above 0.")
    chosen, rejected = policy_chosen_avg_logps, policy_rejected_avg_logps
    log_odds = (chosen - rejected) - (log_one_minus_exp(chosen) - log_one_minus_exp(rejected))
    or_losses = beta * logsigmoid(log_odds)
    nll = torch.as_tensor(chosen_nll_loss, dtype=log_odds.dtype, device=log_odds.device)
    loss = nll - masked_mean(or_losses)
    pairs = PreferenceLoss(loss, nll - or_losses, chosen, rejected, chosen, rejected, beta, nll_loss=nll)
    return OrpoLoss(loss, or_losses, log_odds, nll, pairs)
