"""Ratings against comparisons by the same simulated raters: who recovers the true order with how many labels.

A rater r sees item i as x = 4 + a_r + b_r u_i + error. A rating is x rounded and cut to 1 … 7; a comparison says which of two
items, seen afresh, has the larger x. Everything is drawn at once for all seeds, so one setting takes a few milliseconds.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.objectives.bradley_terry_many import fit_many_item_strengths

Array = NDArray[np.float64]

LOWEST = 1
MIDDLE = 4
HIGHEST = 7
N_ITEMS = 8
SEEDS = 40
BUDGETS = (8, 16, 32, 64, 128, 256, 512)
MAX_RATERS = 200
ESTIMATORS = ("raw", "standardised", "pairs")
PAIRS = np.array(list(itertools.combinations(range(N_ITEMS), 2)))


@dataclass(frozen=True)
class RatingSetup:
    """What is simulated. Offsets, errors, `gap` and `tie_below` are in points of the rating scale, costs in units of the budget.

    `gap` is the true distance of neighbouring items; `offset_sd` the spread of a_r; `scale_sd` the spread of log b_r;
    `noise_sd` the error of one look at one item, of whose variance the share `shared` is common to all raters; `tie_below`
    the difference below which a rater calls a comparison a tie; `prior_sd` the width of the Gaussian prior on every
    Bradley–Terry strength, in log odds.
    """

    gap: float = 0.5
    offset_sd: float = 2.0
    scale_sd: float = 0.3
    noise_sd: float = 1.0
    shared: float = 0.0
    n_raters: int = 50
    rating_cost: float = 1.0
    comparison_cost: float = 1.0
    tie_below: float = 0.0
    prior_sd: float = 3.0
    seed: int = 0

    def __post_init__(self) -> None:
        spreads = (self.gap, self.offset_sd, self.scale_sd, self.noise_sd, self.tie_below, self.prior_sd)
        if not (all(math.isfinite(v) and v >= 0 for v in spreads) and self.gap > 0 and self.prior_sd > 0):
            raise ValueError("Spreads must be finite and not negative, and neither gap nor prior may be zero.")
        if not 0 <= self.shared <= 1:
            raise ValueError("The shared part of the error must lie between 0 and 1.")
        if not 1 <= self.n_raters <= MAX_RATERS:
            raise ValueError(f"There must be between 1 and {MAX_RATERS} raters.")
        if not all(0 < cost <= BUDGETS[0] for cost in (self.rating_cost, self.comparison_cost)):
            raise ValueError(f"A label must cost more than 0 and at most {BUDGETS[0]} units.")

    def utilities(self) -> Array:
        """True utilities u of the items, worst first, mean zero, [items]."""
        return self.gap * (np.arange(N_ITEMS) - (N_ITEMS - 1) / 2)


class Raters(NamedTuple):
    """The raters of every seed: offsets a and scales b > 0, each [seeds, raters]; errors shared by them all [seeds, items]."""

    offsets: Array
    scales: Array
    shared_errors: Array


class Recovery(NamedTuple):
    """Kendall's τ with the true order, per estimator [seeds, budgets], and what each budget bought.

    `ceiling` [seeds] is the τ that endless labels would end at: the order of mean(b) u + shared error.
    """

    tau: dict[str, Array]
    n_ratings: tuple[int, ...]
    n_comparisons: tuple[int, ...]
    ceiling: Array


def draw_raters(setup: RatingSetup) -> Raters:
    """The pool of raters of every seed. The same seed gives the same people whatever the spreads, only stretched."""
    rng = np.random.default_rng((setup.seed, 0))
    a, log_b = rng.standard_normal((2, SEEDS, MAX_RATERS))[:, :, : setup.n_raters]
    shared = np.random.default_rng((setup.seed, 1)).standard_normal((SEEDS, N_ITEMS))
    return Raters(
        setup.offset_sd * a, np.exp(setup.scale_sd * log_b), setup.noise_sd * math.sqrt(setup.shared) * shared
    )


def to_scale(latent: ArrayLike) -> Array:
    """What a rater writes down: rounded to the nearest point of the scale, and cut at its ends."""
    return np.clip(np.rint(latent), LOWEST, HIGHEST)


@lru_cache(maxsize=256)
def simulate(setup: RatingSetup) -> Recovery:
    """Rank recovery of three estimators at every budget, over 40 seeds. A larger budget keeps the labels of the smaller one."""
    u, raters = setup.utilities(), draw_raters(setup)
    n_ratings = tuple(int(budget / setup.rating_cost) for budget in BUDGETS)
    n_comparisons = tuple(int(budget / setup.comparison_cost) for budget in BUDGETS)
    items, who, ratings = _draw_ratings(setup, raters, n_ratings[-1])
    estimates = {
        "raw": raw_means(items, ratings, n_ratings),
        "standardised": standardised_means(items, who, ratings, n_ratings, setup.n_raters),
        "pairs": bradley_terry_strengths(
            *_draw_comparisons(setup, raters, n_comparisons[-1]), n_comparisons, setup.prior_sd
        ),
    }
    endless = raters.scales.mean(axis=1)[:, None] * u + raters.shared_errors
    return Recovery(
        {name: kendall_tau(values, u) for name, values in estimates.items()},
        n_ratings,
        n_comparisons,
        kendall_tau(endless, u),
    )


def raw_means(items: NDArray[np.int64], ratings: Array, counts: tuple[int, ...]) -> Array:
    """Mean rating of every item after each number of labels, [seeds, counts, items]. Items without a rating get the mean of all.

    `items` and `ratings` are [seeds, labels], in the order in which they were gathered.
    """
    total = _cumulated(items, ratings, counts, N_ITEMS)
    seen = _cumulated(items, np.ones_like(ratings), counts, N_ITEMS)
    grand = total.sum(axis=2, keepdims=True) / np.array(counts)[:, None]
    return np.where(seen > 0, total / np.maximum(seen, 1), grand)


def standardised_means(
    items: NDArray[np.int64], who: NDArray[np.int64], ratings: Array, counts: tuple[int, ...], n_raters: int
) -> Array:
    """As `raw_means`, but each rating first becomes z = (s − mean) / sd of its rater's ratings so far.

    A rater whose ratings do not differ, or who gave only one, has z = 0: nothing is left of them.
    """
    given = np.maximum(_cumulated(who, np.ones_like(ratings), counts, n_raters), 1)
    mean = _cumulated(who, ratings, counts, n_raters) / given
    variance = _cumulated(who, ratings**2, counts, n_raters) / given - mean**2
    spread = np.sqrt(np.where(variance > 1e-9, variance, 1.0))
    row = np.arange(len(items))[:, None]
    means = []
    for k, count in enumerate(counts):
        rater = who[:, :count]
        z = (ratings[:, :count] - mean[row, k, rater]) / spread[row, k, rater]
        means.append(raw_means(items[:, :count], z, (count,))[:, 0])
    return np.stack(means, axis=1)


def bradley_terry_strengths(pairs: NDArray[np.int64], shares: Array, counts: tuple[int, ...], prior_sd: float) -> Array:
    """Bradley–Terry strengths after each number of comparisons, [seeds, counts, items], each with the prior N(0, prior_sd²).

    `pairs` [seeds, labels, 2]; `shares` [seeds, labels] is the first item's share of the win, 0.5 for a tie.
    """
    first, second = pairs[..., 0], pairs[..., 1]
    cells = N_ITEMS * N_ITEMS
    wins = _cumulated(N_ITEMS * first + second, shares, counts, cells)
    wins += _cumulated(N_ITEMS * second + first, 1 - shares, counts, cells)
    return fit_many_item_strengths(wins.reshape(*wins.shape[:2], N_ITEMS, N_ITEMS), 1 / (2 * prior_sd**2))


def kendall_tau(estimates: ArrayLike, truth: ArrayLike) -> Array:
    """Kendall's τ-b [...] of `estimates` [..., items] with `truth` [items] (Kendall 1945); 0 where all estimates are equal.

    Differences below 1e-9 are ties, so that rounding does not rank what is equal.
    """
    values, true = np.asarray(estimates, dtype=float), np.asarray(truth, dtype=float)
    i, j = np.triu_indices(values.shape[-1], 1)
    gaps = values[..., i] - values[..., j]
    signs, true_signs = np.where(np.abs(gaps) < 1e-9, 0.0, np.sign(gaps)), np.sign(true[i] - true[j])
    untied = np.sqrt(np.abs(signs).sum(axis=-1) * np.abs(true_signs).sum())
    return (signs * true_signs).sum(axis=-1) / np.where(untied > 0, untied, 1.0)


def _draw_ratings(setup: RatingSetup, raters: Raters, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """Items in shuffled rounds, a rater drawn for each label, and the rating, all [seeds, labels]."""
    who, items = _drawn_raters(setup, 2, n), _rounds(setup, 3, n, N_ITEMS)
    own = np.random.default_rng((setup.seed, 4)).standard_normal((n, SEEDS)).T
    return items, who, to_scale(_latent(setup, raters, who, items, own))


def _draw_comparisons(setup: RatingSetup, raters: Raters, n: int) -> tuple[NDArray[np.int64], Array]:
    """Pairs in shuffled rounds [seeds, labels, 2] and the first item's share of the win [seeds, labels]."""
    who, pairs = _drawn_raters(setup, 5, n), PAIRS[_rounds(setup, 6, n, len(PAIRS))]
    own = np.random.default_rng((setup.seed, 7)).standard_normal((n, SEEDS, 2)).transpose(1, 0, 2)
    seen = [_latent(setup, raters, who, pairs[..., side], own[..., side]) for side in (0, 1)]
    difference = seen[0] - seen[1]
    shares = np.where(np.abs(difference) <= setup.tie_below, 0.5, (difference > 0).astype(float))
    return pairs, shares


