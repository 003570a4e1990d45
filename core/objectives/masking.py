"""Sums, means and variances under a mask of weights.

A mask holds non-negative weights of the shape of the values (or one that broadcasts to it), not only 0 and 1.
So one piece of loss code serves three uses: padded token batches (weights 0 and 1), a sampled batch that is stored
as counts (weights 0, 1, 2, ...), and an exact expectation over a few candidates (weights = their probabilities).

What stands at positions of weight 0 never matters, neither in the value nor in the gradient, even NaN or infinity.
Where the total weight is 0 the result is 0.
"""

import torch
from torch import Tensor


def masked_values(values: Tensor, mask: Tensor) -> Tensor:
    """`values` with zeros wherever the weight is 0. The gradient at those positions is exactly 0."""
    return torch.where(mask > 0, values, 0.0)


def masked_sum(values: Tensor, mask: Tensor | None = None, dim: int | tuple[int, ...] | None = None) -> Tensor:
    """Sum of weight times value over `dim` (all positions if None).

    Shapes: values [...], mask broadcastable to it. Units: those of the values.
    """
    if mask is None:
        return values.sum() if dim is None else values.sum(dim)
    weighted = masked_values(values, mask) * mask
    return weighted.sum() if dim is None else weighted.sum(dim)


def masked_mean(values: Tensor, mask: Tensor | None = None, dim: int | tuple[int, ...] | None = None) -> Tensor:
    """Weighted mean over `dim` (all positions if None); 0 where the total weight is 0.

    Shapes: values [...], mask broadcastable to it. Units: those of the values.
    """
    if mask is None:
        if values.numel() == 0:
            return values.sum() if dim is None else values.sum(dim)
        return values.mean() if dim is None else values.mean(dim)
    weights = mask.to(values.dtype)
    if weights.shape != values.shape:
        weights = weights.expand(values.shape)
    total = weights.sum() if dim is None else weights.sum(dim)
    # An empty selection has sum 0, so any positive divisor gives 0 instead of 0/0.
    return masked_sum(values, weights, dim) / total.clamp_min(torch.finfo(values.dtype).tiny)


def masked_var(
    values: Tensor, mask: Tensor | None = None, dim: int | tuple[int, ...] | None = None, unbiased: bool = True
) -> Tensor:
    """Weighted variance over `dim` (all positions if None).

    With `unbiased` the sum of squares is divided by (total weight - 1): the weights count observations. That has no
    meaning for weights that are probabilities; use `unbiased=False` there. The result is 0 where it is not defined
    (total weight 0, or not above 1 with `unbiased`). Units: squares of those of the values.
    """
    weights = torch.ones_like(values) if mask is None else mask.to(values.dtype).expand(values.shape)
    values = masked_values(values, weights)
    dims = tuple(range(values.dim())) if dim is None else dim
    total = weights.sum(dims)
    tiny = torch.finfo(values.dtype).tiny
    mean = (values * weights).sum(dims, keepdim=True) / weights.sum(dims, keepdim=True).clamp_min(tiny)
    squares = (weights * (values - mean) ** 2).sum(dims)
    if unbiased:
        return torch.where(total > 1, squares / torch.where(total > 1, total - 1, 1.0), 0.0)
    return squares / total.clamp_min(tiny)


AGGREGATIONS = ("token-mean", "seq-mean-token-mean", "seq-mean-token-sum", "seq-mean-token-sum-norm")


def aggregate(losses: Tensor, mask: Tensor, mode: str = "token-mean") -> Tensor:
    """One number from per-token losses, under verl's names for the four customs. Shapes: [B, T], [B, T] -> [].

    - token-mean: every token counts the same (TRL's and verl's default)
    - seq-mean-token-mean: every sequence counts the same (the GRPO paper)
    - seq-mean-token-sum: sums per sequence, averaged over the sequences
    - seq-mean-token-sum-norm: all of it divided by the width T (Dr. GRPO)

    Sequences without any token do not count in the two sequence means. Raises ValueError for an unknown mode.
    """
    if mode == "token-mean":
        return masked_mean(losses, mask)
    if mode == "seq-mean-token-sum-norm":
        return masked_sum(losses, mask) / max(mask.shape[-1], 1)
    filled = (mask > 0).any(-1)
    if mode == "seq-mean-token-mean":
        return masked_mean(masked_mean(losses, mask, -1), filled)
    if mode == "seq-mean-token-sum":
        return masked_mean(masked_sum(losses, mask, -1), filled)
    raise ValueError(f"Unknown aggregation '{mode}'; known are {', '.join(AGGREGATIONS)}.")
