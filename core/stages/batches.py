"""Texts as padded batches, and the log-probabilities of their scored tokens.

Texts are padded on the right: a causal model never looks there, so no attention mask is needed in training.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.objectives.logprobs import token_logps
from core.policies.sampling import right_pad
from core.policies.transformer import TinyLM

Ids = Sequence[int]


@dataclass(frozen=True)
class TextBatch:
    """B texts. `tokens` (B, T) right-padded; `scored` (B, T-1) marks where tokens[:, t+1] counts; `attends` (B, T)."""

    tokens: Tensor
    attends: Tensor
    scored: Tensor

    @property
    def targets(self) -> Tensor:
        """(n,) the scored tokens, row by row."""
        return self.tokens[:, 1:][self.scored]

    def lengths(self) -> Tensor:
        """(B,) scored tokens of each text."""
        return self.scored.sum(dim=1)


def text_batch(prompts: Sequence[Ids], answers: Sequence[Ids], context: int | None = None) -> TextBatch:
    """Prompts with their answers; the answer is scored (with its `<end>` where it has one), the prompt is not.

    `context` cuts texts that are longer than the model can read. Raises ValueError for an empty prompt.
    """
    if not all(map(len, prompts)):
        raise ValueError("A prompt is empty: write at least one word.")
    rows = [[*prompt, *answer][:context] for prompt, answer in zip(prompts, answers, strict=True)]
    tokens, attends = right_pad(rows)
    starts = torch.tensor([len(prompt) for prompt in prompts])
    positions = torch.arange(1, tokens.shape[1])
    return TextBatch(tokens, attends, attends[:, 1:] & (positions >= starts[:, None]))


def scored_hidden(model: TinyLM, batch: TextBatch) -> Tensor:
    """(n, D) states that predict the scored tokens. Only they are multiplied by the vocabulary."""
    return model.hidden(batch.tokens[:, :-1])[batch.scored]


def scored_logps(model: TinyLM, batch: TextBatch) -> Tensor:
    """(n,) log-probabilities of the scored tokens, row by row."""
    return token_logps(model.logits(scored_hidden(model, batch)), batch.targets)


def answer_logps(model: TinyLM, batch: TextBatch) -> Tensor:
    """(B, T-1) token log-probabilities, 0 where nothing is scored: what the preference losses take with the mask."""
    logps = scored_logps(model, batch)
    return logps.new_zeros(batch.scored.shape).masked_scatter(batch.scored, logps)


def epoch_order(n: int, seed: int, epoch: int) -> Tensor:
    """A permutation of n that depends on the seed and the epoch only, so that a resumed run takes the same path."""
    generator = torch.Generator().manual_seed((seed * 1_000_003 + epoch * 7919 + 17) % 2**63)
    return torch.randperm(n, generator=generator)


def minibatch(n: int, size: int, step: int, seed: int) -> list[int]:
    """Indices of minibatch number `step` (from 0), going through all n in a new order each epoch.

    The last minibatch of an epoch may be smaller. Raises ValueError if there is nothing to go through.
    """
    if n < 1:
        raise ValueError("There is nothing to train on: give at least one example.")
    per_epoch = -(-n // size)
    epoch, place = divmod(step, per_epoch)
    return epoch_order(n, seed, epoch)[place * size : (place + 1) * size].tolist()


def chunks(n: int, size: int) -> Iterator[slice]:
    """Slices of at most `size` over n rows, in order."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))
