"""The tabular policy of the end-to-end cases: a bigram table. W[previous, next] are the logits of the next token."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

IGNORE = -100


def bigram_logits(table: Tensor, token_ids: Tensor) -> Tensor:
    """Logits [B, T, V] of the token after each position: the row of the token that stands there."""
    return table[token_ids]


def padded(rows: Sequence[Sequence[int]], value: int = 0) -> Tensor:
    """Ragged rows of token ids as one [B, T] tensor, padded on the right."""
    return pad_sequence([torch.tensor(list(row), dtype=torch.long) for row in rows], True, value)


def prompt_and_completion(prompts: Sequence[Sequence[int]], completions: Sequence[Sequence[int]]) -> tuple:
    """`input_ids` and `labels` [B, T] (unshifted, -100 on prompt and padding) of prompts followed by completions."""
    input_ids = padded([[*p, *c] for p, c in zip(prompts, completions, strict=True)])
    labels = padded([[IGNORE] * len(p) + list(c) for p, c in zip(prompts, completions, strict=True)], IGNORE)
    return input_ids, labels


def gradient_step(parameter: Tensor, lr: float, loss_of: Callable[[Tensor], tuple[Tensor, dict]]) -> tuple:
    """One plain gradient step. `loss_of(parameter)` gives (loss, anything). Returns loss, gradient, after, anything."""
    leaf = parameter.clone().requires_grad_(True)
    loss, rest = loss_of(leaf)
    loss.backward()
    return loss.item(), leaf.grad, parameter - lr * leaf.grad, rest
