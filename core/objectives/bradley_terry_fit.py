"""Fitting Bradley–Terry scores to comparisons: by features (a linear reward model) or one strength per item.

Both objectives are convex, so damped Newton steps reach the optimum; no loop runs over the comparisons. NumPy, float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

MAX_NEWTON_STEPS = 200


class LinearFit(NamedTuple):
    """Maximum a posteriori weights of a linear score. `nll - log_prior` is the quantity that was minimised."""

    weights: Array  # [F]
    covariance: Array  # [F, F], Laplace: the inverse Hessian of nll - log_prior at the optimum
    nll: float  # sum over comparisons, nats
    log_prior: float  # -1/2 sum((w / prior_sd)^2), the Gaussian without its constant
    iterations: int
    converged: bool
    path: Array  # [iterations + 1, F], the Newton iterates from zero

    def scores(self, features: ArrayLike) -> tuple[Array, Array]:
        """Mean and posterior standard deviation, each [M], of the scores of items with `features` [M, F]."""
        items = np.asarray(features, dtype=float)
        variance = np.einsum("mf,fg,mg->m", items, self.covariance, items)
        return items @ self.weights, np.sqrt(np.maximum(variance, 0.0))


class DescentPath(NamedTuple):
    """Gradient descent on the same surface: `weights` [steps + 1, F] and `losses` [steps + 1] (nll - log_prior)."""

    weights: Array
    losses: Array
    learning_rate: float


class ItemFit(NamedTuple):
    """Bradley–Terry strengths of items, log scale, shifted to mean zero."""

    strengths: Array  # [n]
    covariance: Array  # [n, n] of the mean-zero strengths (rows sum to zero)
    win_prob_matrix: Array  # [n, n], entry [i, j] = P(i beats j)
    nll: float  # without the penalty, nats
    iterations: int
    converged: bool

    @property
    def standard_errors(self) -> Array:
        """[n], of the distance from the items' mean strength."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))


def _softplus(x: Array) -> Array:
    return np.logaddexp(0.0, x)


def _sigmoid(x: Array) -> Array:
    return np.exp(-np.logaddexp(0.0, -x))  # keeps the small tail, where 1/(1+exp(-x)) overflows


def _newton(
    derivatives: Callable[[Array], tuple[float, Array, Array]],
    value: Callable[[Array], float],
    start: Array,
    least_curvature: float,
) -> tuple[list[Array], Array, bool]:
    """Newton with a backtracking line search. Returns iterates, the last inverse Hessian, and if it converged.

    `least_curvature` is a lower bound known in advance (the prior's precision): rounding may push an eigenvalue of
    collinear data below it, and the step must not explode there. With bound 0, flat directions are left alone.
    """
    x, path, converged = start, [start], False

    def inverse(hessian: Array) -> Array:
        curvature, axes = np.linalg.eigh(hessian)
        flat = curvature <= max(curvature[-1], 1.0) * 1e-14
        if least_curvature > 0:
            scale = 1.0 / np.maximum(curvature, least_curvature)
        else:
            scale = np.where(flat, 0.0, 1.0 / np.where(flat, 1.0, curvature))
        return (axes * scale) @ axes.T

    f, gradient, hessian = derivatives(x)
    last_decrement = np.inf
    for _ in range(MAX_NEWTON_STEPS):
        step = -inverse(hessian) @ gradient
        decrement = -float(gradient @ step)  # twice the expected gain of a full step
        if decrement == 0:
            converged = True
            break
        size, rounding = 1.0, 1e-14 * (1.0 + abs(f))
        while value(x + size * step) > f - 1e-4 * size * decrement + rounding and size > 1e-10:
            size /= 2
        x = x + size * step
        path.append(x)
        f, gradient, hessian = derivatives(x)
        # Convergence is quadratic, so after a step this small nothing is left; or rounding is all that still moves.
        small = np.abs(step).max() <= 1e-8 * (1.0 + np.abs(x).max())
        stalled = decrement <= 1e-12 * (1.0 + abs(f)) and decrement > last_decrement / 2
        if small or stalled:
            converged = True
            break
        last_decrement = decrement
    return path, inverse(hessian), converged


