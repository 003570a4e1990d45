"""Agreement between raters beyond chance, each with a bootstrap interval over the items.

The coefficients come from statsmodels (Cohen, Fleiss, Randolph) and krippendorff, which are imported on first use:
statsmodels needs scipy.stats, some 0.3 s and 35 MB once per process. What is ours is the checking of inputs, the words
for results that do not exist, and the interval.

Where every rating is the same category, chance alone would agree always, and a coefficient is 0/0: its value is NaN and
`note` says why in one sentence, to be shown instead of a number. Impossible inputs raise ValueError.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Weights = Literal["linear", "quadratic"] | None
Level = Literal["nominal", "ordinal", "interval", "ratio"]
Rating = Hashable | None

NO_VARIETY = "Every rating is the same category, so agreement beyond chance is not defined."
NO_SPREAD = "All items tell the same story, so this interval does not show how few they are."
ONE_ITEM = "One item gives no interval: there is nothing to resample."


class Agreement(NamedTuple):
    """A coefficient with its percentile bootstrap interval. 1 = perfect, 0 = what chance gives, below 0 = worse.

    `resamples` = how many resamples the interval rests on: those in which every rating is the same category have no
    coefficient and are left out. Perfect agreement in every item gives the interval [1, 1] however few the items are;
    `note` then says so.
    """

    value: float
    low: float
    high: float
    confidence: float
    n_items: int
    resamples: int
    note: str | None = None


def cohen_kappa(
    rater_a: Sequence[Hashable],
    rater_b: Sequence[Hashable],
    weights: Weights = None,
    categories: Sequence[Hashable] | None = None,
    *,
    confidence: float = 0.95,
    n_resamples: int = 1000,
    seed: int = 0,
) -> Agreement:
    """Cohen's kappa of two raters over the same N items (Cohen 1960; weighted: Cohen 1968).

    `weights` "linear" or "quadratic" count a disagreement by the distance of the categories in their order: that of
    `categories`, or the sorted ones that occur. Give `categories` when a scale has steps nobody used.
    Raises ValueError for lists of different or zero length, and for ratings outside `categories`.
    """
    if len(rater_a) != len(rater_b) or not len(rater_a):
        raise ValueError("Both raters must have rated the same items, at least one.")
    if weights not in (None, "linear", "quadratic"):
        raise ValueError('The weights must be None, "linear" or "quadratic".')
    codes, names = _coded([*rater_a, *rater_b], categories)
    n, k = len(rater_a), len(names)
    pairs = codes[:n] * k + codes[n:]

    def statistic(items: NDArray[np.intp]) -> float:
        from statsmodels.stats.inter_rater import cohens_kappa

        table = np.bincount(pairs[items], minlength=k * k).reshape(k, k)
        if ((table.sum(0) + table.sum(1)) > 0).sum() < 2:
            return math.nan
        return float(cohens_kappa(table, wt=weights, return_results=False))

    return _with_interval(statistic, n, confidence, n_resamples, seed)


def fleiss_kappa(
    counts: ArrayLike,
    method: Literal["fleiss", "randolph"] = "fleiss",
    *,
    confidence: float = 0.95,
    n_resamples: int = 1000,
    seed: int = 0,
) -> Agreement:
    """Kappa of several raters from `counts` [items, categories]: how many raters put the item into the category.

    "fleiss" takes chance from how often each category was used (Fleiss 1971); "randolph" takes every column as equally
    likely, used or not (Randolph 2005). Raises ValueError unless every item has the same number of ratings, at least 2.
    """
    table = np.asarray(counts, dtype=float)
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError("The counts must be a table of items by categories with at least one of each.")
    if not (np.isfinite(table) & (table >= 0)).all():
        raise ValueError("Counts of ratings cannot be negative or missing.")
    per_item = table.sum(1)
    if per_item[0] < 2 or (per_item != per_item[0]).any():
        raise ValueError("Every item needs the same number of ratings, at least two.")
    if method not in ("fleiss", "randolph"):
        raise ValueError('The method must be "fleiss" or "randolph".')
    if method == "randolph" and table.shape[1] == 1:
        note = "With one category to choose from, agreement beyond chance is not defined."
        return Agreement(math.nan, math.nan, math.nan, confidence, len(table), 0, note)

    def statistic(items: NDArray[np.intp]) -> float:
        from statsmodels.stats.inter_rater import fleiss_kappa as library_kappa

        chosen = table[items]
        if method == "fleiss" and (chosen.sum(0) > 0).sum() < 2:
            return math.nan
        return float(library_kappa(chosen, method=method))

    return _with_interval(statistic, len(table), confidence, n_resamples, seed)


def krippendorff_alpha(
    ratings: Sequence[Sequence[Rating]],
    level: Level = "nominal",
    categories: Sequence[Hashable] | None = None,
    *,
    confidence: float = 0.95,
    n_resamples: int = 1000,
    seed: int = 0,
) -> Agreement:
    """Krippendorff's alpha from `ratings` [raters][units]; None or NaN = missing, and raters may skip units.

    `level` says what a distance between values means (Krippendorff 2011). Units with fewer than two ratings do not
    count. Words are fine for "nominal", and for "ordinal" where `categories` gives their order; "interval" and "ratio"
    need numbers. Raises ValueError for ragged ratings, no unit with two ratings, or values that do not suit the level.
    """
    if level not in ("nominal", "ordinal", "interval", "ratio"):
        raise ValueError('The level must be "nominal", "ordinal", "interval" or "ratio".')
    counts, values = category_counts(ratings, categories)
    numeric = all(isinstance(value, int | float | np.number) for value in values)
    if not numeric and (level in ("interval", "ratio") or (level == "ordinal" and categories is None)):
        raise ValueError("This level needs numbers, or for ordinal words the order of the categories.")
    # nominal and ordinal distances depend on the categories' places only
    domain = np.array(values if level in ("interval", "ratio") else range(len(values)), dtype=float)
    counts = counts[counts.sum(1) >= 2]
    if not len(counts):
        raise ValueError("No unit has ratings from at least two raters, so nothing can be compared.")

    def statistic(units: NDArray[np.intp]) -> float:
        import krippendorff

        chosen = counts[units]
        if (chosen.sum(0) > 0).sum() < 2:
            return math.nan
        return float(krippendorff.alpha(value_counts=chosen, value_domain=domain, level_of_measurement=level))

    return _with_interval(statistic, len(counts), confidence, n_resamples, seed)


def category_counts(
    ratings: Sequence[Sequence[Rating]], categories: Sequence[Hashable] | None = None
) -> tuple[NDArray[np.intp], list]:
    """`ratings` [raters][items] as counts [items, categories], and the categories in order (sorted unless given).

    None and NaN are missing and counted nowhere. Raises ValueError for ragged ratings or ones outside `categories`.
    """
    rows = [list(row) for row in ratings]
    if not rows or not rows[0] or any(len(row) != len(rows[0]) for row in rows):
        raise ValueError("Every rater needs one entry per item, with None where a rating is missing.")
    given = [(item, value) for row in rows for item, value in enumerate(row) if not _missing(value)]
    codes, names = _coded([value for _, value in given], categories)
    counts = np.zeros((len(rows[0]), len(names)), dtype=np.intp)
    np.add.at(counts, (np.array([item for item, _ in given], dtype=np.intp), codes), 1)
    return counts, names


def _missing(value: Rating) -> bool:
    return value is None or (isinstance(value, float | np.floating) and math.isnan(value))


def _coded(ratings: Sequence[Hashable], categories: Sequence[Hashable] | None) -> tuple[NDArray[np.intp], list]:
    """Ratings as positions in the list of categories."""
    try:
        names = sorted(set(ratings)) if categories is None else list(dict.fromkeys(categories))
    except TypeError:
        raise ValueError("Ratings must be all numbers or all words.") from None
    place = {name: index for index, name in enumerate(names)}
    strangers = [rating for rating in ratings if rating not in place]
    if strangers:
        raise ValueError(f"The rating {strangers[0]!r} is not one of the categories.")
    return np.array([place[rating] for rating in ratings], dtype=np.intp), names


def _with_interval(
    statistic: Callable[[NDArray[np.intp]], float], n: int, confidence: float, n_resamples: int, seed: int
) -> Agreement:
    """Percentile bootstrap (Efron 1979): items are drawn with replacement, each with all of its ratings."""
    if not 0 < confidence < 1:
        raise ValueError("The confidence must lie strictly between 0 and 1.")
    value = statistic(np.arange(n))
    if math.isnan(value):
        return Agreement(value, math.nan, math.nan, confidence, n, 0, NO_VARIETY)
    if n == 1:
        return Agreement(value, math.nan, math.nan, confidence, n, 0, ONE_ITEM)
    draws = np.random.default_rng(seed).integers(0, n, (n_resamples, n))
    resampled = np.array([statistic(items) for items in draws])
    resampled = resampled[~np.isnan(resampled)]
    if not len(resampled):
        note = "No interval was asked for." if n_resamples == 0 else NO_VARIETY
        return Agreement(value, math.nan, math.nan, confidence, n, 0, note)
    low, high = np.quantile(resampled, [(1 - confidence) / 2, (1 + confidence) / 2])
    note = NO_SPREAD if low == high else None
    return Agreement(value, float(low), float(high), confidence, n, len(resampled), note)
