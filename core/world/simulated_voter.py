"""A voter made by rule, whose taste is known: what it values, how noisy it is, and what it is biased towards."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.world.candidates import CandidateSet
from core.world.votes import Vote

# What an unbiased voter values, in units of reward, by feature key. Chosen by hand and said so on the page.
TASTE = {"key_word": 2.0, "answers": 0.3, "tone": 0.8, "flattery": -0.3, "asks_back": -0.6, "length": -0.2}


@dataclass(frozen=True)
class SimulatedVoter:
    """P(first wins) = σ((u_first − u_second) / noise), u = taste · features + biases.

    `noise` 0 gives the same answer every time; `length_bias` and `flattery_bias` add to the weights of those features.
    """

    noise: float = 0.5
    length_bias: float = 0.0
    flattery_bias: float = 0.0

    def utilities(self, candidates: CandidateSet) -> np.ndarray:
        """What each response is worth to this voter, biases included, [responses]."""
        return _utilities(self, candidates)

    def vote(self, candidates: CandidateSet, pair: tuple[int, int], rng: np.random.Generator) -> Vote:
        """One vote on a pair (left, right)."""
        utilities = self.utilities(candidates)
        gap = float(utilities[pair[0]] - utilities[pair[1]])
        if self.noise == 0:
            return Vote(*pair, 0.5 if gap == 0 else float(gap > 0))
        probability = float(np.exp(-np.logaddexp(0.0, -gap / self.noise)))
        return Vote(*pair, float(rng.random() < probability))


@lru_cache(maxsize=256)
def _utilities(voter: SimulatedVoter, candidates: CandidateSet) -> np.ndarray:
    keys = [feature.key for feature in candidates.features]
    weights = np.array([TASTE[key] for key in keys])
    weights[keys.index("length")] += voter.length_bias
    weights[keys.index("flattery")] += voter.flattery_bias
    return candidates.matrix() @ weights
