"""How well a fitted reward model does on pairs that it has not seen, against the number of votes; and by leave-one-out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.stages.reward_fit import fit_votes
from core.world.candidates import CandidateSet
from core.world.simulated_voter import SimulatedVoter
from core.world.votes import PAIRS, Vote

SIZES = (1, 2, 4, 8, 16, 32, 64)
SEEDS = 12
HELD_OUT = 8


@dataclass(frozen=True)
class AccuracyCurve:
    """Held-out accuracy at each number of votes: one row per seed, [seeds, sizes], and the voter that labelled."""

    sizes: tuple[int, ...]
    accuracy: np.ndarray
    held_out: int


@lru_cache(maxsize=128)
def held_out_accuracy(candidates: CandidateSet, voter: SimulatedVoter, prior_sd: float) -> AccuracyCurve:
    """Train on votes over some pairs, test on 8 pairs that were kept apart, against what an *unbiased, noiseless* voter says.

    Each of the 12 seeds draws its own split and its own votes; a longer list of votes begins with the shorter one.
    """
    n = len(candidates.candidates)
    pairs = [pair for pair in PAIRS if pair[1] < n]
    truth = SimulatedVoter(noise=0.0).utilities(candidates)
    kept = min(HELD_OUT, len(pairs) // 3)
    rows = []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(pairs))
        test = [pairs[i] for i in order[:kept]]
        train = [pairs[i] for i in order[kept:]]
        votes = tuple(voter.vote(candidates, train[int(rng.integers(len(train)))], rng) for _ in range(SIZES[-1]))
        rows.append([_accuracy(fit_votes(candidates, votes[:size], prior_sd).scores, test, truth) for size in SIZES])
    return AccuracyCurve(SIZES, np.array(rows), kept)


@lru_cache(maxsize=256)
def leave_one_out(candidates: CandidateSet, votes: tuple[Vote, ...], prior_sd: float) -> tuple[int, int]:
    """(right, tried): each decided vote is predicted by a fit of all the others; an exact tie in score counts as wrong."""
    decided = [i for i, vote in enumerate(votes) if vote.share in (0.0, 1.0)]
    right = 0
    for i in decided:
        scores = fit_votes(candidates, votes[:i] + votes[i + 1 :], prior_sd).scores
        gap = scores[votes[i].first] - scores[votes[i].second]
        right += bool(gap * (float(votes[i].share or 0.0) - 0.5) > 1e-12)
    return right, len(decided)


def _accuracy(scores: np.ndarray, pairs: list[tuple[int, int]], truth: np.ndarray) -> float:
    """Share of pairs in the right order; equal scores count half."""
    gaps = np.array([scores[i] - scores[j] for i, j in pairs])
    true = np.array([truth[i] - truth[j] for i, j in pairs])
    return float(np.mean(np.where(np.abs(gaps) < 1e-12, 0.5, (gaps * true) > 0)))
