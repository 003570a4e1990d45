"""Supervised fine-tuning: cross-entropy of demonstrated tokens, with the ways in which projects average it.

`token_nll_loss` works on log-probabilities of the tokens and a mask; `sft_loss` starts from logits and labels.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from core.objectives.logprobs import entropy, token_logps
from core.objectives.masking import masked_mean, masked_sum

LossType = Literal["nll", "dft"]
Aggregation = Literal["token_mean", "sequence_mean"]


class TokenLoss(NamedTuple):
    """`loss` scalar in nats; `losses` [B, T], 0 where the mask is 0."""

    loss: Tensor
    losses: Tensor


class SftLoss(NamedTuple):
    """`loss` scalar in nats; `losses` [B, T-1] per predicted token, 0 where ignored; `scored` [B, T-1] bool."""

    loss: Tensor
    losses: Tensor
    scored: Tensor
    scored_logits: Tensor  # [number scored, V]
    targets: Tensor  # [number scored]

    @property
    def metrics(self) -> dict[str, float]:
        """TRL's log names, worked out when asked for: token means over the scored positions, 0 where there is none."""
        logits = self.scored_logits.detach()
        correct = (logits.argmax(-1) == self.targets).double() if len(self.targets) else self.targets.double()
        return {
            "entropy": masked_mean(entropy(logits)).item(),
            "mean_token_accuracy": masked_mean(correct).item(),
            "num_tokens": float(len(self.targets)),
        }


def token_nll_loss(
    logps: Tensor,
    mask: Tensor | None = None,
    loss_type: LossType = "nll",
    aggregation: Aggregation = "token_mean",
    num_items_in_batch: float | None = None,
) -> TokenLoss:
    """-log p of demonstrated tokens, averaged. `logps` and `mask` [B, T]; the mask is 1 on tokens that count.

    "token_mean": sum over all tokens / number of tokens, or / `num_items_in_batch` where a batch is split over several
    accumulation steps (TRL, OpenRLHF and verl by default). "sequence_mean": mean over sequences of each one's token
    mean; a sequence without tokens counts as 0. "dft" weighs each token by its own probability, without gradient (Wu et
    al. 2025, arXiv:2508.05629). Nothing to learn from costs 0. Raises ValueError for unknown names.
    """
    if loss_type not in ("nll", "dft"):
        raise ValueError(f'The loss type must be "nll" or "dft", not "{loss_type}".')
    mask = torch.ones_like(logps) if mask is None else mask
    logps = torch.where(mask > 0, logps, 0.0)
    losses = -logps * logps.detach().exp() if loss_type == "dft" else -logps
    if aggregation == "sequence_mean":
        return TokenLoss(masked_mean(masked_mean(losses, mask, -1)), losses)
    if aggregation != "token_mean":
        raise ValueError(f'The aggregation must be "token_mean" or "sequence_mean", not "{aggregation}".')
    if num_items_in_batch is None:
        return TokenLoss(masked_mean(losses, mask), losses)
    return TokenLoss(masked_sum(losses, mask) / max(float(num_items_in_batch), 1.0), losses)


def sft_loss(
    logits: Tensor,
    labels: Tensor,
    loss_type: LossType = "nll",
    aggregation: Aggregation = "token_mean",
    num_items_in_batch: float | None = None,
    ignore_index: int = -100,
) -> SftLoss:
    """Cross-entropy of `labels` [B, T] under `logits` [B, T, V], unshifted: logits[:, t] predicts labels[:, t+1].

    Labels equal to `ignore_index` (prompt, padding) do not count, and what their logits hold does not matter: only the
    scored positions are read. Averages as in `token_nll_loss`.
    """
    targets = labels[:, 1:]
    scored = targets != ignore_index
    scored_logits, scored_targets = logits[:, :-1][scored], targets[scored]
    logps = logits.new_zeros(scored.shape).masked_scatter(scored, token_logps(scored_logits, scored_targets))
    result = token_nll_loss(logps, scored, loss_type, aggregation, num_items_in_batch)
    return SftLoss(result.loss, result.losses, scored, scored_logits, scored_targets)
