"""What a handful of seeds say about a difference: its mean, the interval around it, and how many seeds agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from scipy.special import stdtrit  # the quantile alone: scipy.stats takes half a second to import


@dataclass(frozen=True)
class Interval:
    """The mean of `n` differences with its 95 % interval, and how many of them are above and below zero."""

    mean: float
    low: float
    high: float
    n: int
    above: int
    below: int

    @property
    def separable(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0

    @property
    def half(self) -> float:
        """Half the width."""
        return (self.high - self.low) / 2

    @property
    def sign(self) -> int:
        """+1 or −1 where the interval leaves out zero, else 0."""
        return 0 if not self.separable else (1 if self.mean > 0 else -1)

    @property
    def agreeing(self) -> int:
        """How many seeds have the sign of the mean."""
        return self.above if self.mean >= 0 else self.below


def over_seeds(differences: Sequence[float], level: float = 0.95) -> Interval:
    """Student's interval for the mean of independent differences, one for each seed (Student 1908).

    Args:
        differences: one number per seed, in any unit.
        level: coverage, between 0 and 1.

    Raises:
        ValueError: fewer than two differences, one that is not finite, or a level outside 0 to 1.
    """
    if len(differences) < 2:
        raise ValueError("An interval over seeds needs at least two seeds.")
    if not all(map(math.isfinite, differences)) or not 0 < level < 1:
        raise ValueError("An interval needs finite differences and a level between 0 and 1.")
    n, mean = len(differences), fmean(differences)
    half = float(stdtrit(n - 1, (1 + level) / 2)) * stdev(differences) / math.sqrt(n)
    above, below = sum(d > 0 for d in differences), sum(d < 0 for d in differences)
    return Interval(mean, mean - half, mean + half, n, above, below)