def _checked_comparisons(
    feature_differences: ArrayLike, outcomes: ArrayLike, prior_sd: ArrayLike
) -> tuple[Array, Array, Array]:
    x = np.asarray(feature_differences, dtype=float)
    y = np.asarray(outcomes, dtype=float)
    if x.ndim != 2 or x.shape[1] == 0 or y.shape != x.shape[:1]:
        raise ValueError("Feature differences must be a table of comparisons by features, with one outcome per row.")
    if not np.isfinite(x).all():
        raise ValueError("Every feature difference must be a finite number.")
    if not ((y >= 0) & (y <= 1)).all():
        raise ValueError("Every outcome must lie between 0 and 1 (1 = first wins, 0 = second wins, 0.5 = tie).")
    sd = np.broadcast_to(np.asarray(prior_sd, dtype=float), x.shape[1:])
    if not (np.isfinite(sd) & (sd > 0)).all():
        raise ValueError("The prior standard deviation must be a positive, finite number.")
    return x, y, 1.0 / sd**2


def fit_feature_weights(feature_differences: ArrayLike, outcomes: ArrayLike, prior_sd: ArrayLike) -> LinearFit:
    """MAP weights of a linear score from comparisons: sum of Bradley–Terry nll + 1/2 sum((w / prior_sd)^2), by Newton.

    `feature_differences` [N, F] = features of the first item minus features of the second; `outcomes` [N] in [0, 1] =
    the first item's share of the win (0.5 = tie); `prior_sd` a number or [F], the Gaussian prior N(0, prior_sd^2).
    The prior keeps everything finite: no votes return the prior exactly; contradictory, separable or collinear
    comparisons have one answer. Covariance by Laplace's approximation (MacKay 1992).
    Raises ValueError for wrong shapes, non-finite features, outcomes outside [0, 1] or a prior_sd that is not positive.
    """
    x, y, precision = _checked_comparisons(feature_differences, outcomes, prior_sd)
    zero = np.zeros(x.shape[1])
    if len(x) == 0:
        return LinearFit(zero, np.diag(1.0 / precision), 0.0, 0.0, 0, True, zero[None])

    def nll(w: Array) -> float:
        margins = x @ w
        return float(y @ _softplus(-margins) + (1 - y) @ _softplus(margins))

    def value(w: Array) -> float:
        return nll(w) + 0.5 * float(precision @ w**2)

    def derivatives(w: Array) -> tuple[float, Array, Array]:
        margins = x @ w
        p, q = _sigmoid(margins), _sigmoid(-margins)
        gradient = x.T @ ((1 - y) * p - y * q) + precision * w
        return value(w), gradient, (x.T * (p * q)) @ x + np.diag(precision)

    path, covariance, converged = _newton(derivatives, value, zero, float(precision.min()))
    weights = path[-1]
    log_prior = -0.5 * float(precision @ weights**2)
    return LinearFit(weights, covariance, nll(weights), log_prior, len(path) - 1, converged, np.array(path))


def fit_gradient_descent(
    feature_differences: ArrayLike,
    outcomes: ArrayLike,
    prior_sd: ArrayLike,
    learning_rate: float | None = None,
    steps: int = 50,
    start: ArrayLike | None = None,
) -> DescentPath:
    """Plain gradient descent on the surface of `fit_feature_weights`, for a picture of the path. Same inputs.

    `start` [F] defaults to zero. `learning_rate` defaults to 1/L, L the largest curvature the surface can have, which
    never climbs. Raises ValueError where the rate times the prior's precision reaches 2: such a walk runs to infinity.
    """
    x, y, precision = _checked_comparisons(feature_differences, outcomes, prior_sd)
    largest = np.linalg.norm(x, 2) ** 2 / 4 if len(x) else 0.0
    rate = 1.0 / float(largest + precision.max()) if learning_rate is None else float(learning_rate)
    if not (rate > 0 and rate * precision.max() < 2):
        raise ValueError(
            "The learning rate must be positive and below twice the prior's variance, or the walk diverges."
        )
    w = np.zeros(x.shape[1]) if start is None else np.array(start, dtype=float)
    if w.shape != x.shape[1:] or not np.isfinite(w).all():
        raise ValueError("The start must be one finite weight per feature.")
    weights, losses = np.empty((steps + 1, len(w))), np.empty(steps + 1)
    for k in range(steps + 1):
        margins = x @ w
        weights[k] = w
        losses[k] = y @ _softplus(-margins) + (1 - y) @ _softplus(margins) + 0.5 * (precision @ w**2)
        w = w - rate * (x.T @ ((1 - y) * _sigmoid(margins) - y * _sigmoid(-margins)) + precision * w)
    return DescentPath(weights, losses, rate)


