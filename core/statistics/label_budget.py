"""How many labels? A small world in which labellers agree as much as yours do, and a reward model that learns from them.

What makes a response better is a weighted sum of `features` independent things, so a pair is a vector x of as many standard
normal differences, and its true gap is g = w·x with |w| = 1. A labeller prefers the first response with probability
σ(sharpness · g): Bradley–Terry, with hard pairs (g near 0) and easy ones. `sharpness` is chosen so that two labellers agree on as
many pairs as yours did. The reward model is the linear Bradley–Terry fit to the labels, with as much weight decay as fits weights
of that size; its accuracy on pairs it has not seen is known exactly from the angle between its weights and w, so nothing is lost
to a test set.

Three ways to spend the same money. Rows: every pair is labelled once. Overlap: three labels a pair, the majority is its label.
Refresh: half of the money now, the other half on pairs from the policy trained on the first half. That matters when those pairs
differ in things that the first ones hardly show: `new_share` of the features has a tenth of its later spread in the first half.
Accuracy is always measured on the later pairs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Array32 = NDArray[np.float32]
Plan = Literal["rows", "overlap", "refresh"]

PLANS: tuple[Plan, ...] = ("rows", "overlap", "refresh")
OVERLAP = 3
SEEDS = 16
POINTS = 7
FEWEST = 16
MOST_PAIRS = 8192
MOST_FEATURES = 48
SEEN_EARLY = 0.1
NEWTON_STEPS = 7
LONGEST_STEP = 4.0
SETTLED = 0.02  # Newton squares it: after a step this small about 1e-4 is left
SHARPEST = 50.0
# The standard normal gap on an even grid: finer than the sharpest labeller, so that sums over it are integrals.
_GAPS = np.linspace(-8, 8, 1601)
_DENSITY = np.exp(-(_GAPS**2) / 2) / np.exp(-(_GAPS**2) / 2).sum()


@dataclass(frozen=True)
class BudgetSetup:
    """What is simulated. Money in any unit: `label_cost` for one label, `pair_cost` for making one pair (sampling two responses,
    reading the prompt in). `agreement` is the share of pairs, ties left out, on which two of your labellers agree."""

    agreement: float = 0.73
    budget: float = 2000.0
    label_cost: float = 1.0
    pair_cost: float = 0.0
    features: int = 24
    new_share: float = 0.25
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.5 < self.agreement <= 1:
            raise ValueError(
                "The agreement must be above 50 % (what two coins reach) and at most 100 %, or labels teach nothing."
            )
        if not (math.isfinite(self.budget) and math.isfinite(self.pair_cost) and self.pair_cost >= 0):
            raise ValueError("Budget and costs must be finite numbers that are not negative.")
        if not (math.isfinite(self.label_cost) and self.label_cost > 0):
            raise ValueError("A label must cost something.")
        if not 2 <= self.features <= MOST_FEATURES:
            raise ValueError(f"There must be 2 to {MOST_FEATURES} features.")
        if not 0 <= self.new_share <= 1:
            raise ValueError("The share of new features must lie between 0 and 1.")
        if self.pairs_for(self.budget, "overlap") < FEWEST:
            needed = FEWEST * (self.pair_cost + OVERLAP * self.label_cost)
            raise ValueError(
                f"The budget must pay for at least {FEWEST} pairs with {OVERLAP} labels each: {needed:,.2f}."
            )

    def pairs_for(self, money: float, plan: Plan) -> int:
        """How many different pairs an amount buys."""
        return int(money / (self.pair_cost + (OVERLAP if plan == "overlap" else 1) * self.label_cost) + 1e-9)

    def labels_for(self, money: float, plan: Plan) -> int:
        """How many labels an amount buys."""
        return self.pairs_for(money, plan) * (OVERLAP if plan == "overlap" else 1)


class BudgetCurves(NamedTuple):
    """Held-out accuracy per plan [seeds, amounts], in agreement with the truth; and what stands beside it.

    `labeller` is how often one labeller is right about a pair, `ceiling` how often a perfect model agrees with one labeller
    (the same number: the best that a test set of single labels can show). `capped` says that the amounts were cut because the
    simulation stops at 8,192 pairs.
    """

    amounts: tuple[float, ...]
    accuracy: dict[Plan, Array]
    pairs: dict[Plan, tuple[int, ...]]
    labels: dict[Plan, tuple[int, ...]]
    sharpness: float
    labeller: float
    capped: bool

    def against_labels(self, accuracy: ArrayLike) -> Array:
        """Accuracy against the truth as the accuracy that single labels of the test set would show."""
        cosine = np.cos(math.pi * (1 - np.asarray(accuracy, dtype=float)))
        return shown_accuracy(cosine, self.sharpness)

    def labels_to_reach(self, plan: Plan, target: float) -> int | None:
        """How many labels until the mean accuracy over the seeds reaches `target` (against the truth), between the amounts on a
        logarithmic axis; None if it does not within the budget. A first amount that is there already gives its own count."""
        mean, counts = self.accuracy[plan].mean(axis=0), self.labels[plan]
        reached = np.flatnonzero(mean >= target)
        if not len(reached):
            return None
        k = int(reached[0])
        if k == 0:
            return counts[0]
        part = (target - mean[k - 1]) / (mean[k] - mean[k - 1])
        return math.ceil(math.exp((1 - part) * math.log(counts[k - 1]) + part * math.log(counts[k])))


def agreement_of(sharpness: float) -> float:
    """The share of pairs on which two independent labellers agree: E[p² + (1 − p)²], p = σ(sharpness · g), g ~ N(0, 1)."""
    p = _sigmoid(sharpness * _GAPS)
    return float(_DENSITY @ (p * p + (1 - p) ** 2))


def sharpness_for(agreement: float) -> float:
    """The sharpness at which two labellers agree that often, by bisection; at most 50, beyond which nobody errs."""
    low, high = 0.0, SHARPEST
    if agreement >= agreement_of(high):
        return high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if agreement_of(middle) < agreement else (low, middle)
    return (low + high) / 2


def labeller_accuracy(sharpness: float) -> float:
    """How often one labeller prefers the truly better response: E[σ(sharpness · |g|)]."""
    return float(_DENSITY @ _sigmoid(sharpness * np.abs(_GAPS)))


def shown_accuracy(cosine: ArrayLike, sharpness: float) -> Array:
    """How often a model agrees with single labels, when its score and the true gap have correlation `cosine`."""
    from scipy.special import ndtr

    rho = np.clip(np.asarray(cosine, dtype=float), -1, 1)[..., None]
    prefers = ndtr(rho * _GAPS / np.sqrt(np.maximum(1 - rho**2, 1e-12)))
    labelled = _sigmoid(sharpness * _GAPS)
    return (prefers * labelled + (1 - prefers) * (1 - labelled)) @ _DENSITY


def true_accuracy(cosine: ArrayLike) -> Array:
    """How often the signs of two normal variables with correlation `cosine` agree: 1 − arccos(ρ) / π (Sheppard 1899)."""
    return 1 - np.arccos(np.clip(np.asarray(cosine, dtype=float), -1, 1)) / math.pi


@lru_cache(maxsize=64)
def simulate(setup: BudgetSetup) -> BudgetCurves:
    """The three plans at seven amounts up to the budget, over 16 seeds. A larger amount keeps the pairs of the smaller ones."""
    dearest = setup.pair_cost + setup.label_cost
    most = min(setup.budget, MOST_PAIRS * dearest)
    least = max(most / 2 ** (POINTS - 1), FEWEST * (setup.pair_cost + OVERLAP * setup.label_cost))
    amounts = tuple(float(amount) for amount in np.geomspace(least, most, POINTS))
    sharpness = sharpness_for(setup.agreement)
    world = _World.draw(setup, sharpness, max(setup.pairs_for(most, "rows"), 1))
    accuracy, pairs, labels = {}, {}, {}
    for plan in PLANS:
        pairs[plan] = tuple(setup.pairs_for(amount, plan) for amount in amounts)
        labels[plan] = tuple(setup.labels_for(amount, plan) for amount in amounts)
        accuracy[plan] = _curve(world, plan, pairs[plan])
    return BudgetCurves(
        amounts, accuracy, pairs, labels, sharpness, labeller_accuracy(sharpness), most < setup.budget - 1e-9
    )


@dataclass(frozen=True)
class _World:
    """Pairs of all seeds [S, N, F], true weights [S, F], and thresholds for three labels a pair [S, N, 3]."""

    later: Array32
    truth: Array32
    coins: Array32
    spread: Array32
    sharpness: float

    @classmethod
    def draw(cls, setup: BudgetSetup, sharpness: float, most: int) -> _World:
        # Each seed has a stream of its own, and pairs come in order: a larger budget begins with the same ones.
        later, coins, truth = [], [], []
        for seed in range(SEEDS):
            later.append(_stream(setup, seed, 0).standard_normal((most, setup.features), dtype=np.float32))
            coins.append(_stream(setup, seed, 1).random((most, OVERLAP), dtype=np.float32))
            truth.append(_stream(setup, seed, 2).standard_normal(setup.features, dtype=np.float32))
        weights = np.array(truth)
        weights /= np.linalg.norm(weights, axis=1, keepdims=True)
        spread = np.ones(setup.features, dtype=np.float32)
        spread[: round(setup.new_share * setup.features)] = SEEN_EARLY
        return cls(np.array(later), weights, np.array(coins), spread, sharpness)

    def labelled(self, pairs: slice, early: bool, labels: int) -> tuple[Array32, Array32]:
        """Pairs [S, n, F] as the first policy (`early`) or the later one writes them, and their labels ±1 by majority."""
        x = self.later[:, pairs] * (self.spread if early else np.float32(1))
        gap = np.einsum("snf,sf->sn", x, self.truth)
        chance = _sigmoid32(np.float32(self.sharpness) * gap)
        wins = (self.coins[:, pairs, :labels] < chance[..., None]).sum(axis=2)
        return x, np.where(2 * wins > labels, 1, -1).astype(np.float32)


def _curve(world: _World, plan: Plan, counts: tuple[int, ...]) -> Array:
    """Accuracy [seeds, amounts] on later pairs."""
    columns = []
    for count in counts:
        if plan == "refresh":
            half = count // 2
            old = world.labelled(slice(0, half), True, 1)
            new = world.labelled(slice(half, count), False, 1)
            x, y = (np.concatenate(both, axis=1) for both in zip(old, new))
        else:
            x, y = world.labelled(slice(0, count), True, OVERLAP if plan == "overlap" else 1)
        weights = fit(x, y, world.sharpness / math.sqrt(x.shape[2]))
        norm = np.linalg.norm(weights, axis=1)
        cosine = (weights * world.truth).sum(axis=1) / np.where(norm > 0, norm, 1)
        columns.append(true_accuracy(cosine))
    return np.stack(columns, axis=1)


def fit(x: Array32, y: Array32, prior_sd: float) -> Array32:
    """Linear Bradley–Terry weights [S, F] of pairs `x` [S, n, F] with labels `y` [S, n] = ±1 and the prior N(0, prior_sd²), by Newton.

    Steps are cut where they would move the scores by more than 4 (root mean square): far out the curve is flat and a full step
    would fly off. The same optimum as `core.objectives.bradley_terry_fit.fit_feature_weights`, for all seeds at once.
    """
    signed = x * y[..., None]
    across = signed.transpose(0, 2, 1)
    precision = np.float32(1 / prior_sd**2)
    ridge = precision * np.eye(x.shape[2], dtype=np.float32)
    weights = np.zeros((len(x), x.shape[2]), dtype=np.float32)
    for _ in range(NEWTON_STEPS):
        surprise = _sigmoid32(-np.matmul(signed, weights[..., None])[..., 0])
        gradient = np.matmul(across, surprise[..., None])[..., 0] - precision * weights
        curvature = np.matmul(across * (surprise * (1 - surprise))[:, None, :], signed) + ridge
        step = np.linalg.solve(curvature, gradient[..., None])[..., 0]
        move = np.sqrt((np.matmul(signed, step[..., None]) ** 2).mean(axis=(1, 2)))
        weights = weights + step * np.minimum(1, LONGEST_STEP / np.maximum(move, 1e-9))[:, None]
        if move.max() < SETTLED:
            break
    return weights


def _stream(setup: BudgetSetup, seed: int, which: int) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64((setup.seed, seed, which)))


def _sigmoid(x: ArrayLike) -> Array:
    return np.exp(-np.logaddexp(0.0, -np.asarray(x, dtype=float)))


def _sigmoid32(x: Array32) -> Array32:
    return 1 / (1 + np.exp(-np.clip(x, -60, 60)))
