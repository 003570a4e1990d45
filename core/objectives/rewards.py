"""Per-token rewards of RLHF: a KL penalty at every token and the score of the whole response at one of them."""

from typing import NamedTuple

import torch
from torch import Tensor

from core.objectives.advantages import whiten
from core.objectives.kl import kl_estimate


class TokenRewards(NamedTuple):
    """All [B, T]. `padding_mask` True = beyond the last token; `padding_mask_p1` True = beyond the one after it.

    `kl` in nats per token, `non_score_reward` = -kl_coef * kl, `rewards` = that plus the score. Zero in the padding,
    but for the score.
    """

    kl: Tensor
    non_score_reward: Tensor
    rewards: Tensor
    padding_mask: Tensor
    padding_mask_p1: Tensor


class RewardSummary(NamedTuple):
    """Batch means per response, as TRL logs them under `objective/`. KL and entropy in nats per response."""

    kl: float
    entropy: float
    non_score_reward: float
    rlhf_reward: float
    scores: float


def response_padding(last_token_index: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Padding masks [B, T] of responses that end at `last_token_index` [B] (-1 = no token at all).

    True beyond the last token, and True beyond the position after it.
    """
    positions = torch.arange(length, device=last_token_index.device)
    last = last_token_index.unsqueeze(1)
    return positions > last, positions > last + 1


def kl_penalised_rewards(
    logps: Tensor,
    ref_logps: Tensor,
    scores: Tensor,
    last_token_index: Tensor,
    kl_coef: float,
    estimator: str = "k1",
    whiten_rewards: bool = False,
) -> TokenRewards:
    """TRL's token rewards: -kl_coef * KL at every token, the score one position past the last token.

    If the response fills the row the score stands on its last token. Shapes: logps, ref_logps [B, T], scores,
    last_token_index [B]. What the padding holds does not matter. `whiten_rewards` scales the rewards to unit variance
    over the positions up to one past the last token and leaves their mean. Raises ValueError for an unknown estimator.
    Sources: Ziegler et al. 2019, arXiv:1909.08593, equation 2; the position is TRL's custom (PPOTrainer 1.12).
    """
    length = logps.shape[1]
    padding, padding_p1 = response_padding(last_token_index, length)
    kl = kl_estimate(torch.where(padding, 0.0, logps), torch.where(padding, 0.0, ref_logps), estimator)
    non_score = -kl_coef * kl
    score_position = torch.where(last_token_index + 1 < length, last_token_index + 1, last_token_index)
    rewards = non_score + _at(score_position, scores, length)
    if whiten_rewards:
        rewards = torch.where(padding_p1, 0.0, whiten(rewards, ~padding_p1, "trl", shift_mean=False))
    return TokenRewards(kl, non_score, rewards, padding, padding_p1)


def last_token_rewards(
    logps: Tensor,
    ref_logps: Tensor,
    scores: Tensor,
    action_mask: Tensor,
    kl_coef: float,
    estimator: str = "k1",
    reward_clip_range: tuple[float, float] | None = None,
    kl_clamp: float | None = 10.0,
) -> TokenRewards:
    """OpenRLHF's token rewards: the score on the last token itself, each token's KL limited to +-kl_clamp.

    Shapes: logps, ref_logps, action_mask [B, T] (1 = real token), scores [B]. The scores are limited to
    `reward_clip_range`. A negative `kl_coef` counts as 0. A row without any token gets its score in the last column.
    """
    length = logps.shape[1]
    real = action_mask > 0
    kl = kl_estimate(torch.where(real, logps, 0.0), torch.where(real, ref_logps, 0.0), estimator, kl_clamp)
    non_score = -max(kl_coef, 0.0) * kl
    if reward_clip_range is not None:
        scores = scores.clamp(*reward_clip_range)
    last = length - 1 - real.flip(1).long().argmax(1)
    padding = ~real
    padding_p1 = padding & (torch.arange(length, device=last.device) != (last + 1).unsqueeze(1))
    return TokenRewards(kl, non_score, non_score + _at(last, scores, length), padding, padding_p1)


def reward_summary(rewards: TokenRewards, logps: Tensor, scores: Tensor) -> RewardSummary:
    """Means per response over the batch. `entropy` is the sum of -logps of the sampled tokens, an estimate.

    Shapes: logps [B, T], scores [B].
    """
    surprise = torch.where(rewards.padding_mask, 0.0, -logps).sum(1).mean().item()
    non_score, score = rewards.non_score_reward.sum(1).mean().item(), scores.mean().item()
    return RewardSummary(rewards.kl.sum(1).mean().item(), surprise, non_score, non_score + score, score)


def _at(position: Tensor, amounts: Tensor, length: int) -> Tensor:
    """[B, T] with `amounts` [B] at `position` [B] and 0 elsewhere."""
    here = torch.arange(length, device=position.device) == position.unsqueeze(1)
    return torch.where(here, amounts.unsqueeze(1), 0.0)
