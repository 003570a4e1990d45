"""RLOO: each completion is judged against the mean reward of its siblings, with one ratio per sequence.

Source: Ahmadian et al. 2024, arXiv:2402.14740; names and defaults as in TRL 1.16.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from core.objectives.groups import combine_rewards, grouped, nan_std
from core.objectives.kl import k1
from core.objectives.masking import masked_sum
from core.objectives.ppo import PolicyLoss, policy_loss


class RLOOAdvantages(NamedTuple):
    """`advantages` and `shaped_rewards` (clipped, minus beta times KL where it is part of the reward), each [N]."""

    advantages: Tensor
    shaped_rewards: Tensor


def leave_one_out(rewards: Tensor, num_generations: int) -> Tensor:
    """Reward minus the mean reward of the other completions of the prompt. Shapes: [N] -> [N].

    NaN = no reward: it stays out of the others' means. Undefined (NaN) for a completion without siblings or reward.
    """
    by_group = grouped(rewards, num_generations)
    others = (~by_group.isnan()).sum(1, keepdim=True) - 1
    baseline = (by_group.nansum(1, keepdim=True) - by_group) / others
    return torch.where(others > 0, by_group - baseline, torch.nan).reshape(-1)


def rloo_advantages(
    rewards_per_func: Tensor,
    num_generations: int,
    reward_weights: Tensor | None = None,
    beta: float = 0.0,
    sequence_kl: Tensor | None = None,
    reward_clip_range: tuple[float, float] | None = None,
    normalize_advantages: bool = False,
    kl_in_baseline: bool = True,
) -> RLOOAdvantages:
    """Leave-one-out advantages of KL-penalised rewards. Shapes: rewards [N, F] or [N], sequence_kl [N] -> [N].

    The rewards are clipped first; then beta times `sequence_kl` (nats, see `sequence_k1`) is subtracted, before the
    baseline (TRL) or after it (`kl_in_baseline=False`, OpenRLHF). `normalize_advantages` standardises over the batch
    (n - 1, + 1e-4). Completions without reward or siblings have advantage 0. Raises ValueError for a missing
    `sequence_kl` or if N is no multiple of `num_generations`.
    """
    rewards = combine_rewards(rewards_per_func, reward_weights)
    if reward_clip_range is not None:
        rewards = rewards.clamp(*reward_clip_range)
    penalty = 0.0
    if beta != 0.0:
        if sequence_kl is None:
            raise ValueError("beta is not 0, so the KL of each sequence is needed.")
        penalty = beta * sequence_kl
    if kl_in_baseline:
        rewards = rewards - penalty
        advantages = leave_one_out(rewards, num_generations)
    else:
        advantages = leave_one_out(rewards, num_generations) - penalty
    if num_generations == 1:
        advantages = torch.zeros_like(rewards)
    if normalize_advantages:
        advantages = (advantages - advantages.nanmean()) / (nan_std(advantages) + 1e-4)
    return RLOOAdvantages(torch.nan_to_num(advantages, nan=0.0), rewards)


def sequence_k1(per_token_logps: Tensor, ref_per_token_logps: Tensor, completion_mask: Tensor) -> Tensor:
    """Sum over each completion of log policy - log reference: [B, T] three times -> [B], nats."""
    return masked_sum(k1(per_token_logps, ref_per_token_logps), completion_mask, -1)


def rloo_loss(
    per_token_logps: Tensor,
    old_logps: Tensor,
    advantages: Tensor,
    completion_mask: Tensor,
    epsilon_low: float = 0.2,
    epsilon_high: float = 0.2,
) -> PolicyLoss:
    """PPO's clipped loss with the ratio of whole sequences, exp(sum of logps - old_logps), averaged over them.

    Shapes: per_token_logps, completion_mask [B, T]; old_logps, advantages [B]. No KL term: it is in the reward.
    """
    return policy_loss(
        masked_sum(per_token_logps, completion_mask, -1),
        old_logps,
        advantages,
        epsilon_low,
        clip_epsilon_high=epsilon_high,
    )


def rloo_metrics(result: PolicyLoss, advantages: Tensor, epsilon_low: float, epsilon_high: float) -> dict[str, float]:
    """TRL's `clip_ratio/*` of one loss: shares of sequences. Shapes: advantages [B]."""
    low = ((result.ratios < 1.0 - epsilon_low) & (advantages < 0)).double()
    high = ((result.ratios > 1.0 + epsilon_high) & (advantages > 0)).double()
    if not low.numel():
        return dict.fromkeys(
            (f"clip_ratio/{x}" for x in ("low_mean", "low_min", "high_mean", "high_max", "region_mean")), 0.0
        )
    return {
        "clip_ratio/low_mean": low.mean().item(),
        "clip_ratio/low_min": low.min().item(),
        "clip_ratio/high_mean": high.mean().item(),
        "clip_ratio/high_max": high.max().item(),
        "clip_ratio/region_mean": torch.maximum(low, high).mean().item(),
    }
