"""The same fit as `reward_fit`, walked by plain gradient descent, so that one can watch a reward model being fitted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from core.objectives.bradley_terry import comparison_nll
from core.objectives.bradley_terry_fit import fit_feature_weights, fit_gradient_descent
from core.stages.reward_fit import fit_votes
from core.world.candidates import CandidateSet
from core.world.votes import Vote

# Shown iterations: close together at first, where most happens. The last frame is the exact optimum (by Newton's method).
SHOWN = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 19, 24, 30, 38, 48, 60, 76, 96, 120, 150, 190, 240, 300)
FRAMES = len(SHOWN) + 1


@dataclass(frozen=True)
class Descent:
    """Weights [frames, features] and losses [frames] along the walk; the last frame is the optimum itself."""

    weights: np.ndarray
    losses: np.ndarray
    iterations: tuple[int, ...]

    @property
    def left_over(self) -> float:
        """How far the last iterate of the walk still was from the optimum (Euclidean, in weights)."""
        return float(np.linalg.norm(self.weights[-2] - self.weights[-1]))


@lru_cache(maxsize=256)
def descend(candidates: CandidateSet, votes: tuple[Vote, ...], prior_sd: float) -> Descent:
    """The walk from zero weights to the optimum of `fit_votes` with the same arguments."""
    fit = fit_votes(candidates, votes, prior_sd)
    path = fit_gradient_descent(fit.feature_differences, fit.outcomes, prior_sd, steps=SHOWN[-1])
    optimum_loss = fit.linear.nll - fit.linear.log_prior
    return Descent(
        weights=np.vstack([path.weights[list(SHOWN)], fit.weights]),
        losses=np.append(path.losses[list(SHOWN)], optimum_loss),
        iterations=SHOWN,
    )


@dataclass(frozen=True)
class Slice:
    """A reward model with only two features: its loss on a square grid [grid, grid] (rows: second weight), and the walk on it."""

    grid: tuple[float, ...]
    loss: np.ndarray
    path: np.ndarray
    losses: np.ndarray


@lru_cache(maxsize=128)
def descend_on_two(
    candidates: CandidateSet, votes: tuple[Vote, ...], prior_sd: float, columns: tuple[int, int], points: int = 31
) -> Slice:
    """Surface, walk and optimum of the model that has just the features in `columns`."""
    whole = fit_votes(candidates, votes, prior_sd)
    two = whole.feature_differences[:, list(columns)]
    walk = fit_gradient_descent(two, whole.outcomes, prior_sd, steps=SHOWN[-1])
    best = fit_feature_weights(two, whole.outcomes, prior_sd)
    reach = max(1.5 * float(np.abs(np.vstack([walk.weights, best.weights])).max()), 1.0)
    grid = np.linspace(-reach, reach, points)
    weights = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    margins = torch.from_numpy(weights @ two.T)
    nll = comparison_nll(margins, torch.from_numpy(whole.outcomes)).sum(dim=-1).numpy()
    loss = (nll + 0.5 * (weights**2).sum(axis=1) / prior_sd**2).reshape(points, points)
    return Slice(
        grid=tuple(grid.tolist()),
        loss=loss,
        path=np.vstack([walk.weights[list(SHOWN)], best.weights]),
        losses=np.append(walk.losses[list(SHOWN)], best.nll - best.log_prior),
    )
