"""Supervised fine-tuning: imitate demonstrated answers; the prompt's own tokens are not scored."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.lm_records import Diverged, SupervisedStep
from core.objectives.logprobs import token_logps
from core.objectives.sft import token_nll_loss
from core.policies.transformer import TinyLM
from core.stages.batches import minibatch, scored_hidden, text_batch
from core.stages.config import StageConfig, require, require_range
from core.stages.data import Demonstration
from core.stages.training import State, decayed, out_of_range


@dataclass(frozen=True)
class SftConfig(StageConfig):
    """Settings of SFT. `n_demonstrations` of the given `quality` (0 to 1) are drawn with `seed`."""

    n_demonstrations: int = 256
    quality: float = 0.6
    steps: int = 90
    batch_size: int = 32
    lr: float = 2e-3
    warmup: int = 5
    decay_from: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        require_range("The number of demonstrations", self.n_demonstrations, 1, 100_000)
        require_range("The quality of the demonstrators", self.quality, 0.0, 1.0)
        require_range("The number of steps", self.steps, 1, 100_000)
        require_range("The batch size", self.batch_size, 1, 1024)
        require_range("The learning rate", self.lr, 0.0, 1000.0)


def begin(model: TinyLM, config: SftConfig) -> State:
    """The state before the first step, on a copy of `model`."""
    return State.begin(model, config.seed)


def sft(
    state: State, demonstrations: Sequence[Demonstration], config: SftConfig
) -> Iterator[SupervisedStep | Diverged]:
    """Train `state` up to `config.steps`, one record per step.

    Raises:
        ValueError: no demonstrations.
    """
    require(len(demonstrations) > 0, "There is nothing to imitate: give at least one demonstration.")
    context = state.model.config.context
    limit = 3.0 * math.log(state.model.config.vocab)
    while state.step < config.steps and state.diverged is None:
        rows = [demonstrations[i] for i in minibatch(len(demonstrations), config.batch_size, state.step, config.seed)]
        batch = text_batch([d.prompt_ids for d in rows], [d.answer_ids for d in rows], context)
        logits, targets = state.model.logits(scored_hidden(state.model, batch)), batch.targets
        loss = token_nll_loss(token_logps(logits, targets)[None]).loss
        lr = decayed(config.lr, state.step, config.steps, config.warmup, config.decay_from)
        norm = state.update(loss, lr)
        if out_of_range(loss.item(), limit) or math.isnan(norm):
            yield state.stop(
                "sft",
                f"Fine-tuning broke down at step {state.step + 1}: the loss is far above that of a blind guess. "
                "Try a lower learning rate.",
            )
            return
        state.step += 1
        state.count += len(targets)
        accuracy = (logits.detach().argmax(-1) == targets).float().mean().item()
        yield SupervisedStep(state.step, "sft", config.steps, loss.item(), accuracy, state.count, lr, norm)
