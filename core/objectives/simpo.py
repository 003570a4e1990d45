"""Losses on pairs that need no reference: SimPO (Meng et al. 2024, 2405.14734) and CPO (Xu et al. 2024, 2401.08417)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from core.objectives.dpo import cdpo_losses, hinge_losses, ipo_losses
from core.objectives.masking import masked_mean
from core.objectives.preference import PreferenceLoss


def simpo_loss(
    policy_chosen_avg_logps: Tensor,
    policy_rejected_avg_logps: Tensor,
    beta: float = 2.0,
    simpo_gamma: float = 1.0,
    label_smoothing: float = 0.0,
    nll_loss: Tensor | float = 0.0,
    cpo_alpha: float = 0.0,
) -> PreferenceLoss:
    """-mean log sigma(beta (c - r) - gamma), c and r the per-token average log-probabilities [B].

    `simpo_gamma` is the paper's gamma, added after beta as in TRL; SimPO's own code passes gamma / beta. `cpo_alpha` >
    0 adds that much of `nll_loss` (CPO-SimPO). Raises ValueError unless beta > 0 and 0 <= label_smoothing <= 1.
    """
    _check(beta, label_smoothing)
    margin = beta * (policy_chosen_avg_logps - policy_rejected_avg_logps) - simpo_gamma
    losses = -(1 - label_smoothing) * logsigmoid(margin)
    if label_smoothing:
        losses = losses - label_smoothing * logsigmoid(-margin)
    return _with_likelihood(losses, policy_chosen_avg_logps, policy_rejected_avg_logps, beta, nll_loss, cpo_alpha)


def cpo_loss(
    policy_chosen_logps: Tensor,
    policy_rejected_logps: Tensor,
    beta: float = 0.1,
    loss_type: str = "sigmoid",
    label_smoothing: float = 0.0,
    nll_loss: Tensor | float = 0.0,
    cpo_alpha: float = 1.0,
) -> PreferenceLoss:
    """DPO's formulas without a reference, plus `cpo_alpha` times the likelihood of the chosen completions (eq. 3).

    Log-probabilities [B] are sums over completion tokens ("sigmoid", "hinge") or per-token averages ("ipo"), as in TRL;
    `nll_loss` is a scalar over completion tokens. Raises ValueError for an unknown loss_type, beta <= 0 or
    label_smoothing outside [0, 1].
    """
    _check(beta, label_smoothing)
    if loss_type == "sigmoid":
        losses = cdpo_losses(policy_chosen_logps, policy_rejected_logps, beta, label_smoothing)
    elif loss_type == "hinge":
        losses = hinge_losses(policy_chosen_logps, policy_rejected_logps, beta)
    elif loss_type == "ipo":
        losses = ipo_losses(policy_chosen_logps, policy_rejected_logps, beta)
    else:
        raise ValueError(f"There is no CPO loss called {loss_type!r}; there are sigmoid, hinge and ipo.")
    return _with_likelihood(losses, policy_chosen_logps, policy_rejected_logps, beta, nll_loss, cpo_alpha)


def _check(beta: float, label_smoothing: float) -> None:
    if not beta > 0:
        raise ValueError("beta must be above 0.")
    if not 0 <= label_smoothing <= 1:
        raise ValueError("Label smoothing must lie between 0 and 1.")


def _with_likelihood(
    losses: Tensor, chosen: Tensor, rejected: Tensor, beta: float, nll_loss: Tensor | float, cpo_alpha: float
) -> PreferenceLoss:
    nll = torch.as_tensor(nll_loss, dtype=losses.dtype, device=losses.device)
    loss = masked_mean(losses)
    if cpo_alpha:
        loss = loss + cpo_alpha * nll
    return PreferenceLoss(loss, losses, chosen, rejected, chosen, rejected, beta, nll_loss=nll)
