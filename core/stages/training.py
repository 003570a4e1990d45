"""What changes while a stage runs, kept in one place so that a run can be stopped after any step and taken up again."""

from __future__ import annotations

import math
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from core.lm_records import Diverged
from core.objectives.kl import AdaptiveKLController
from core.policies.adamw import AdamW
from core.policies.transformer import TinyLM

MAX_GRAD_NORM = 1.0


@dataclass
class State:
    """A stage's moving parts. A stage's generator changes it in place and is consistent whenever it yields.

    So a run is stopped by closing its generator, and taken up by handing the same state to the stage again.

    Attributes:
        model: the weights in training.
        optimiser: AdamW over them.
        generator: the stage's source of randomness.
        step: updates done.
        count: what the stage counts: scored tokens, or pairs, so far.
        controller: the KL coefficient, where it adapts.
        diverged: the record that ended the run, or None.
        held: what the stage computed once and needs again (never changed in place).
    """

    model: TinyLM
    optimiser: AdamW
    generator: torch.Generator
    step: int = 0
    count: int = 0
    controller: AdaptiveKLController | None = None
    diverged: Diverged | None = None
    held: Any = None

    @classmethod
    def begin(
        cls,
        model: TinyLM,
        seed: int,
        weight_decay: float = 0.0,
        betas: tuple[float, float] = (0.9, 0.999),
    ) -> State:
        """A fresh state on a copy of `model`, which itself stays as it is."""
        own = model.clone()
        return cls(own, AdamW(own.parameters(), weight_decay, betas), torch.Generator().manual_seed(seed))

    def copy(self) -> State:
        """An independent copy: going on with one leaves the other untouched."""
        model = self.model.clone()
        optimiser = self.optimiser.for_parameters(model.parameters())
        generator = torch.Generator()
        generator.set_state(self.generator.get_state())
        return State(model, optimiser, generator, self.step, self.count, self.controller, self.diverged, self.held)

    def save(self, path: Path) -> None:
        """Write the state to disk, in one move. It holds weights and optimiser at full precision."""
        content = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
            "step": self.step,
            "count": self.count,
        }
        partial = path.with_name(path.name + ".partial")
        torch.save(content, partial)
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Take over what `save` wrote; this state must be a fresh one of the same settings.

        Raises:
            ValueError: the file cannot be read, or belongs to other settings.
        """
        try:
            content = torch.load(path, weights_only=True)
            self.model.load_state_dict(content["model"])
            self.optimiser.load_state_dict(content["optimiser"])
            self.generator.set_state(content["generator"])
            self.step, self.count = content["step"], content["count"]
        except (OSError, RuntimeError, KeyError, TypeError, ValueError, EOFError, pickle.UnpicklingError) as error:
            raise ValueError(f"The interrupted run in {path.name} cannot be read; start it again.") from error

    def update(self, loss: torch.Tensor, lr: float) -> float:
        """One AdamW step on `loss` with the gradient cut to norm 1. Returns the norm before the cut.

        Where the loss or the gradient is not finite the weights stay as they are, and the norm is not finite either.
        """
        self.optimiser.zero_grad()
        loss.backward()
        norm = self.optimiser.clip_gradient(MAX_GRAD_NORM)
        if math.isfinite(norm) and math.isfinite(loss.item()):
            self.optimiser.step(lr)
            return norm
        return math.nan

    def stop(self, stage: str, sentence: str) -> Diverged:
        """Note that the run has diverged, and give the record that ends it."""
        self.diverged = Diverged(self.step + 1, stage, sentence)
        return self.diverged


def out_of_range(value: float, limit: float) -> bool:
    """Whether a loss or divergence is NaN, infinite or above its sensible limit."""
    return not value <= limit


def decayed(lr: float, step: int, steps: int, warmup: int, decay_from: float) -> float:
    """Learning rate of update number `step` (from 0): linear warm-up, constant, then linear down to 5 % of it.

    `decay_from` is the share of the run after which it falls; 1 keeps it constant.
    """
    if step < warmup:
        return lr * (step + 1) / (warmup + 1)
    start = decay_from * steps
    if step < start or steps <= start:
        return lr
    return lr * (1.0 - 0.95 * (step - start) / (steps - start))
