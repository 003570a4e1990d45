"""The state of lesson 5: one walk through SFT, how far it has gone, and the token that is looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.lm_records import TracedStep
from core.stages.trace_sft import WALKED, Scene, TraceConfig


@dataclass(frozen=True)
class Result:
    """`steps` holds the walk from step 0 (the base model) to a little beyond the step shown, `foreseen` to the step that the
    prediction is about (to the last one where it breaks down before); `place` is that of the
    picked token in prompt and demonstration, counted from 0 and never 0: nothing stands before the first token."""

    config: TraceConfig
    scene: Scene
    vocabulary: int
    steps: tuple[TracedStep, ...]
    foreseen: tuple[TracedStep, ...]
    step: int
    place: int

    @property
    def prompt(self) -> str:
        """The prompt that is walked."""
        return WALKED[self.config.prompt]

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
