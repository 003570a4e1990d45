"""Rewards of groups of completions of one prompt: weighted sums and statistics that leave missing rewards out."""

import torch
from torch import Tensor


def combine_rewards(rewards_per_func: Tensor, reward_weights: Tensor | None = None) -> Tensor:
    """Weighted sum over the reward functions. Shapes: [N, F], [F] -> [N].

    NaN = this function gave no reward; it counts as 0, and a row without any reward stays NaN. A [N] tensor of rewards
    is returned as it is.
    """
    if rewards_per_func.dim() == 1:
        return rewards_per_func
    missing = rewards_per_func.isnan()
    weights = 1.0 if reward_weights is None else reward_weights
    total = torch.where(missing, 0.0, rewards_per_func * weights).sum(1)
    return torch.where(missing.all(1), torch.nan, total)


def nan_std(values: Tensor, dim: int | None = None, unbiased: bool = True) -> Tensor:
    """Standard deviation over `dim`, kept as size 1 (all values if None), of the values that are not NaN.

    NaN where it is not defined: no value, or a single one with `unbiased`.
    """
    dims = tuple(range(values.dim())) if dim is None else dim
    present = ~values.isnan()
    count = present.sum(dims, keepdim=True)
    mean = torch.where(present, values, 0.0).sum(dims, keepdim=True) / count
    squares = torch.where(present, values - mean, 0.0).square().sum(dims, keepdim=True)
    divisor = count - 1 if unbiased else count
    return torch.where(divisor > 0, squares / divisor, torch.nan).sqrt()


def grouped(values: Tensor, num_generations: int) -> Tensor:
    """[N] -> [N / G, G], rows 0..G-1 being the first prompt. Raises ValueError if N is no multiple of G >= 1."""
    if num_generations < 1 or values.shape[0] % num_generations:
        raise ValueError("The number of completions must be a multiple of the group size.")
    return values.reshape(-1, num_generations, *values.shape[1:])