def fit_item_strengths(
    n_items: int, comparisons: ArrayLike, outcomes: ArrayLike | None = None, l2_penalty: float = 0.0
) -> ItemFit:
    """Bradley–Terry strength of each of `n_items` from pairwise comparisons, by Newton.

    `comparisons` [N, 2] = (winner, loser), or (first, second) where `outcomes` [N] gives the first's share of the win
    (0.5 = tie). Minimises sum nll + l2_penalty * sum(strength^2); the penalty is a Gaussian prior of variance
    1 / (2 * l2_penalty) on each strength. Bradley and Terry 1952; the covariance is the inverse Hessian on mean-zero
    strengths.
    Raises ValueError for impossible items or outcomes; and, without a penalty, where no finite optimum exists: some
    group of items never lost to (or was never compared with) the rest (Ford 1957).
    """
    pairs = np.asarray(comparisons, dtype=int).reshape(-1, 2)
    share = np.ones(len(pairs)) if outcomes is None else np.asarray(outcomes, dtype=float)
    if n_items < 1 or (len(pairs) and not (pairs.min() >= 0 and pairs.max() < n_items)):
        raise ValueError("Every compared item must be a number from 0 to n_items - 1.")
    if (pairs[:, 0] == pairs[:, 1]).any():
        raise ValueError("An item cannot be compared with itself.")
    if share.shape != (len(pairs),) or not ((share >= 0) & (share <= 1)).all():
        raise ValueError("There must be one outcome between 0 and 1 per comparison.")
    if not (np.isfinite(l2_penalty) and l2_penalty >= 0):
        raise ValueError("The penalty must be a finite number that is not negative.")
    wins = np.zeros((n_items, n_items))  # wins[i, j] = how often i beat j; a tie is half each way
    np.add.at(wins, (pairs[:, 0], pairs[:, 1]), share)
    np.add.at(wins, (pairs[:, 1], pairs[:, 0]), 1 - share)
    if l2_penalty == 0:
        _refuse_unbounded(wins)
    met = wins + wins.T

    def nll(s: Array) -> float:
        return float((wins * _softplus(s[None, :] - s[:, None])).sum())

    def value(s: Array) -> float:
        return nll(s) + l2_penalty * float(s @ s)

    def derivatives(s: Array) -> tuple[float, Array, Array]:
        p = _sigmoid(s[:, None] - s[None, :])
        surprise = wins * p.T
        gradient = surprise.sum(0) - surprise.sum(1) + 2 * l2_penalty * s
        pull = met * p * p.T
        return value(s), gradient, np.diag(pull.sum(1) + 2 * l2_penalty) - pull

    path, covariance, converged = _newton(derivatives, value, np.zeros(n_items), 2 * l2_penalty)
    strengths = path[-1] - path[-1].mean()
    centring = np.eye(n_items) - 1.0 / n_items
    return ItemFit(
        strengths=strengths,
        covariance=centring @ covariance @ centring,
        win_prob_matrix=_sigmoid(strengths[:, None] - strengths[None, :]),
        nll=nll(strengths),
        iterations=len(path) - 1,
        converged=converged,
    )


def _refuse_unbounded(wins: Array) -> None:
    """Without a prior the optimum is finite only if 'beat' steps lead from every item to every other (Ford 1957)."""
    if not _all_reach_all((wins + wins.T) > 0):
        raise ValueError("Some items were never compared with the rest: their strengths need a prior (l2_penalty > 0).")
    if not _all_reach_all(wins > 0):
        raise ValueError("Some items never lost to the rest: their strengths need a prior (l2_penalty > 0).")


def _all_reach_all(steps: NDArray[np.bool_]) -> bool:
    reach = steps | np.eye(len(steps), dtype=bool)
    for _ in range(len(steps).bit_length()):  # paths of up to 2, 4, 8 ... steps
        reach = (reach.astype(float) @ reach.astype(float)) > 0
    return bool(reach.all())
