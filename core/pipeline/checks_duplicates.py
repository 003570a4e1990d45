"""Prompts that come twice: the same words exactly, or nearly the same; and responses that are empty or equal.

Nearly the same is measured by shingles, all runs of five characters: the share of the two prompts' shingles that both have
(Jaccard). Comparing all pairs of 10,000 prompts takes many times as long, so MinHash with locality-sensitive hashing (datasketch)
proposes candidates and the true share decides. The bands are such that of two prompts which share 80 % of their shingles one in
five thousand goes unproposed, of two which share 65 % one in twenty-five.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

SHINGLE = 5
THRESHOLD = 0.8
# Two texts of similarity s are proposed with probability 1 − (1 − s^ROWS)^BANDS.
BANDS, ROWS = 16, 4
LOWEST_THRESHOLD = 0.65
# Of many proposals (prompts of one template) the true share is worked out for those that look most alike.
MOST_COMPARED = 32
MOST_COMPARED_OF_A_GROUP = 20
EVERY = 250
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

Shingles = NDArray[np.uint64]


@dataclass(frozen=True)
class Alike:
    """Texts (by number) that hang together: each of `others` is like `first` or like an earlier one, by its `similarity`."""

    first: int
    others: tuple[int, ...]
    similarity: tuple[float, ...]


class Searched(NamedTuple):
    """How many texts have been read, of how many, and the groups found so far."""

    done: int
    total: int
    groups: tuple[Alike, ...]


def normal(text: str) -> str:
    """What is compared: compatibility forms folded (NFKC), letter case ignored, white space as single blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def exact_groups(texts: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Numbers of texts with the same normal form, groups of two and more, in the order of their first text."""
    groups: dict[str, list[int]] = {}
    for number, text in enumerate(texts):
        groups.setdefault(normal(text), []).append(number)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def near_groups(texts: Sequence[str], threshold: float = THRESHOLD) -> Iterator[Searched]:
    """Groups in which every text agrees with an earlier one by at least `threshold`; exact copies count once.

    Later texts are compared with the first 20 of a group, so ten thousand variants of one template are one group and no
    quadratic work. Yields after every 250 texts and at the end; the caller stops by asking no more.
    Raises ValueError for a threshold below 0.65 or above 1.
    """
    if not LOWEST_THRESHOLD <= threshold <= 1:
        raise ValueError(f"The threshold must lie between {LOWEST_THRESHOLD:g} and 1.")
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(params=(BANDS, ROWS), num_perm=BANDS * ROWS)
    base = MinHash(num_perm=BANDS * ROWS, hashfunc=_as_it_is)
    sketches = np.zeros((len(texts), BANDS * ROWS), dtype=np.uint32)
    kept: dict[int, Shingles] = {}
    leader: dict[int, int] = {}
    joined: dict[int, list[tuple[int, float]]] = {}
    seen: set[str] = set()
    for number, text in enumerate(texts):
        if number % EVERY == 0 and number:
            yield Searched(number, len(texts), _groups(joined))
        folded = normal(text)
        if folded in seen:
            continue
        seen.add(folded)
        own = shingles(folded)
        sketch = _sketch(base, own)
        sketches[number] = sketch.hashvalues
        proposed = _most_alike(index.query(sketch), sketches, number)
        best, nearest = max(((similarity(own, kept[other]), -other) for other in proposed), default=(0.0, 0))
        group = leader[number] = leader[-nearest] if best >= threshold else number
        if group != number:
            joined.setdefault(group, []).append((number, best))
        if len(joined.get(group, ())) < MOST_COMPARED_OF_A_GROUP:
            kept[number] = own
            index.insert(number, sketch, check_duplication=False)
    yield Searched(len(texts), len(texts), _groups(joined))


def shingles(text: str) -> Shingles:
    """Hashes of all runs of five characters (of the whole text where it is shorter), each once, sorted. Any script."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    size = max(1, min(SHINGLE, len(points)))
    if not len(points):
        return np.zeros(1, dtype=np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(points, size)
    value = np.full(len(windows), size, dtype=np.uint64)
    for column in range(size):
        value = (value ^ windows[:, column]) * MULTIPLIER
        value ^= value >> np.uint64(29)
    return np.unique(value)


def similarity(one: Shingles, other: Shingles) -> float:
    """Jaccard: shingles in common over shingles in either."""
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)


@dataclass(frozen=True)
class ResponseProblem:
    """Candidates of one prompt that cannot be compared: `what` is "empty" (one response) or "identical" (two and more)."""

    prompt: str
    what: str
    candidates: tuple[str, ...]


def response_problems(prompts: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> tuple[ResponseProblem, ...]:
    """Empty and identical responses; `prompts` holds (prompt id, [(candidate id, text)]). White space at the ends is ignored."""
    found = []
    for prompt, candidates in prompts:
        same: dict[str, list[str]] = {}
        for candidate, text in candidates:
            same.setdefault(text.strip(), []).append(candidate)
        found += [ResponseProblem(prompt, "empty", (candidate,)) for candidate in same.pop("", [])]
        found += [ResponseProblem(prompt, "identical", tuple(ids)) for ids in same.values() if len(ids) > 1]
    return tuple(found)


def _groups(joined: dict[int, list[tuple[int, float]]]) -> tuple[Alike, ...]:
    return tuple(
        Alike(first, tuple(number for number, _ in others), tuple(share for _, share in others))
        for first, others in sorted(joined.items())
    )


def _most_alike(proposed: list[int], sketches: NDArray[np.uint32], number: int) -> list[int]:
    """The proposals whose sketches agree most with that of text `number`."""
    if len(proposed) <= MOST_COMPARED:
        return proposed
    candidates = np.array(sorted(proposed))
    agree = (sketches[candidates] == sketches[number]).sum(axis=1)
    return candidates[np.argsort(-agree, kind="stable")[:MOST_COMPARED]].tolist()


def _sketch(base: Any, hashes: Shingles) -> Any:
    sketch = base.copy()
    sketch.update_batch((hashes >> np.uint64(32)).astype(np.uint32).tolist())
    return sketch


def _as_it_is(value: int) -> int:
    """The shingles are hashes already."""
    return value
