"""Agreement coefficients as sums over patterns of ratings, for many weightings of the patterns at once.

`weights` [R, P] say how often each of P patterns occurs, one row a resample. The categories of a pattern are first, second,
tie, both bad; chance is taken over both orders of the two responses (see `label_agreement`). NaN = chance alone would agree always.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MIRROR = np.array([1, 0, 2, 3])
K = len(MIRROR)
# The mirrored cell of each of the K x K cells that two labellers' verdicts can fall into.
MIRRORED_CELLS = (MIRROR[:, None] * K + MIRROR[None, :]).ravel()


def _raw(weights: Array, patterns: NDArray[np.int64]) -> Array:
    given = patterns.sum(axis=1)
    return _ratio(weights @ (patterns * (patterns - 1)).sum(axis=1), weights @ (given * (given - 1)))


def _decided(weights: Array, patterns: NDArray[np.int64]) -> Array:
    return _raw(weights, patterns[:, :2])


def _fleiss(weights: Array, patterns: NDArray[np.int64]) -> Array:
    """(P − Pe) / (1 − Pe) (Fleiss 1971), Pe from the mirrored marginals."""
    m = int(patterns[0].sum())
    n = weights.sum(axis=1)
    observed = weights @ (patterns * (patterns - 1)).sum(axis=1) / (n * m * (m - 1))
    marginal = weights @ patterns / (n * m)[:, None]
    chance = (((marginal + marginal[:, MIRROR]) / 2) ** 2).sum(axis=1)
    return _beyond(observed, chance)


def _krippendorff(weights: Array, patterns: NDArray[np.int64]) -> Array:
    """1 − Do / De, nominal (Krippendorff 2011), on the mirrored data: twice the units, so twice the values."""
    given = patterns.sum(axis=1)
    n = 2 * (weights @ given)
    differing = (given**2 - (patterns**2).sum(axis=1)) / (given - 1)
    observed = 2 * (weights @ differing) / n
    marginal = weights @ patterns
    marginal = marginal + marginal[:, MIRROR]
    expected = (n**2 - (marginal**2).sum(axis=1)) / (n * (n - 1))
    return np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1.0), np.nan)


def _two_raw(weights: Array, cells: NDArray[np.int64]) -> Array:
    one, other = np.divmod(cells[:, 0], K)
    return _ratio(weights @ (one == other), weights.sum(axis=1))


def _two_kappa(weights: Array, cells: NDArray[np.int64]) -> Array:
    """Cohen's kappa (1960) of the mirrored table."""
    table = np.zeros((len(weights), K * K))
    table[:, cells[:, 0]] = weights
    table = ((table + table[:, MIRRORED_CELLS]) / (2 * weights.sum(axis=1, keepdims=True))).reshape(-1, K, K)
    observed = np.einsum("rkk->r", table)
    chance = (table.sum(axis=1) * table.sum(axis=2)).sum(axis=1)
    return _beyond(observed, chance)


def _ratio(part: Array, whole: Array) -> Array:
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan)


def _beyond(observed: Array, chance: Array) -> Array:
    possible = chance < 1 - 1e-12
    return np.where(possible, (observed - chance) / np.where(possible, 1 - chance, 1.0), np.nan)


FORMULAS = {
    "raw": _raw,
    "decided": _decided,
    "fleiss": _fleiss,
    "krippendorff": _krippendorff,
    "two raw": _two_raw,
    "two kappa": _two_kappa,
}
