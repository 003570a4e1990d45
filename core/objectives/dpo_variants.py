"""Seven further losses of the DPO family, each as [B] losses from the pair's log-ratios to the reference.

`u` = log pi/ref of the chosen completion, `v` = the same of the rejected one, both [B]; `beta` scales them to rewards.
The formulas are those of TRL 1.16; `dpo.dpo_loss` offers them by TRL's names.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def apo_zero_losses(u: Tensor, v: Tensor, beta: float) -> Tensor:
    """sigma(-beta u) + sigma(beta v): raise the chosen, lower the rejected (D'Oosterlinck et al. 2024, eq. 7)."""
    return torch.sigmoid(-beta * u) + torch.sigmoid(beta * v)


def apo_down_losses(u: Tensor, v: Tensor, beta: float) -> Tensor:
    """sigma(beta u) + sigma(-beta (u - v)): lower both, the rejected more (D'Oosterlinck et al. 2024, eq. 8)."""
    return torch.sigmoid(beta * u) + torch.sigmoid(-beta * (u - v))


def nca_pair_losses(u: Tensor, v: Tensor, beta: float) -> Tensor:
    """-log sigma(r_c) - 1/2 log sigma(-r_c) - 1/2 log sigma(-r_r), r = beta * log-ratio (NCA, Chen et al. 2024)."""
    chosen, rejected = beta * u, beta * v
    return -logsigmoid(chosen) - 0.5 * logsigmoid(-chosen) - 0.5 * logsigmoid(-rejected)


def bco_pair_losses(u: Tensor, v: Tensor, beta: float) -> Tensor:
    """-log sigma(beta u) - log sigma(-beta v): each side against zero (BCO, Jung et al. 2024, without its shift)."""
    return -logsigmoid(beta * u) - logsigmoid(-beta * v)


def sppo_hard_losses(u: Tensor, v: Tensor, beta: float) -> Tensor:
    """(u - 1/(2 beta))^2 + (v + 1/(2 beta))^2 (SPPO, Wu et al. 2024, eq. 4.7, win probability 1 or 0)."""
    return (u - 0.5 / beta) ** 2 + (v + 0.5 / beta) ** 2


def exo_pair_losses(u: Tensor, v: Tensor, beta: float, label_smoothing: float) -> Tensor:
    """KL(softmax(beta (u, v)) || (1 - eps, eps)) (EXO, Ji et al. 2024, eq. 16 for two completions).

    Raises ValueError unless 0 < eps < 1: a certain label makes the divergence infinite.
    """
    if not 0 < label_smoothing < 1:
        raise ValueError("EXO needs a label smoothing strictly between 0 and 1.")
    margin = beta * (u - v)
    log_win, log_lose = logsigmoid(margin), logsigmoid(-margin)
    win_term = log_win.exp() * (log_win - math.log1p(-label_smoothing))
    return win_term + log_lose.exp() * (log_lose - math.log(label_smoothing))


def discopop_losses(u: Tensor, v: Tensor, beta: float, tau: float) -> Tensor:
    """-log sigma(x) sigma(-x/tau) + e^-x sigma(x/tau), x = beta (u - v) (DiscoPOP, Lu et al. 2024, eq. 5).

    The exponential term is one exponential of a sum, so that a saturated pair gives 0 and not infinity times 0.
    """
    margin = beta * (u - v)
    return -logsigmoid(margin) * torch.sigmoid(-margin / tau) + torch.exp(logsigmoid(margin / tau) - margin)
