"""Votes as DPO reads them: gathered per pair, then split into rows of a chosen and a rejected response with a weight."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.world.votes import Vote

Row = tuple[int, int, float]


@dataclass(frozen=True)
class Comparison:
    """Everything that was said about one pair: `first` won `wins` of `votes`, never less than half of them."""

    first: int
    second: int
    wins: float
    votes: int

    @property
    def share(self) -> float:
        """The share of the votes that went to `first`, from ½ to 1."""
        return self.wins / self.votes

    def share_of(self, response: int) -> float:
        """The share of the votes that went to one of the two. Raises ValueError for a response outside the pair."""
        if response not in (self.first, self.second):
            raise ValueError("That response is not in this pair.")
        return self.share if response == self.first else 1 - self.share


def gather(votes: Sequence[Vote]) -> tuple[Comparison, ...]:
    """One comparison per pair that was voted on, in the order of the responses. A tie counts half for either side."""
    won: dict[tuple[int, int], list[float]] = {}
    for vote in votes:
        if vote.share is None:
            continue
        low_first = vote.first < vote.second
        pair = (vote.first, vote.second) if low_first else (vote.second, vote.first)
        won.setdefault(pair, []).append(vote.share if low_first else 1 - vote.share)
    found = []
    for (low, high), shares in sorted(won.items()):
        wins, votes = sum(shares), len(shares)
        found.append(
            Comparison(low, high, wins, votes) if 2 * wins >= votes else Comparison(high, low, votes - wins, votes)
        )
    return tuple(found)


def rows(comparisons: Sequence[Comparison]) -> tuple[Row, ...]:
    """(chosen, rejected, weight): a pair that was voted both ways, or tied, gives a row for either direction."""
    found: list[Row] = []
    for pair in comparisons:
        found.append((pair.first, pair.second, pair.wins))
        if pair.wins < pair.votes:
            found.append((pair.second, pair.first, pair.votes - pair.wins))
    return tuple(found)


def simulated_votes(scores: Sequence[float], per_pair: int, seed: int, *, exact: bool = False) -> tuple[Vote, ...]:
    """`per_pair` votes on every pair by a Bradley–Terry voter: the first wins with probability σ(score − score).

    With `exact` nothing is drawn: every vote is the share σ(score − score) itself, as if the voter were asked for ever.
    Raises ValueError unless `per_pair` is at least 1.
    """
    if per_pair < 1:
        raise ValueError("The voter must give at least one vote on each pair.")
    rng = np.random.default_rng(seed)
    votes: list[Vote] = []
    for first, second in itertools.combinations(range(len(scores)), 2):
        chance = float(np.exp(-np.logaddexp(0.0, scores[second] - scores[first])))
        wins = int(rng.binomial(per_pair, chance))
        shares = [chance] * per_pair if exact else [1.0] * wins + [0.0] * (per_pair - wins)
        votes += [Vote(first, second, share) for share in shares]
    return tuple(votes)
