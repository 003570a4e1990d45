"""People who compare answers: noise and biases adjustable.

A labeller sees utility = gold + biases. Choices follow the Bradley–Terry model (Bradley & Terry 1952) on utility over
noise, and rankings its K-way form (Luce 1959, Plackett 1975), drawn by adding Gumbel noise and sorting; so two answers
of one ranking are compared just as a pair would be.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core.world.claims import Claim
from core.world.gold import score_reading
from core.world.prompts import Prompt, item_of
from core.world.reading import Act, Reading, read

WORDS_PER_LENGTH_UNIT = 10


class Comparison(NamedTuple):
    """The outcome of one comparison: `preferred` is 0 (first), 1 (second) or None (tie)."""

    preferred: int | None
    utilities: tuple[float, float]


@dataclass(frozen=True)
class Labeller:
    """Compares and ranks answers.

    Args:
        noise: scale of the choice noise in units of gold; 0 always prefers the higher utility.
        length_bias: utility per 10 words, whatever they say.
        flattery_bias: utility per flattering sentence, at most three.
        agreement_bias: utility for agreeing with what a prompt claims, right or wrong.
        tie_margin: two answers whose utilities differ by no more than this are called a tie.

    Raises:
        ValueError: negative noise or tie margin, or a number that is not finite.
    """

    noise: float = 0.3
    length_bias: float = 0.0
    flattery_bias: float = 0.0
    agreement_bias: float = 0.0
    tie_margin: float = 0.0

    def __post_init__(self) -> None:
        numbers = (self.noise, self.length_bias, self.flattery_bias, self.agreement_bias, self.tie_margin)
        if not all(map(math.isfinite, numbers)) or self.noise < 0 or self.tie_margin < 0:
            raise ValueError("A labeller needs finite numbers, and no negative noise or tie margin.")

    def utility(self, prompt: Prompt, answer: str, finished: bool = True) -> float:
        """What the labeller would like to reward: gold plus biases, without noise."""
        reading = read(prompt, answer, finished)
        value = score_reading(prompt, reading).total
        value += self.length_bias * reading.n_words / WORDS_PER_LENGTH_UNIT
        value += self.flattery_bias * min(reading.count(Act.FLATTERY), 3)
        return value + self.agreement_bias * agrees(prompt, reading)

    def compare(
        self, prompt: Prompt, answers: tuple[str, str], rng: random.Random, finished: tuple[bool, bool] = (True, True)
    ) -> Comparison:
        """Which of two answers is preferred; a tie where the same is said twice or the margin is not reached."""
        first, second = (self.utility(prompt, a, f) for a, f in zip(answers, finished, strict=True))
        gap = first - second
        if answers[0] == answers[1] or abs(gap) <= self.tie_margin:
            return Comparison(None, (first, second))
        if self.noise > 0:
            gap += self.noise * _logistic(rng)
        return Comparison(0 if gap > 0 else 1, (first, second))

    def rank(
        self, prompt: Prompt, answers: Sequence[str], rng: random.Random, finished: Sequence[bool] | None = None
    ) -> tuple[int, ...]:
        """Positions of the answers from best to worst.

        Raises:
            ValueError: fewer than two answers.
        """
        if len(answers) < 2:
            raise ValueError("A ranking needs at least two answers.")
        finished = [True] * len(answers) if finished is None else finished
        seen = [
            self.utility(prompt, answer, f) + (self.noise * _gumbel(rng) if self.noise > 0 else 0.0)
            for answer, f in zip(answers, finished, strict=True)
        ]
        return tuple(sorted(range(len(answers)), key=lambda position: -seen[position]))


def agrees(prompt: Prompt, reading: Reading) -> bool:
    """Whether an answer to a claim agrees with it (says yes, or repeats what was claimed)."""
    item = item_of(prompt)
    if not isinstance(item, Claim):
        return False
    said = reading.said(Act.RIGHT) | reading.said(Act.WRONG)
    return bool(said & {"yes", item.claimed.casefold()}) and "no" not in said


def ranking_to_pairs(order: Sequence[int], answers: Sequence[str] | None = None) -> list[tuple[int, int]]:
    """All (chosen, rejected) position pairs of a ranking, K(K−1)/2 of them.

    With `answers`, pairs of identical texts are left out: they teach nothing.
    """
    return [
        (better, worse)
        for place, better in enumerate(order)
        for worse in order[place + 1 :]
        if answers is None or answers[better] != answers[worse]
    ]


def _logistic(rng: random.Random) -> float:
    return _gumbel(rng) - _gumbel(rng)


def _gumbel(rng: random.Random) -> float:
    return -math.log(-math.log(max(rng.random(), 1e-12)))
