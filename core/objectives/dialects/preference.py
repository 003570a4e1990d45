"""Where projects differ on supervised and preference losses. Every value is computed from the arguments.

Read in the code of TRL 1.16, OpenRLHF, HALOs, direct-preference-optimization (the DPO authors), SimPO's code,
open-instruct and rlhf-book. Shapes: scalars unless said otherwise; log-probabilities in nats.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.objectives.bradley_terry import pairwise_loss
from core.objectives.dialects.row import Row, rows
from core.objectives.dpo import dpo_loss
from core.objectives.kto import kto_loss
from core.objectives.masking import masked_mean
from core.objectives.orpo import orpo_loss
from core.objectives.sft import token_nll_loss
from core.objectives.simpo import simpo_loss


def _one(value: Tensor | float) -> Tensor:
    return torch.as_tensor(value, dtype=torch.float64).reshape(1)


def ipo_length(
    chosen_log_ratio: float,
    rejected_log_ratio: float,
    chosen_length: int,
    rejected_length: int,
    beta: float,
    chosen_moved: int | None = None,
    rejected_moved: int | None = None,
) -> list[Row]:
    """IPO on summed or per-token log-ratios. `*_moved` = tokens whose log-ratio is not 0 (default: all of them)."""
    moved = (
        chosen_length if chosen_moved is None else chosen_moved,
        rejected_length if rejected_moved is None else rejected_moved,
    )
    u, v, zero = _one(chosen_log_ratio), _one(rejected_log_ratio), _one(0.0)

    def loss(kind: str, lengths: tuple[int, int] | None = None) -> float:
        chosen, rejected = (None, None) if lengths is None else map(_one, lengths)
        settings = {"chosen_lengths": chosen, "rejected_lengths": rejected}
        return dpo_loss(u, v, zero, zero, beta, kind, **settings).loss.item()

    summed = loss("ipo_sum")
    return rows(
        "IPO: per token or summed",
        ("TRL", "loss_type=ipo, divides by tokens", loss("ipo", (chosen_length, rejected_length)), True),
        ("direct-preference-optimization", "ipo=True, sums", summed),
        ("OpenRLHF", "DPOLoss(ipo=True), sums", summed),
        ("rlhf-book", "IPOLoss, sums", summed),
        ("HALOs", "IPOTrainer, divides by tokens with a log-ratio", loss("ipo", moved) if all(moved) else None),
    )


def label_smoothing(margin: float, beta: float, smoothing: float) -> list[Row]:
    """DPO with label smoothing at one margin (= chosen minus rejected log-ratio)."""
    m, zero = _one(margin), _one(0.0)

    def loss(kind: str) -> float:
        return dpo_loss(m, zero, zero, zero, beta, kind, label_smoothing=smoothing).loss.item()

    conservative = loss("cdpo")
    return rows(
        "label smoothing in DPO",
        ("TRL", "loss_type=sigmoid, ignores it", loss("sigmoid"), True),
        ("TRL", "loss_type=robust", loss("robust")),
        ("direct-preference-optimization", "label_smoothing (conservative)", conservative),
        ("OpenRLHF", "DPOLoss(label_smoothing)", conservative),
        ("open-instruct", "dpo_loss(label_smoothing)", conservative),
    )


def hinge(
    policy_chosen: float,
    policy_rejected: float,
    ref_chosen: float,
    ref_rejected: float,
    chosen_length: int,
    beta: float,
    slic_margin: float = 1.0,
    slic_nll_coef: float = 0.1,
) -> list[Row]:
    """Hinge loss: relative to the reference (RSO), or SLiC's margin plus a likelihood term without a reference."""
    pair = [_one(x) for x in (policy_chosen, policy_rejected, ref_chosen, ref_rejected)]
    slic = max(slic_margin - (policy_chosen - policy_rejected), 0.0) - slic_nll_coef * policy_chosen / chosen_length
    return rows(
        "hinge / SLiC",
        ("TRL", "loss_type=hinge, 1 - beta * gap to the reference", dpo_loss(*pair, beta, "hinge").loss, True),
        ("HALOs", "SLiC, margin - gap of log-probabilities + lambda * NLL per token", slic),
    )


def kto_reduction(policy: Tensor, reference: Tensor, kl: float, labels: Tensor, beta: float) -> list[Row]:
    """KTO over [B] examples: one mean, or one per label."""
    result = kto_loss(policy, reference, labels, kl, beta)
    per_label = masked_mean(result.losses, labels) + masked_mean(result.losses, ~labels)
    return rows(
        "KTO: what is averaged",
        ("TRL", "mean over all examples", result.loss, True),
        ("rlhf-book", "mean of desirable + mean of undesirable", per_label),
    )


def simpo_gamma(chosen_avg: float, rejected_avg: float, beta: float, gamma: float) -> list[Row]:
    """The same number given as SimPO's gamma to codes that mean gamma, or gamma / beta."""

    def loss(beta: float, margin: float) -> float:
        return simpo_loss(_one(chosen_avg), _one(rejected_avg), beta, margin).loss.item()

    ratio = loss(beta, beta * gamma)
    return rows(
        "SimPO's gamma",
        ("TRL", "simpo_gamma, after beta", loss(beta, gamma), True),
        ("rlhf-book", "gamma, times beta", ratio),
        ("SimPO's code", "gamma_beta_ratio, times beta", ratio),
        ("TRL", "with its defaults, beta 0.1 and simpo_gamma 0.5", loss(0.1, 0.5)),
    )


def sft_aggregation(logps: Tensor, mask: Tensor) -> list[Row]:
    """Cross-entropy of [B, T] tokens: every token counts the same, or every sequence."""
    return rows(
        "SFT: what is averaged",
        ("TRL, OpenRLHF, verl", "token mean", token_nll_loss(logps, mask).loss, True),
        ("OpenRLHF", "mean of sequence means", token_nll_loss(logps, mask, aggregation="sequence_mean").loss),
    )


def reward_model_loss(chosen: Tensor, rejected: Tensor, margin: float) -> list[Row]:
    """Bradley-Terry loss of [B] pairs: with a margin, and in the form that overflows and has none."""
    overflowing = torch.log(1.0 + torch.exp(rejected - chosen)).mean()
    given = torch.full_like(chosen, margin)
    return rows(
        "reward-model loss",
        ("TRL, OpenRLHF", "sigmoid", pairwise_loss(chosen, rejected).loss, True),
        ("OpenRLHF", "logexp", overflowing),
        ("TRL, OpenRLHF", "sigmoid with the margin", pairwise_loss(chosen, rejected, given).loss, True),
        ("OpenRLHF", "logexp, ignores the margin", overflowing),
    )


def orpo_logs(chosen_avg: Tensor, rejected_avg: Tensor) -> list[Row]:
    """What stands behind "log odds ratio" in the log of ORPO; [B] averages per token."""
    result = orpo_loss(chosen_avg, rejected_avg, torch.zeros_like(chosen_avg[0]))
    return rows(
        "ORPO's logged odds",
        ("TRL", "log_odds_ratio = mean log sigmoid(log-odds)", result.metrics["log_odds_ratio"], True),
        ("TRL", "log_odds_chosen = mean log-odds", result.metrics["log_odds_chosen"], True),
    )
