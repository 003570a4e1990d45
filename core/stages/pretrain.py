"""Pretraining: next-token prediction on the documents of the world, one document per row.

Rows of similar length share a batch, so that little is spent on padding; the order of the batches is random.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from core.lm_records import Diverged, SupervisedStep
from core.objectives.logprobs import token_logps
from core.objectives.masking import masked_mean
from core.objectives.sft import token_nll_loss
from core.policies.muon import Muon
from core.policies.transformer import TinyLM, TransformerConfig
from core.stages.batches import TextBatch, chunks, epoch_order, scored_hidden, scored_logps
from core.stages.config import StageConfig, require, require_range
from core.stages.training import State, decayed, out_of_range

_BATCHES_SORTED_TOGETHER = 50


@dataclass(frozen=True)
class PretrainConfig(StageConfig):
    """Settings of pretraining. The sizes are those of `TransformerConfig`; the vocabulary comes from the tokenizer.

    `lr` is AdamW's. `matrix_lr` is Muon's, for the matrices inside the blocks; 0 leaves them to AdamW too.
    """

    steps: int = 2700
    seed: int = 0
    batch_size: int = 96
    lr: float = 3e-3
    matrix_lr: float = 0.02
    weight_decay: float = 0.01
    beta1: float = 0.9
    beta2: float = 0.98
    warmup: int = 50
    decay_from: float = 0.5
    n_documents: int = 150_000
    width: int = 96
    layers: int = 3
    heads: int = 4
    context: int = 48

    def __post_init__(self) -> None:
        require_range("The number of steps", self.steps, 1, 1_000_000)
        require_range("The batch size", self.batch_size, 1, 4096)
        require_range("The learning rate", self.lr, 0.0, 1000.0)
        require_range("The learning rate of the matrices", self.matrix_lr, 0.0, 1000.0)
        require(self.n_documents >= 1, "Pretraining needs at least one document.")

    def model(self, vocab: int) -> TinyLM:
        """The untrained model of these settings."""
        sizes = TransformerConfig(vocab, self.width, self.layers, self.heads, self.context)
        return TinyLM(sizes, self.seed)


def begin(config: PretrainConfig, vocab: int) -> State:
    """The state before the first step."""
    state = State.begin(config.model(vocab), config.seed, config.weight_decay, (config.beta1, config.beta2))
    if config.matrix_lr and config.lr:
        betas = (config.beta1, config.beta2)
        state.optimiser = Muon(state.model, config.matrix_lr, config.lr, weight_decay=config.weight_decay, betas=betas)
    return state


def document_batches(lengths: Sequence[int], config: PretrainConfig, epoch: int) -> list[list[int]]:
    """Indices of the documents in each batch of an epoch: similar lengths together, batches in random order."""
    order = epoch_order(len(lengths), config.seed, epoch).tolist()
    batches: list[list[int]] = []
    for group in chunks(len(order), config.batch_size * _BATCHES_SORTED_TOGETHER):
        ordered = sorted(order[group], key=lengths.__getitem__)
        batches += [ordered[part] for part in chunks(len(ordered), config.batch_size)]
    return [batches[i] for i in epoch_order(len(batches), config.seed + 1, epoch).tolist()]


def document_batch(documents: Sequence[Sequence[int]], context: int) -> TextBatch:
    """Documents as rows in which every token but the first is scored. Longer ones are cut to context + 1 tokens."""
    longest = min(max(map(len, documents)), context + 1)
    rows = torch.zeros(len(documents), longest, dtype=torch.long)
    attends = torch.zeros(len(documents), longest, dtype=torch.bool)
    for row, document in enumerate(documents):
        ids = torch.as_tensor(document[:longest])
        rows[row, : len(ids)] = ids
        attends[row, : len(ids)] = True
    return TextBatch(rows, attends, attends[:, 1:])


def pretrain(
    state: State, documents: Sequence[Sequence[int]], config: PretrainConfig
) -> Iterator[SupervisedStep | Diverged]:
    """Train `state` up to `config.steps`, one record per step.

    Args:
        state: from `begin`, or that of an interrupted run.
        documents: token ids of each, `<end>` included.
        config: settings.

    Raises:
        ValueError: no documents.
    """
    require(len(documents) > 0, "There is nothing to pretrain on: the corpus is empty.")
    lengths = [len(document) for document in documents]
    per_epoch = len(document_batches(lengths, config, 0))
    batches: list[list[int]] = []
    held = -1
    limit = 3.0 * torch.log(torch.tensor(float(state.model.config.vocab))).item()
    while state.step < config.steps and state.diverged is None:
        epoch, place = divmod(state.step, per_epoch)
        if epoch != held:
            batches, held = document_batches(lengths, config, epoch), epoch
        batch = document_batch([documents[i] for i in batches[place]], config.context)
        hidden = scored_hidden(state.model, batch)
        logits, targets = state.model.logits(hidden), batch.targets
        loss = token_nll_loss(token_logps(logits, targets)[None]).loss
        lr = decayed(config.lr, state.step, config.steps, config.warmup, config.decay_from)
        norm = state.update(loss, lr)
        if out_of_range(loss.item(), limit) or norm != norm:
            yield state.stop("pretrain", f"Pretraining broke down at step {state.step + 1}: try a lower learning rate.")
            return
        state.step += 1
        state.count += len(targets)
        accuracy = masked_mean((logits.detach().argmax(-1) == targets).float()).item()
        yield SupervisedStep(state.step, "pretrain", config.steps, loss.item(), accuracy, state.count, lr, norm)


@torch.inference_mode()
def validation_loss(model: TinyLM, documents: Sequence[Sequence[int]], batch_size: int = 256) -> float:
    """Mean negative log-probability per token of unseen documents, in nats; exp of it is the perplexity."""
    total, count = 0.0, 0
    ordered = sorted(documents, key=len)
    for part in chunks(len(ordered), batch_size):
        batch = document_batch(ordered[part], model.config.context)
        logps = scored_logps(model, batch)
        total -= logps.sum().item()
        count += len(logps)
    return total / max(count, 1)
