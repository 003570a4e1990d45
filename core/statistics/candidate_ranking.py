"""A Bradley–Terry ranking of one prompt's candidates, with what chance could still change about it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.objectives.bradley_terry_fit import ItemFit, fit_item_strengths
from core.statistics.proportions import Z_95

PRIOR_SD = 2.0
DRAWS = 2000


@dataclass(frozen=True)
class Ranked:
    """One candidate: its place from 1 and the places that 95 % of the posterior leave open; its strength (log odds over the mean
    of all) with a 95 % interval; the chance to win against an average candidate; the chance to be the best; in how many
    judgements it took part."""

    item: int
    place: int
    places: tuple[int, int]
    strength: float
    interval: tuple[float, float]
    win_chance: float
    best_chance: float
    judgements: int


@dataclass(frozen=True)
class Ranking:
    """The candidates, best first. `prior_sd` is the width of the prior; `sentence` warns where the order rests on it."""

    ranked: tuple[Ranked, ...]
    fit: ItemFit
    judgements: int
    prior_sd: float
    sentence: str

    @property
    def by_item(self) -> tuple[Ranked, ...]:
        """The same in the order of the candidates."""
        return tuple(sorted(self.ranked, key=lambda ranked: ranked.item))


def rank(
    n_items: int,
    pairs: Sequence[tuple[int, int]],
    shares: Sequence[float],
    prior_sd: float = PRIOR_SD,
    seed: int = 0,
) -> Ranking:
    """Rank candidates 0 … n_items − 1 from judgements: `shares` is the first one's share of the win, 0.5 for a tie.

    Every strength has the prior N(0, prior_sd²), so a candidate without a defeat, or one that nobody judged, still has a finite
    place; without any judgement all are equal. Intervals by Laplace's approximation; places and the chance to be the best from
    2,000 draws of it. Raises ValueError for fewer than one item, impossible pairs or shares, or a prior that is not positive.
    """
    if not (math.isfinite(prior_sd) and prior_sd > 0):
        raise ValueError("The width of the prior must be a positive, finite number.")
    fit = fit_item_strengths(n_items, np.asarray(pairs, dtype=int).reshape(-1, 2), shares, 1 / (2 * prior_sd**2))
    counts = np.bincount(np.asarray(pairs, dtype=int).ravel(), minlength=n_items)
    errors = fit.standard_errors
    places, best = _places(fit, seed)
    order = np.lexsort((np.arange(n_items), -fit.strengths))
    ranked = tuple(
        Ranked(
            item=int(item),
            place=place,
            places=places[item],
            strength=float(fit.strengths[item]),
            interval=(
                float(fit.strengths[item] - Z_95 * errors[item]),
                float(fit.strengths[item] + Z_95 * errors[item]),
            ),
            win_chance=float(1 / (1 + np.exp(-fit.strengths[item]))),
            best_chance=float(best[item]),
            judgements=int(counts[item]),
        )
        for place, item in enumerate(order, 1)
    )
    return Ranking(ranked, fit, len(pairs), prior_sd, _sentence(n_items, np.asarray(pairs, dtype=int), counts))


def _places(fit: ItemFit, seed: int) -> tuple[list[tuple[int, int]], np.ndarray]:
    """Per item the 2.5 % and 97.5 % points of its place, and how often it comes first."""
    n = len(fit.strengths)
    values, axes = np.linalg.eigh((fit.covariance + fit.covariance.T) / 2)
    root = axes * np.sqrt(np.maximum(values, 0.0))
    drawn = fit.strengths + np.random.default_rng(seed).standard_normal((DRAWS, n)) @ root.T
    place = (-drawn).argsort(axis=1).argsort(axis=1) + 1
    ends = np.quantile(place, [0.025, 0.975], axis=0, method="nearest")
    return [(int(low), int(high)) for low, high in ends.T], (place == 1).mean(axis=0)


def _sentence(n_items: int, pairs: np.ndarray, counts: np.ndarray) -> str:
    if not len(pairs):
        return "Nobody has compared these candidates yet, so all of them are equal." if n_items > 1 else ""
    unseen = int((counts == 0).sum())
    if unseen:
        one = unseen == 1
        return f"{unseen} candidate{'' if one else 's'} took part in no comparison; {'its' if one else 'their'} place is the prior's."
    parts = _parts(n_items, pairs)
    if parts > 1:
        return f"The comparisons fall into {parts} groups that never met; how they stand to each other is the prior's."
    return ""


def _parts(n_items: int, pairs: np.ndarray) -> int:
    """How many groups the comparisons connect."""
    root = list(range(n_items))

    def find(item: int) -> int:
        while root[item] != item:
            item = root[item]
        return item

    for one, other in pairs.tolist():
        root[find(one)] = find(other)
    return len({find(item) for item in range(n_items)})
