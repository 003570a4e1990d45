"""From logits to log-probabilities of tokens and sequences, and the entropy. Natural logarithms, nats."""

from typing import NamedTuple

import torch
from torch import Tensor


class SequenceLogps(NamedTuple):
    """Per sequence: `sum` and `average` of the scored tokens' log-probabilities, and their `count`; each [B]."""

    sum: Tensor
    average: Tensor
    count: Tensor


def token_logps(logits: Tensor, token_ids: Tensor, temperature: float = 1.0) -> Tensor:
    """Log-probability of each given token. Shapes: logits [..., V], token_ids [...] -> [...].

    Not shifted: logits[b, t] scores token_ids[b, t]. Logits are divided by the temperature first.
    Raises ValueError unless temperature > 0.
    """
    logps = torch.log_softmax(_tempered(logits, temperature), dim=-1)
    return logps.gather(-1, token_ids.unsqueeze(-1)).squeeze(-1)


def entropy(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """Entropy of the distribution in nats. Shapes: [..., V] -> [...].

    Log-probabilities may be given instead of logits. Tokens of probability 0 (-inf) add nothing.
    Raises ValueError unless temperature > 0.
    """
    return entropy_of_logps(torch.log_softmax(_tempered(logits, temperature), dim=-1))


def entropy_of_logps(logps: Tensor) -> Tensor:
    """Entropy in nats of distributions given as normalised log-probabilities. Shapes: [..., V] -> [...]."""
    possible = logps > -torch.inf
    return -(logps.exp() * (logps if possible.all() else torch.where(possible, logps, 0.0))).sum(-1)


def sequence_logps(
    logits: Tensor, labels: Tensor, ignore_index: int = -100, empty_average: float = 0.0
) -> SequenceLogps:
    """Sum and average log-probability of each sequence's labelled tokens.

    Shapes: logits [B, T, V], labels [B, T] -> three times [B]. Labels are not shifted: logits[:, t] predicts
    labels[:, t+1], so the first label is never scored. Positions labelled `ignore_index` do not count, and what their
    logits hold does not matter. A sequence without any scored token has sum 0 and average `empty_average`
    (the average is 0/0 there; TRL reports NaN).
    """
    targets = labels[:, 1:]
    scored = targets != ignore_index
    predictions = torch.where(scored.unsqueeze(-1), logits[:, :-1], 0.0)
    logps = token_logps(predictions, torch.where(scored, targets, 0))
    total = torch.where(scored, logps, 0.0).sum(-1)
    count = scored.sum(-1)
    average = torch.where(count > 0, total / count.clamp_min(1), empty_average)
    return SequenceLogps(total, average, count)


def _tempered(logits: Tensor, temperature: float) -> Tensor:
    if temperature == 1.0:
        return logits
    if not temperature > 0:
        raise ValueError("The sampling temperature must be above 0.")
    return logits / temperature
