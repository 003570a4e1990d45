"""Advantages: baseline, whitening in the conventions of five projects, generalised advantage estimation."""

from typing import NamedTuple

import torch
from torch import Tensor

from core.objectives.masking import masked_mean, masked_sum, masked_values, masked_var

WHITEN_VARIANTS = ("trl", "verl", "openai", "openrlhf", "cleanrl")


class Advantages(NamedTuple):
    """`advantages` and `returns` (= advantages + values), both of the shape of the rewards."""

    advantages: Tensor
    returns: Tensor


def baseline_advantages(rewards: Tensor, weights: Tensor | None = None) -> Tensor:
    """Reward minus the (weighted) mean reward. Shapes [...] -> [...], units of the reward.

    With weights = probabilities of the responses this is the exact advantage r - E[r] (Williams 1992, the baseline
    of REINFORCE); with weights = counts it is that of a sampled batch.
    """
    return rewards - masked_mean(rewards, weights)


def whiten(values: Tensor, mask: Tensor | None = None, variant: str = "trl", shift_mean: bool = True) -> Tensor:
    """Values scaled to unit variance, and moved to mean 0 unless `shift_mean` is False. Shapes [...] -> [...].

    Every position is transformed, also those of weight 0. The projects differ in the statistics:

    - trl: mean and unbiased variance under the mask, divided by sqrt(var + 1e-8)
    - verl: the same, but its means divide by (sum of the mask + 1e-8)
    - openai: biased variance over everything, the mask is not used, sqrt(var + 1e-8)
    - openrlhf: biased variance under the mask, not below 1e-8
    - cleanrl: unbiased standard deviation + 1e-8, the mask is not used

    trl, verl and cleanrl count observations (n - 1): for weights that are probabilities use openrlhf.
    Zero variance and a single value give 0 (plus the mean without `shift_mean`), but for verl: its mean is off by
    about 1e-8 of the value, which the missing spread then magnifies. Raises ValueError for an unknown
    variant.
    """
    if variant == "trl":
        mean, scale = masked_mean(values, mask), torch.rsqrt(masked_var(values, mask) + 1e-8)
    elif variant == "verl":
        mean, scale = _verl_statistics(values, mask)
    elif variant == "openai":
        mean, scale = masked_mean(values), torch.rsqrt(masked_var(values, unbiased=False) + 1e-8)
    elif variant == "openrlhf":
        mean, scale = masked_mean(values, mask), masked_var(values, mask, unbiased=False).clamp_min(1e-8).rsqrt()
    elif variant == "cleanrl":
        mean, scale = masked_mean(values), 1.0 / (masked_var(values).sqrt() + 1e-8)
    else:
        raise ValueError(f"Unknown whitening variant '{variant}'; known are {', '.join(WHITEN_VARIANTS)}.")
    whitened = (values - mean) * scale
    return whitened if shift_mean else whitened + mean


def _verl_statistics(values: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Mean and 1/standard deviation as verl computes them: each mean divides by (total weight + 1e-8)."""
    weights = torch.ones_like(values) if mask is None else mask.to(values.dtype).expand(values.shape)
    total = weights.sum()
    mean = masked_sum(values, weights) / (total + 1e-8)
    var = masked_sum((masked_values(values, weights) - mean) ** 2, weights) / (total + 1e-8)
    bessel = torch.where(total > 1, total / torch.where(total > 1, total - 1, 1.0), 0.0)
    return mean, torch.rsqrt(var * bessel + 1e-8)


def gae(rewards: Tensor, values: Tensor, gamma: float, lam: float) -> Advantages:
    """Generalised advantage estimation over the last axis, one episode per row.

    Shapes: rewards, values [..., T] -> advantages, returns [..., T]. The value after the last position is 0: the
    episode ends there. For padded rows set rewards and values of the padding to 0 first.
    Source: Schulman et al. 2015, arXiv:1506.02438, equation 16 (delta_t = r_t + gamma V_{t+1} - V_t).
    """
    next_values = torch.cat([values[..., 1:], torch.zeros_like(values[..., :1])], dim=-1)
    deltas = rewards + gamma * next_values - values
    discount = gamma * lam
    running = torch.zeros_like(deltas[..., 0]) if deltas.shape[-1] else None
    columns: list[Tensor] = []
    for delta in reversed(deltas.unbind(-1)):
        running = delta + discount * running
        columns.append(running)
    advantages = torch.stack(columns[::-1], dim=-1) if columns else deltas
    return Advantages(advantages, advantages + values)


def gae_with_dones(
    rewards: Tensor, values: Tensor, dones: Tensor, next_value: Tensor, next_done: Tensor, gamma: float, lam: float
) -> Advantages:
    """Generalised advantage estimation over a fixed number of steps that may hold several episodes (CleanRL).

    Shapes: rewards, values, dones [T, B] (time first); next_value, next_done [B]. `dones[t]` = 1 means that step t is
    the first of a new episode, so neither value nor advantage flows back over it. The last step is continued with
    `next_value` unless `next_done` is 1.
    """
    alive = 1.0 - torch.cat([dones[1:], next_done.unsqueeze(0)]).to(values.dtype)
    next_values = torch.cat([values[1:], next_value.unsqueeze(0)])
    deltas = rewards + gamma * next_values * alive - values
    running = torch.zeros_like(next_value)
    rows: list[Tensor] = []
    for delta, keep in zip(reversed(deltas.unbind(0)), reversed(alive.unbind(0)), strict=True):
        running = delta + gamma * lam * keep * running
        rows.append(running)
    advantages = torch.stack(rows[::-1])
    return Advantages(advantages, advantages + values)
