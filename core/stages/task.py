"""What a stage needs to know of the world: prompts, true quality, behaviour, and people who demonstrate and label.

The stages see the world through this one object, so that tests can hand them a world of four words.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.policies.tokenizer import Tokenizer


class Prompt(Protocol):
    """A prompt of the world; see `core.world.prompts.Prompt`."""

    @property
    def text(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def item_id(self) -> str: ...
    @property
    def held_out(self) -> bool: ...


@dataclass(frozen=True)
class Labels:
    """How the labellers are: settings of `core.world.labellers.Labeller` under the same names."""

    noise: float = 0.2
    length_bias: float = 0.0
    flattery_bias: float = 0.0
    agreement_bias: float = 0.0
    tie_margin: float = 0.0


@dataclass(frozen=True)
class Answer:
    """An answer in words, and whether the writer stopped by itself (with `<end>`)."""

    text: str
    finished: bool = True


@dataclass(frozen=True)
class Task:
    """The world as the stages see it.

    Attributes:
        tokenizer: words to ids.
        draw: (n, rng, held_out) -> prompts with repetition, kinds in the world's usual mixture.
        held_out, train_items: fixed prompts for evaluation.
        shown: a few prompts whose answers are shown after every stage.
        gold: (prompt, answer) -> true quality.
        parts: (prompt, answer) -> the breakdown of gold by name.
        behaviour: (prompt, answer) -> name of the behaviour.
        demonstrate: (prompt, quality, rng) -> an answer by a demonstrator of that quality (0 to 1).
        rank: (prompt, answers, labels, rng) -> rank of each answer, 0 the best; equal ranks are ties.
    """

    tokenizer: Tokenizer
    draw: Callable[[int, random.Random, bool], list[Prompt]]
    held_out: tuple[Prompt, ...]
    train_items: tuple[Prompt, ...]
    shown: tuple[Prompt, ...]
    gold: Callable[[Prompt, Answer], float]
    parts: Callable[[Prompt, Answer], Mapping[str, float]]
    behaviour: Callable[[Prompt, Answer], str]
    demonstrate: Callable[[Prompt, float, random.Random], str]
    rank: Callable[[Prompt, Sequence[Answer], Labels, random.Random], Sequence[int]]

    def ids(self, prompt: Prompt) -> list[int]:
        """Token ids of a prompt. Raises UnknownWordError for words outside the vocabulary."""
        return self.tokenizer.encode(prompt.text)

    def answer(self, ids: Sequence[int]) -> Answer:
        """Sampled ids in words."""
        return Answer(self.tokenizer.decode(ids), bool(ids) and ids[-1] == self.tokenizer.end_id)

    def quality(self, prompt: Prompt, ids: Sequence[int]) -> float:
        """Gold of sampled ids."""
        return self.gold(prompt, self.answer(ids))
