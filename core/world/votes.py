"""A learner's votes: events on pairs of responses, the order in which pairs are shown, and 80 characters that carry them."""

from __future__ import annotations

import itertools
import random
import re
from dataclasses import dataclass
from functools import lru_cache

MAX_RESPONSES = 8
PAIRS: tuple[tuple[int, int], ...] = tuple(itertools.combinations(range(MAX_RESPONSES), 2))
# One symbol an event: each pair won by its first, won by its second, or tied; and "skipped".
SKIP_SYMBOL = 3 * len(PAIRS)
SYMBOLS = SKIP_SYMBOL + 1
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
MAX_CHARACTERS = 80
# A leading 1 keeps zeros at the start; the rest of 80 base-64 digits holds this many base-85 events.
MAX_EVENTS = 74


@dataclass(frozen=True)
class Vote:
    """One event. `share` is the first response's share of the win: 1, 0, 0.5 for a tie; None for a skipped pair."""

    first: int
    second: int
    share: float | None

    @property
    def counts(self) -> bool:
        """Whether the event says something about the responses (a skip does not)."""
        return self.share is not None


@lru_cache(maxsize=512)
def pair_order(seed: int, n_responses: int = MAX_RESPONSES) -> tuple[tuple[int, int], ...]:
    """All pairs of `n_responses` in random order, with random sides (left, right), the same for the same seed."""
    rng = random.Random(seed)
    pairs = [pair for pair in PAIRS if pair[1] < n_responses]
    rng.shuffle(pairs)
    return tuple(pair if rng.random() < 0.5 else pair[::-1] for pair in pairs)


def pair_shown(events: int, seed: int, n_responses: int = MAX_RESPONSES) -> tuple[int, int]:
    """(left, right) of the pair that is shown after `events` events. Each round shows every pair once, freshly mixed."""
    per_round = n_responses * (n_responses - 1) // 2
    return pair_order(seed + 1000 * (events // per_round), n_responses)[events % per_round]


def encode(votes: tuple[Vote, ...]) -> str:
    """At most 80 URL-safe characters for at most 74 events; no events give an empty text.

    Raises ValueError for more events than fit.
    """
    if len(votes) > MAX_EVENTS:
        raise ValueError(f"A link holds at most {MAX_EVENTS} votes.")
    if not votes:
        return ""
    number = 1
    for vote in votes:
        number = number * SYMBOLS + _symbol(vote)
    digits = []
    while number:
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def decode(text: str) -> tuple[Vote, ...]:
    """The votes that `encode` wrote. Skipped pairs come back as (0, 0, None). Raises ValueError if the text is not one of its texts."""
    if not text:
        return ()
    if len(text) > MAX_CHARACTERS or not re.fullmatch(r"[0-9A-Za-z_-]+", text):
        raise ValueError("These are not votes: at most 80 letters, digits, - and _ are expected.")
    number = 0
    for character in text:
        number = number * len(ALPHABET) + ALPHABET.index(character)
    symbols = []
    while number > 1:
        number, symbol = divmod(number, SYMBOLS)
        symbols.append(symbol)
    if number != 1 or len(symbols) > MAX_EVENTS:
        raise ValueError("These votes were damaged on the way.")
    return tuple(_vote(symbol) for symbol in reversed(symbols))


def for_responses(votes: tuple[Vote, ...], n_responses: int) -> tuple[Vote, ...]:
    """The votes that count and that speak of the first `n_responses` responses only."""
    return tuple(v for v in votes if v.counts and max(v.first, v.second) < n_responses)


def _symbol(vote: Vote) -> int:
    if vote.share is None:
        return SKIP_SYMBOL
    low, high = sorted((vote.first, vote.second))
    share = vote.share if vote.first == low else 1 - vote.share
    return 3 * PAIRS.index((low, high)) + {1.0: 0, 0.0: 1, 0.5: 2}[float(share)]


def _vote(symbol: int) -> Vote:
    if symbol == SKIP_SYMBOL:
        return Vote(0, 0, None)
    low, high = PAIRS[symbol // 3]
    return Vote(low, high, (1.0, 0.0, 0.5)[symbol % 3])
