"""The state of lesson 5: one walk through SFT, how far it has gone, and the token that is looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.lm_records import TracedStep
from core.stages.long_walk import Curves
from core.stages.trace_sft import Scene, TraceConfig


@dataclass(frozen=True)
class LongWalk:
    """The longer walk: `n` demonstrations of the given quality, and what was recorded (None: nothing was)."""

    n: int
    quality: float
    curves: Curves | None

    @cached_property
    def loss(self) -> np.ndarray:
        """(steps) validation loss, mean over the seeds."""
        return self.kept.loss.mean(axis=0)

    @cached_property
    def gold(self) -> np.ndarray:
        """(steps) gold of the answers to the validation prompts, mean over the seeds."""
        return self.kept.gold.mean(axis=0)

    @property
    def lowest(self) -> int:
        """Place in AT at which the validation loss is lowest."""
        return int(self.loss.argmin())

    @property
    def highest(self) -> int:
        """Place in AT at which the gold is highest."""
        return int(self.gold.argmax())

    @property
    def kept(self) -> Curves:
        """What was recorded. Raises ValueError where nothing was."""
        if self.curves is None:
            raise ValueError("The longer walks are missing; record them with: python -m core.stages record long")
        return self.curves

    def band(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest of the seeds at every step."""
        return values.min(axis=0), values.max(axis=0)


@dataclass(frozen=True)
class Result:
    """`refused` says why the learner's own texts are not what is walked, `recorded` that the walk was kept.

    `steps` holds the walk from step 0 (the base model) to a little beyond the step shown, `foreseen` to the step that the
    prediction is about (to the last one where it breaks down before); `place` is that of the picked token in prompt and
    demonstration, counted from 0 and never 0: nothing stands before the first token."""

    view: str
    config: TraceConfig
    refused: str
    recorded: bool
    scene: Scene
    vocabulary: int
    steps: tuple[TracedStep, ...]
    foreseen: tuple[TracedStep, ...]
    step: int
    place: int
    long: LongWalk

    @property
    def prompt(self) -> str:
        """The prompt that is walked."""
        return self.config.prompt

    @property
    def now(self) -> TracedStep:
        """The walk at the step shown."""
        return self.steps[self.step]

    @property
    def before(self) -> TracedStep:
        """The base model."""
        return self.steps[0]

    @property
    def token(self) -> str:
        """The picked token."""
        return self.scene.tokens[self.place]

    @property
    def scored(self) -> bool:
        """Whether the picked token belongs to the demonstration."""
        return self.place >= self.scene.n_prompt

    @property
    def answer_logps(self) -> tuple[float, ...]:
        """Log-probabilities of the scored tokens at the step shown."""
        return tuple(self.now.logps[self.scene.n_prompt - 1 :].tolist())

    @property
    def costs(self) -> tuple[float, ...]:
        """What each scored token costs at the step shown, in nats."""
        return tuple(-logp for logp in self.answer_logps)

    @property
    def uniform_loss(self) -> float:
        """ln V: what a blind guess costs, in nats per token."""
        return math.log(self.vocabulary)

    @property
    def perplexity(self) -> float:
        """e to the loss at the step shown; a loss beyond float's range gives the largest float."""
        return math.exp(min(self.now.loss, 700.0))

    def probs(self, step: int) -> tuple[float, ...]:
        """Probabilities of the followed tokens at the picked place, and of all others together."""
        shown = self.steps[step].bars[self.place - 1].tolist()
        return (*shown, max(1.0 - sum(shown), 0.0))
