"""A person's own ratings and comparisons of six answers: the text that carries them, and where they disagree."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from core.objectives.bradley_terry_fit import ItemFit, fit_item_strengths
from core.statistics.ratings import HIGHEST, LOWEST, MIDDLE, RatingSetup, draw_raters, to_scale
from core.world.candidates import NORWAY, Candidate
from core.world.simulated_voter import SimulatedVoter

# Six of the eight running answers: three right ones and three poor ones, each group hard to tell apart.
CHOSEN = (0, 1, 2, 3, 4, 6)
ANSWERS: tuple[Candidate, ...] = tuple(NORWAY.candidates[index] for index in CHOSEN)
N = len(ANSWERS)
# Mixed once and for all, so that a link means the same for everybody: no order of quality, no fixed sides, and no answer
# in two pairs in a row.
RATING_ORDER = (3, 1, 5, 0, 4, 2)
PAIR_ORDER: tuple[tuple[int, int], ...] = (
    (0, 3), (5, 1), (2, 4), (1, 0), (3, 5), (0, 2), (4, 1), (5, 0),
    (1, 2), (3, 4), (2, 5), (4, 0), (1, 3), (5, 4), (2, 3),
)  # fmt: skip
ENOUGH = 5
SHARES = {"l": 1.0, "r": 0.0, "t": 0.5}
STOP = "."
MAX_CHARACTERS = N + len(PAIR_ORDER)
SPREAD_OF_ANSWERS = 1.5
Phase = Literal["rate", "compare", "done"]
Kind = Literal["agrees", "contradicts", "rated equal", "called a tie"]


@dataclass(frozen=True)
class Hand:
    """What a person has done so far: ratings in the order of `RATING_ORDER`, then shares of the left answers' wins in the
    order of `PAIR_ORDER`; `stopped` if they asked for the result before the last pair."""

    ratings: tuple[int, ...] = ()
    shares: tuple[float, ...] = ()
    stopped: bool = False

    @property
    def phase(self) -> Phase:
        """What comes next."""
        if len(self.ratings) < N:
            return "rate"
        return "done" if self.stopped or len(self.shares) == len(PAIR_ORDER) else "compare"

    @property
    def rating(self) -> dict[int, int]:
        """Rating of each answer that has one, by its number."""
        return dict(zip(RATING_ORDER, self.ratings))

    @property
    def compared(self) -> tuple[tuple[int, int, float], ...]:
        """(left, right, share of the left) of every comparison so far."""
        return tuple((left, right, share) for (left, right), share in zip(PAIR_ORDER, self.shares))


class Verdict(NamedTuple):
    """A compared pair against its two ratings. `first` is the one rated higher, or where ratings are equal the winner.

    `share` is its share of the win.
    """

    first: int
    second: int
    ratings: tuple[int, int]
    share: float
    kind: Kind


def encode(hand: Hand) -> str:
    """At most 21 URL-safe characters: a digit a rating, l, r or t a comparison, and a full stop for an early end."""
    by_share = {share: letter for letter, share in SHARES.items()}
    digits = "".join(str(rating) for rating in hand.ratings)
    return digits + "".join(by_share[share] for share in hand.shares) + (STOP if hand.stopped else "")


def decode(text: str) -> Hand:
    """What `encode` wrote. Raises ValueError for any other text."""
    most = len(PAIR_ORDER)
    match = re.fullmatch(rf"([{LOWEST}-{HIGHEST}]{{0,{N}}})([lrt]{{0,{most}}})(\{STOP}?)", text, flags=re.ASCII)
    if match is None:
        raise ValueError("These ratings and comparisons cannot be read.")
    digits, letters, stop = match.groups()
    if letters and len(digits) < N:
        raise ValueError("Comparisons come after all ratings.")
    if stop and not ENOUGH <= len(letters) < most:
        raise ValueError(f"An early end comes after {ENOUGH} comparisons, and before the last.")
    return Hand(tuple(int(d) for d in digits), tuple(SHARES[letter] for letter in letters), bool(stop))


def verdicts(hand: Hand) -> tuple[Verdict, ...]:
    """Every comparison against the ratings, contradictions first, then pairs that only one of the two could tell apart."""
    rating = hand.rating
    found = []
    for left, right, share in hand.compared if len(rating) == N else ():
        gap = rating[left] - rating[right]
        swap = gap < 0 or (gap == 0 and share == 0.0)
        first, second, part = (right, left, 1 - share) if swap else (left, right, share)
        if gap == 0:
            kind: Kind = "agrees" if share == 0.5 else "rated equal"
        else:
            kind = "called a tie" if part == 0.5 else "agrees" if part == 1.0 else "contradicts"
        found.append(Verdict(first, second, (rating[first], rating[second]), part, kind))
    order = ("contradicts", "rated equal", "called a tie", "agrees")
    return tuple(sorted(found, key=lambda verdict: order.index(verdict.kind)))


def triples(hand: Hand) -> tuple[tuple[tuple[int, int, int], ...], int]:
    """(circles, decided): triples a > b > c > a in the comparisons, and how many triples have three decided comparisons."""
    beats: dict[tuple[int, int], bool] = {}
    for left, right, share in hand.compared:
        if share != 0.5:
            beats[left, right], beats[right, left] = share == 1.0, share == 0.0
    circles, decided = [], 0
    for a, b, c in itertools.combinations(range(N), 3):
        if not {(a, b), (b, c), (c, a)} <= beats.keys():
            continue
        decided += 1
        if beats[a, b] == beats[b, c] == beats[c, a]:
            circles.append((a, b, c) if beats[a, b] else (a, c, b))
    return tuple(circles), decided


@lru_cache(maxsize=256)
def strengths(hand: Hand, prior_sd: float) -> ItemFit:
    """Bradley–Terry strengths of the six answers from the comparisons, a tie as half a win each way, N(0, prior_sd²) each."""
    pairs = np.array([(left, right) for left, right, _ in hand.compared], dtype=int).reshape(-1, 2)
    shares = np.array([share for *_, share in hand.compared], dtype=float)
    return fit_item_strengths(N, pairs, shares, 1 / (2 * prior_sd**2))


def finished_by_rule(hand: Hand, setup: RatingSetup) -> Hand:
    """What is missing, done by the first rater of the simulation: x = 4 + a + b u + error, afresh at every look.

    u is what a simulated voter without noise gives for the answer (a taste chosen by hand), stretched to an sd of 1.5 points.
    """
    if hand.phase == "done":
        return hand
    worth = SimulatedVoter(noise=0.0).utilities(NORWAY)[list(CHOSEN)]
    u = SPREAD_OF_ANSWERS * (worth - worth.mean()) / worth.std()
    raters = draw_raters(setup)
    rng = np.random.default_rng((setup.seed, 8))
    errors = setup.noise_sd * rng.standard_normal((N + len(PAIR_ORDER), 2))

    def seen(answer: int, error: float) -> float:
        return float(MIDDLE + raters.offsets[0, 0] + raters.scales[0, 0] * u[answer] + error)

    rated = [int(to_scale(seen(answer, errors[k, 0]))) for k, answer in enumerate(RATING_ORDER)]
    shares = []
    for (left, right), (e_left, e_right) in zip(PAIR_ORDER, errors[N:]):
        gap = seen(left, e_left) - seen(right, e_right)
        shares.append(0.5 if abs(gap) <= setup.tie_below else float(gap > 0))
    return Hand((*hand.ratings, *rated[len(hand.ratings) :]), (*hand.shares, *shares[len(hand.shares) :]))