def _latent(setup: RatingSetup, raters: Raters, who: NDArray[np.int64], items: NDArray[np.int64], own: Array) -> Array:
    """x = 4 + a_r + b_r u_i + shared error + own error, [seeds, labels]."""
    row = np.arange(SEEDS)[:, None]
    error = raters.shared_errors[row, items] + setup.noise_sd * math.sqrt(1 - setup.shared) * own
    return MIDDLE + raters.offsets[row, who] + raters.scales[row, who] * setup.utilities()[items] + error


# Each draw has a stream of its own, and labels come first in it: more of them begin with the same ones.
def _drawn_raters(setup: RatingSetup, stream: int, n: int) -> NDArray[np.int64]:
    """A rater for each label, [seeds, labels]."""
    drawn = np.random.default_rng((setup.seed, stream)).random((n, SEEDS)).T
    return (drawn * setup.n_raters).astype(np.int64)


def _rounds(setup: RatingSetup, stream: int, n: int, size: int) -> NDArray[np.int64]:
    """0 … size − 1 in random order, again and again, [seeds, n]: no item is left out while another comes twice."""
    rng = np.random.default_rng((setup.seed, stream))
    order = rng.random((-(-n // size), SEEDS, size)).argsort(axis=2)
    return order.transpose(1, 0, 2).reshape(SEEDS, -1)[:, :n]


def _cumulated(cells: NDArray[np.int64], weights: Array, counts: tuple[int, ...], size: int) -> Array:
    """Sum of `weights` [seeds, labels] per cell over the first counts[k] labels, [seeds, counts, size]."""
    seeds, n = cells.shape[0], counts[-1]
    stretch = np.searchsorted(np.array(counts), np.arange(n), side="right")
    place = (np.arange(seeds)[:, None] * len(counts) + stretch) * size + cells[:, :n]
    sums = np.bincount(place.ravel(), weights=weights[:, :n].ravel(), minlength=seeds * len(counts) * size)
    return sums.reshape(seeds, len(counts), size).cumsum(axis=1)
