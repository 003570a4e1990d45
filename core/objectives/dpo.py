"""Direct preference optimisation and its relatives: losses on pairs, from log-probabilities under policy and reference.

The formulas stand first, one function each: `u` = log pi/ref of the chosen completion and `v` = the same of the
rejected one, both [B], summed over the completion's tokens. `dpo_loss` puts log-probabilities in and picks a formula by
name; `dpo_token_loss` starts from token log-probabilities and a mask.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from core.objectives.dpo_variants import (
    apo_down_losses,
    apo_zero_losses,
    bco_pair_losses,
    discopop_losses,
    exo_pair_losses,
    nca_pair_losses,
    sppo_hard_losses,
)
from core.objectives.masking import masked_mean, masked_sum
from core.objectives.preference import PreferenceLoss


def sigmoid_losses(u: Tensor, v: Tensor, beta: float) -> Tensor:
    """DPO: -log sigma(beta (u - v)) (Rafailov et al. 2023, eq. 7)."""
    return -logsigmoid(beta * (u - v))


def cdpo_losses(u: Tensor, v: Tensor, beta: float, label_smoothing: float) -> Tensor:
    """Conservative DPO: -(1-eps) log sigma(beta (u - v)) - eps log sigma(-beta (u - v)) (Mitchell 2023).

    eps = the chance that a label is flipped. Its optimum is finite: sigma(beta (u - v)) = 1 - eps.
    Raises ValueError unless 0 <= eps <= 1.
    """
    if not 0 <= label_smoothing <= 1:
        raise ValueError("Label smoothing must lie between 0 and 1.")
    margin = beta * (u - v)
    return -(1 - label_smoothing) * logsigmoid(margin) - label_smoothing * logsigmoid(-margin)


def robust_losses(u: Tensor, v: Tensor, beta: float, label_smoothing: float) -> Tensor:
    """Robust DPO: [-(1-eps) log sigma(m) + eps log sigma(-m)] / (1 - 2 eps), m = beta (u - v).

    Chowdhury et al. 2024, 2403.00409 (TRL "robust"): unbiased under labels flipped with chance eps, not bounded below.
    Raises ValueError unless 0 <= eps < 1/2.
    """
    if not 0 <= label_smoothing < 0.5:
        raise ValueError("Robust DPO needs a label smoothing of at least 0 and below 0.5.")
    margin = beta * (u - v)
    noisy = -(1 - label_smoothing) * logsigmoid(margin) + label_smoothing * logsigmoid(-margin)
    return noisy / (1 - 2 * label_smoothing)


def ipo_losses(u: Tensor, v: Tensor, beta: float) -> Tensor:
    """IPO: (u - v - 1/(2 beta))^2 (Azar et al. 2023, eq. 17, their tau is beta). The gap's target is 1/(2 beta).

    With `u` and `v` divided by their completions' lengths it is TRL's "ipo"; summed as in the paper, "ipo_sum".
    """
    return (u - v - 1 / (2 * beta)) ** 2


def hinge_losses(u: Tensor, v: Tensor, beta: float) -> Tensor:
    """max(0, 1 - beta (u - v)): SLiC's hinge on log-ratios (Zhao et al. 2023; in this form Liu et al. 2023, RSO)."""
    return torch.relu(1 - beta * (u - v))


class _Settings(NamedTuple):
    beta: float
    label_smoothing: float
    discopop_tau: float
    chosen_lengths: Tensor | None
    rejected_lengths: Tensor | None


def _per_token(u: Tensor, v: Tensor, s: _Settings) -> tuple[Tensor, Tensor]:
    if s.chosen_lengths is None or s.rejected_lengths is None:
        raise ValueError("This loss divides by the completions' lengths, so both lengths must be given.")
    return u / s.chosen_lengths.clamp(min=1), v / s.rejected_lengths.clamp(min=1)  # an empty completion has u = 0


