"""GRPO: advantages relative to the group, and the clipped token loss with its later variants.

Source: Shao et al. 2024, arXiv:2402.03300, equations 3 and 4; defaults and names as in TRL 1.16.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from core.objectives.groups import combine_rewards, grouped, nan_std
from core.objectives.kl import k3
from core.objectives.masking import masked_mean, masked_sum, masked_values
from core.objectives.ppo import LARGEST_LOG_RATIO

LOSS_TYPES = ("grpo", "bnpo", "dr_grpo", "dapo", "luspo", "sapo", "cispo")


class GroupAdvantages(NamedTuple):
    """`advantages`, `rewards` (NaN = no reward), `std` used or shown, each [N]; `frac_reward_zero_std` in 0..1."""

    advantages: Tensor
    rewards: Tensor
    std: Tensor
    frac_reward_zero_std: float


class GRPOLoss(NamedTuple):
    """`loss` []; `losses` [B, T] per token, or [B, 1] where one ratio serves the sequence; `ratios` the same shape
    (after `delta`); `per_token_kl` [B, T] or None; `low_clipped`, `high_clipped`: the ratio is out of bounds on the
    side that the advantage pushes to; `loss_type` as given."""

    loss: Tensor
    losses: Tensor
    ratios: Tensor
    per_token_kl: Tensor | None
    low_clipped: Tensor
    high_clipped: Tensor
    loss_type: str


def grpo_advantages(
    rewards_per_func: Tensor,
    num_generations: int,
    reward_weights: Tensor | None = None,
    scale_rewards: str = "group",
    multi_objective_aggregation: str = "sum_then_normalize",
    std_epsilon: float = 1e-4,
    unbiased: bool = True,
) -> GroupAdvantages:
    """(reward - group mean) / (std + std_epsilon). Shapes: rewards [N, F] or [N], prompt-major -> [N].

    `scale_rewards`: "group" std, "batch" std, or "none" (Dr. GRPO, arXiv:2503.20783). `multi_objective_aggregation`
    "normalize_then_sum" normalises every reward function within its group before summing, then over the batch.
    NaN = no reward: such a row is left out of the statistics and has advantage 0. Groups of equal rewards have
    advantage 0. Raises ValueError for an unknown name or if N is no multiple of `num_generations`.
    """
    rewards = combine_rewards(rewards_per_func, reward_weights)
    if multi_objective_aggregation == "normalize_then_sum":
        columns = rewards_per_func if rewards_per_func.dim() == 2 else rewards_per_func.unsqueeze(1)
        by_group = grouped(columns, num_generations)
        std = nan_std(by_group, 1, unbiased) if num_generations > 1 else torch.zeros_like(by_group)
        normalised = (by_group - by_group.nanmean(1, keepdim=True)) / (std + std_epsilon)
        # A function that gave one reward only has no spread to normalise by; it adds nothing.
        weights = 1.0 if reward_weights is None else reward_weights
        rewards = torch.where(rewards.isnan(), torch.nan, (normalised.reshape(columns.shape) * weights).nansum(1))
        centred, std = rewards - rewards.nanmean(), _batch_std(rewards, unbiased)
        advantages = centred / (std + std_epsilon)
    elif multi_objective_aggregation == "sum_then_normalize":
        by_group = grouped(rewards, num_generations)
        advantages = (by_group - by_group.nanmean(1, keepdim=True)).reshape(-1)
        if scale_rewards == "batch":
            std = _batch_std(rewards, unbiased)
        elif scale_rewards in ("group", "none"):
            std = nan_std(by_group, 1, unbiased) if num_generations > 1 else torch.zeros_like(by_group)
            std = std.expand(by_group.shape).reshape(-1)
        else:
            raise ValueError(f"Unknown scale_rewards '{scale_rewards}'; known are group, batch, none.")
        if scale_rewards != "none":
            advantages = advantages / (std + std_epsilon)
    else:
        raise ValueError(f"Unknown multi_objective_aggregation '{multi_objective_aggregation}'.")
    zero_std = torch.isclose(std, torch.zeros_like(std)).double().mean().item() if std.numel() else 0.0
    return GroupAdvantages(torch.nan_to_num(advantages, nan=0.0), rewards, std, zero_std)


def _batch_std(rewards: Tensor, unbiased: bool) -> Tensor:
    return (
        nan_std(rewards, unbiased=unbiased).expand(rewards.shape) if rewards.numel() > 1 else torch.zeros_like(rewards)
    )


def grpo_loss(
    per_token_logps: Tensor,
    old_per_token_logps: Tensor,
    advantages: Tensor,
    completion_mask: Tensor,
    ref_per_token_logps: Tensor | None = None,
    beta: float = 0.0,
    epsilon_low: float = 0.2,
    epsilon_high: float = 0.2,
    loss_type: str = "dapo",
    importance_sampling_level: str = "token",
    delta: float | None = None,
    max_completion_length: int | None = None,
    use_bias_correction_kl: bool = True,
    num_items_in_batch: float | None = None,
    sapo_temperatures: tuple[float, float] = (1.0, 1.05),
) -> GRPOLoss:
    """Clipped loss over the tokens of B completions, plus beta times k3 to the reference.

    Shapes: logps and mask [B, T], advantages [B]; what the padding holds does not matter. `loss_type` sets how tokens
    are averaged: "dapo" over `num_items_in_batch` (default: this batch's tokens), "bnpo" over this batch's tokens,
    "grpo" within each sequence first (the paper), "dr_grpo" over B * max_completion_length, "luspo" sums per sequence;
    or another token loss: "sapo" (soft gate, two temperatures), "cispo" (clipped weight without gradient).
    `importance_sampling_level` "sequence" uses one length-normalised ratio per sequence (GSPO, arXiv:2507.18071).
    `delta` bounds the ratio from above for both signs. `use_bias_correction_kl` multiplies k3 by the ratio: TRL's
    default, not the paper's. Raises ValueError for an unknown name or a missing argument.
    """
    mask = completion_mask.to(per_token_logps.dtype)
    logps = masked_values(per_token_logps, mask)
    log_ratios = logps - masked_values(old_per_token_logps, mask)
    if importance_sampling_level == "sequence":
        log_ratios = masked_mean(log_ratios, mask, -1).unsqueeze(-1)
    elif importance_sampling_level != "token":
        raise ValueError(f"Unknown importance_sampling_level '{importance_sampling_level}'; known: token, sequence.")
    limit = LARGEST_LOG_RATIO[log_ratios.dtype]
    ratios = log_ratios.clamp(-limit, limit).exp()
    advantages = advantages.unsqueeze(1)
    per_token_kl = None
    if beta != 0.0:
        if ref_per_token_logps is None:
            raise ValueError("beta is not 0, so the reference's log-probabilities are needed.")
        per_token_kl = k3(logps, masked_values(ref_per_token_logps, mask))
        if use_bias_correction_kl:
            per_token_kl = per_token_kl * ratios

    if loss_type == "cispo":
        losses = -ratios.clamp(max=epsilon_high).detach() * advantages * logps
    elif loss_type == "sapo":
        temperature = torch.where(advantages > 0, *sapo_temperatures)
        losses = -torch.sigmoid(temperature * (ratios - 1.0)) * 4.0 / temperature * advantages
    else:
        held = ratios.clamp(1.0 - epsilon_low, 1.0 + epsilon_high)
        if delta is not None:
            ratios = ratios.clamp(max=delta)
        losses = -torch.minimum(ratios * advantages, held * advantages)
    total = losses if per_token_kl is None else losses + beta * per_token_kl
    loss = _aggregate(total, mask, loss_type, max_completion_length, num_items_in_batch)
    low = (ratios < 1.0 - epsilon_low) & (advantages < 0)
    # CISPO bounds the weight by epsilon_high itself.
    high = (ratios > (epsilon_high if loss_type == "cispo" else 1.0 + epsilon_high)) & (advantages > 0)
    return GRPOLoss(loss, total, ratios, per_token_kl, low, high, loss_type)


def _aggregate(
    losses: Tensor, mask: Tensor, loss_type: str, max_completion_length: int | None, num_items: float | None
) -> Tensor:
    losses = losses.expand(mask.shape)
    if loss_type in ("grpo", "sapo"):
        # Unlike verl's sequence mean, an empty completion counts here, with loss 0.
        return masked_mean(masked_mean(losses, mask, -1))
    if loss_type == "luspo":
        return masked_mean(masked_sum(losses, mask, -1))
    if loss_type == "bnpo" or (loss_type in ("dapo", "cispo") and num_items is None):
        return masked_mean(losses, mask)
    if loss_type in ("dapo", "cispo"):
        return masked_sum(losses, mask) / max(float(num_items), 1.0)
    if loss_type == "dr_grpo":
        if max_completion_length is None:
            raise ValueError("dr_grpo divides by max_completion_length, so it must be given.")
        return masked_sum(losses, mask) / max(mask.shape[0] * max_completion_length, 1)
    raise ValueError(f"Unknown loss_type '{loss_type}'; known are {', '.join(LOSS_TYPES)}.")


def grpo_metrics(result: GRPOLoss, completion_mask: Tensor, entropies: Tensor | None = None) -> dict[str, float]:
    """TRL's log of one loss: `kl`, `entropy`, `clip_ratio/*` or `cispo_clip_ratio`.

    Shapes: completion_mask, entropies [B, T].
    With one ratio per sequence the clip ratios count sequences. `low_min` and `high_max` are over sequences; those
    without a token do not count.
    """
    mask = completion_mask.to(result.losses.dtype)
    per_sequence = result.ratios.shape != mask.shape
    filled = torch.ones_like(mask[:, 0]) if per_sequence else mask.sum(-1)
    low, high = result.low_clipped.to(mask.dtype), result.high_clipped.to(mask.dtype)
    low_rows, high_rows = (masked_mean(x, None if per_sequence else mask, -1)[filled > 0] for x in (low, high))
    weights = None if per_sequence else mask
    metrics: dict[str, float] = {}
    if result.per_token_kl is not None:
        metrics["kl"] = masked_mean(result.per_token_kl.detach(), mask).item()
    if entropies is not None:
        metrics["entropy"] = masked_mean(entropies.detach(), mask).item()
    if result.loss_type == "cispo":
        return metrics | {"cispo_clip_ratio": masked_mean(high, weights).item()}
    if result.loss_type == "sapo":  # nothing is clipped
        return metrics
    return metrics | {
        "clip_ratio/low_mean": masked_mean(low, weights).item(),
        "clip_ratio/high_mean": masked_mean(high, weights).item(),
        "clip_ratio/region_mean": masked_mean(torch.maximum(low, high), weights).item(),
        "clip_ratio/low_min": low_rows.min().item() if low_rows.numel() else 0.0,
        "clip_ratio/high_max": high_rows.max().item() if high_rows.numel() else 0.0,
    }
