"""The whiteboard's reward model: weights on measured features, fitted to votes; and the scores it gives to responses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.objectives.bradley_terry_fit import LinearFit, fit_feature_weights, fit_item_strengths
from core.world.candidates import CandidateSet
from core.world.votes import Vote, for_responses


@dataclass(frozen=True)
class RewardFit:
    """A linear reward model after the votes.

    `scores` [responses] are shifted to mean zero (the likelihood cannot see a shift) and `score_sd` [responses] is the
    posterior standard deviation of exactly those shifted scores, by Laplace's approximation.
    """

    votes: tuple[Vote, ...]
    feature_differences: np.ndarray
    outcomes: np.ndarray
    weights: np.ndarray
    weight_sd: np.ndarray
    scores: np.ndarray
    score_sd: np.ndarray
    linear: LinearFit

    @property
    def n_votes(self) -> int:
        """How many votes were fitted, ties included, skips not."""
        return len(self.votes)

    @property
    def agreement(self) -> float | None:
        """Share of the votes that were not ties and that the fitted scores repeat; None without such a vote."""
        decided = [
            (self.scores[v.first] - self.scores[v.second]) * (v.share - 0.5) for v in self.votes if v.share != 0.5
        ]
        return float(np.mean([d > 1e-12 for d in decided])) if decided else None

    def pair(self, first: int, second: int) -> tuple[float, float]:
        """(Δ, σ(Δ)) of two responses: score difference in nats, and the probability that the first one wins."""
        gap = float(self.scores[first] - self.scores[second])
        return gap, float(np.exp(-np.logaddexp(0.0, -gap)))


@lru_cache(maxsize=1024)
def fit_votes(candidates: CandidateSet, votes: tuple[Vote, ...], prior_sd: float) -> RewardFit:
    """Fit feature weights to votes with the prior N(0, prior_sd²) on each weight. No votes give the prior: all scores 0."""
    counted = for_responses(votes, len(candidates.candidates))
    features = candidates.matrix()
    differences = np.array([features[v.first] - features[v.second] for v in counted]).reshape(-1, features.shape[1])
    outcomes = np.array([v.share for v in counted], dtype=float)
    linear = fit_feature_weights(differences, outcomes, prior_sd)
    scores, score_sd = linear.scores(features - features.mean(axis=0))
    return RewardFit(
        votes=counted,
        feature_differences=differences,
        outcomes=outcomes,
        weights=linear.weights,
        weight_sd=np.sqrt(np.maximum(np.diag(linear.covariance), 0.0)),
        scores=scores,
        score_sd=score_sd,
        linear=linear,
    )


@lru_cache(maxsize=256)
def free_scores(candidates: CandidateSet, votes: tuple[Vote, ...], prior_sd: float) -> tuple[np.ndarray, np.ndarray]:
    """One free Bradley–Terry strength per response and its standard error, with the prior N(0, prior_sd²) on each.

    Unlike the weights on features, a response that nobody voted on stays at the prior.
    """
    counted = for_responses(votes, len(candidates.candidates))
    pairs = [(vote.first, vote.second) for vote in counted]
    shares = [float(vote.share or 0.0) for vote in counted]
    fit = fit_item_strengths(len(candidates.candidates), pairs, shares, l2_penalty=1 / (2 * prior_sd**2))
    return fit.strengths, fit.standard_errors