LOSSES: dict[str, Callable[[Tensor, Tensor, _Settings], Tensor]] = {
    "sigmoid": lambda u, v, s: sigmoid_losses(u, v, s.beta),
    "cdpo": lambda u, v, s: cdpo_losses(u, v, s.beta, s.label_smoothing),
    "robust": lambda u, v, s: robust_losses(u, v, s.beta, s.label_smoothing),
    "ipo": lambda u, v, s: ipo_losses(*_per_token(u, v, s), s.beta),
    "ipo_sum": lambda u, v, s: ipo_losses(u, v, s.beta),
    "hinge": lambda u, v, s: hinge_losses(u, v, s.beta),
    "sigmoid_norm": lambda u, v, s: sigmoid_losses(*_per_token(u, v, s), s.beta),  # Tulu 3's length-normalised DPO
    "apo_zero": lambda u, v, s: apo_zero_losses(u, v, s.beta),
    "apo_down": lambda u, v, s: apo_down_losses(u, v, s.beta),
    "nca_pair": lambda u, v, s: nca_pair_losses(u, v, s.beta),
    "bco_pair": lambda u, v, s: bco_pair_losses(u, v, s.beta),
    "sppo_hard": lambda u, v, s: sppo_hard_losses(u, v, s.beta),
    "exo_pair": lambda u, v, s: exo_pair_losses(u, v, s.beta, s.label_smoothing),
    "discopop": lambda u, v, s: discopop_losses(u, v, s.beta, s.discopop_tau),
}
"""TRL's `loss_type` names, and two of ours: "cdpo" (TRL 1.16 has it no more) and "ipo_sum"."""


def dpo_loss(
    policy_chosen_logps: Tensor,
    policy_rejected_logps: Tensor,
    reference_chosen_logps: Tensor,
    reference_rejected_logps: Tensor,
    beta: float = 0.1,
    loss_type: str = "sigmoid",
    *,
    label_smoothing: float = 0.0,
    chosen_lengths: Tensor | None = None,
    rejected_lengths: Tensor | None = None,
    discopop_tau: float = 0.05,
    weights: Tensor | None = None,
) -> PreferenceLoss:
    """Mean loss of B pairs; log-probabilities [B] are sums over completion tokens, in nats.

    `label_smoothing` is read by "cdpo", "robust" and "exo_pair" only (as in TRL, "sigmoid" ignores it); the lengths
    [B], in tokens, by "ipo" and "sigmoid_norm". `weights` [B] make the mean a weighted one: counts of repeated pairs,
    or probabilities for an exact expectation. Rewards are beta times the *summed* log-ratio whatever the loss, as in
    TRL. Raises ValueError for an unknown loss_type, beta <= 0, missing lengths, or label smoothing out of the formula's
    range.
    """
    formula = LOSSES.get(loss_type)
    if formula is None:
        raise ValueError(f"There is no preference loss called {loss_type!r}; there are {', '.join(LOSSES)}.")
    if not beta > 0:
        raise ValueError("beta must be above 0.")
    u = policy_chosen_logps - reference_chosen_logps
    v = policy_rejected_logps - reference_rejected_logps
    losses = formula(u, v, _Settings(beta, label_smoothing, discopop_tau, chosen_lengths, rejected_lengths))
    loss = masked_mean(losses, weights)
    return PreferenceLoss(loss, losses, u, v, policy_chosen_logps, policy_rejected_logps, beta, weights)


def dpo_token_loss(
    token_logps: Tensor,
    reference_token_logps: Tensor,
    completion_mask: Tensor,
    beta: float = 0.1,
    loss_type: str = "sigmoid",
    *,
    label_smoothing: float = 0.0,
    discopop_tau: float = 0.05,
) -> PreferenceLoss:
    """The same from token log-probabilities [2B, T]: rows 0..B-1 are the chosen completions, B..2B-1 the rejected ones.

    `completion_mask` [2B, T] is 1 where token_logps belongs to a completion token (prompt and padding are 0); what
    stands elsewhere never matters. A completion without tokens has log-ratio 0. Raises ValueError for an odd number of
    rows, and as `dpo_loss`.
    """
    if token_logps.shape[0] % 2:
        raise ValueError("There must be as many chosen as rejected rows.")
    policy_chosen, policy_rejected = masked_sum(token_logps, completion_mask, -1).chunk(2)
    reference_chosen, reference_rejected = masked_sum(reference_token_logps, completion_mask, -1).chunk(2)
    chosen_lengths, rejected_lengths = completion_mask.sum(-1).chunk(2)
    return dpo_loss(
        policy_chosen,
        policy_rejected,
        reference_chosen,
        reference_rejected,
        beta,
        loss_type,
        label_smoothing=label_smoothing,
        chosen_lengths=chosen_lengths,
        rejected_lengths=rejected_lengths,
        discopop_tau=discopop_tau,
    )
