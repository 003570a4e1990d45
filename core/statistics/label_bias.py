"""Two habits that labels can carry: picking a side of the screen, and picking the longer response."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.objectives.bradley_terry_fit import fit_feature_weights
from core.statistics.proportions import Z_95, wilson

Array = NDArray[np.float64]

# A prior this wide moves no estimate that the data determine; where they do not, the standard error becomes of its size.
WIDE = 1e3
UNDETERMINED = 20.0
CURVE = 61


@dataclass(frozen=True)
class HalfTest:
    """`k` of `n` tries where chance alone would give one half: share, 95 % Wilson interval, exact two-sided p-value."""

    k: int
    n: int

    @property
    def share(self) -> float:
        """k / n."""
        return self.k / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share."""
        return wilson(self.k, self.n)

    @property
    def p_value(self) -> float:
        """Chance of a share at least as far from one half if both outcomes were equally likely (exact binomial test)."""
        return exact_half(self.k, self.n)

    @property
    def significant(self) -> bool:
        """Whether the exact test rejects one half at the 5 % level."""
        return self.p_value < 0.05


@dataclass(frozen=True)
class LengthBias:
    """P(left chosen) = σ(side + slope · log2(left length / right length)), by maximum likelihood.

    `longer` counts the decided pairs of different lengths in which the longer response won. `slope` is in log odds a
    doubling of the length, with its 95 % Wald interval; `side` is what standing on the left is worth at equal length.
    None, with `sentence`, where the labels do not determine them.
    """

    longer: HalfTest | None
    equal: int
    slope: float | None = None
    slope_interval: tuple[float, float] | None = None
    side: float | None = None
    side_interval: tuple[float, float] | None = None
    sentence: str = ""

    @property
    def odds_a_doubling(self) -> float | None:
        """What the odds of winning are multiplied with when a response is twice as long as the other."""
        return None if self.slope is None else math.exp(self.slope)

    def curve(self, reach: float) -> tuple[Array, Array]:
        """Doublings from −reach to reach, and the fitted chance that the left response wins when it is so much longer."""
        x = np.linspace(-reach, reach, CURVE)
        return x, 1 / (1 + np.exp(-np.clip((self.side or 0.0) + (self.slope or 0.0) * x, -60, 60)))


def exact_half(k: int, n: int) -> float:
    """Two-sided exact binomial p-value against one half: twice the smaller tail, at most 1.

    At one half the distribution is symmetric, so this equals the sum over all outcomes that are no likelier than k.
    Raises ValueError unless 0 ≤ k ≤ n and n ≥ 1.
    """
    from scipy.special import bdtr

    if n < 1 or not 0 <= k <= n:
        raise ValueError(f"A share needs at least one try and 0 to n successes, not {k} of {n}.")
    return min(1.0, 2 * float(bdtr(min(k, n - k), n, 0.5)))


def position_bias(left_won: Sequence[bool]) -> HalfTest | None:
    """How often the left response won, of all decided labels; None without one.

    Sides must have been drawn at random: otherwise better responses may simply have stood on one side.
    """
    return HalfTest(int(sum(map(bool, left_won))), len(left_won)) if len(left_won) else None


def length_bias(left_lengths: ArrayLike, right_lengths: ArrayLike, left_won: ArrayLike) -> LengthBias:
    """Does the longer response win? Lengths in characters and the outcome of every decided label, each [N].

    A length enters as log2(length + 1), so that an empty response has one too. Labels are taken as independent of one
    another: several people's labels of one pair make the interval a little too narrow.
    Raises ValueError for lists of different lengths, or a negative one.
    """
    left, right = np.asarray(left_lengths, dtype=float), np.asarray(right_lengths, dtype=float)
    won = np.asarray(left_won, dtype=float)
    if not (left.shape == right.shape == won.shape and left.ndim == 1):
        raise ValueError("There must be two lengths and one outcome for every label.")
    if len(left) and not min(left.min(), right.min()) >= 0:
        raise ValueError("A length cannot be negative.")
    doublings = doublings_between(left, right)
    unequal = doublings != 0
    n = int(unequal.sum())
    equal = len(left) - n
    if n == 0:
        return LengthBias(None, equal, sentence="No decided label compares responses of different lengths.")
    k = int(((doublings > 0) == (won > 0.5))[unequal].sum())
    longer = HalfTest(k, n)
    fit = fit_feature_weights(np.column_stack([np.ones(len(won)), doublings]), won, WIDE)
    side, slope = (float(weight) for weight in fit.weights)
    errors = np.sqrt(np.diag(fit.covariance))
    if not fit.converged or errors.max() > UNDETERMINED:
        few = "Too few labels, or too one-sided ones, to tell length from side: no finite slope fits best."
        return LengthBias(longer, equal, sentence=few)
    side_half, slope_half = (Z_95 * float(error) for error in errors)
    return LengthBias(
        longer=longer,
        equal=equal,
        slope=slope,
        slope_interval=(slope - slope_half, slope + slope_half),
        side=side,
        side_interval=(side - side_half, side + side_half),
    )


def doublings_between(left: ArrayLike, right: ArrayLike) -> Array:
    """log2((left + 1) / (right + 1)): how many times the length must double to get from the right to the left one."""
    return np.log2((np.asarray(left, dtype=float) + 1) / (np.asarray(right, dtype=float) + 1))


@dataclass(frozen=True)
class Bin:
    """Labels whose length differences lie close together: their mean, and how often the left response won."""

    doublings: float
    wins: HalfTest


def binned(left_lengths: ArrayLike, right_lengths: ArrayLike, left_won: ArrayLike, bins: int = 6) -> tuple[Bin, ...]:
    """The raw shares behind the fit: labels sorted by length difference (left minus right) and cut into equal groups."""
    x = doublings_between(left_lengths, right_lengths)
    order = np.argsort(x, kind="stable")
    won = np.asarray(left_won, dtype=float)
    groups = [group for group in np.array_split(order, max(1, min(bins, len(x) // 8))) if len(group)]
    return tuple(Bin(float(x[group].mean()), HalfTest(int(won[group].sum()), len(group))) for group in groups)
