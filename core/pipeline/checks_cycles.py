"""Judgements that go in a circle: a over b, b over c, c over a. No order of the responses can agree with all three."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

MOST_SHOWN = 200


class Judged(NamedTuple):
    """One decided label: who preferred which of two responses to one prompt."""

    prompt: str
    labeller: str
    winner: str
    loser: str


@dataclass(frozen=True)
class Circle:
    """Responses of one prompt in the order in which one labeller put each over the next, and the last over the first."""

    prompt: str
    labeller: str
    responses: tuple[str, ...]


@dataclass(frozen=True)
class Circles:
    """Triples that go in a circle among those of which one person decided all three pairs, and longer circles beside them.

    `shown` holds the first 200 circles; `longer` counts sets of judgements without a circle of three but with a longer one.
    """

    triples: int
    in_circle: int
    longer: int
    shown: tuple[Circle, ...]
    by_labeller: dict[str, tuple[int, int]]

    @property
    def share(self) -> float | None:
        """Share of decided triples that go in a circle; None without a decided triple. Coin tosses give one quarter."""
        return self.in_circle / self.triples if self.triples else None


def circles(judged: Iterable[Judged]) -> Circles:
    """Look through every prompt and labeller. A pair judged twice by one person counts as judged last."""
    groups: dict[tuple[str, str], dict[frozenset[str], tuple[str, str]]] = {}
    for prompt, labeller, winner, loser in judged:
        if winner != loser:
            groups.setdefault((prompt, labeller), {})[frozenset((winner, loser))] = (winner, loser)
    triples = in_circle = longer = 0
    shown: list[Circle] = []
    by_labeller: dict[str, tuple[int, int]] = {}
    for (prompt, labeller), edges in groups.items():
        beats: dict[str, set[str]] = {}
        for winner, loser in edges.values():
            beats.setdefault(winner, set()).add(loser)
            beats.setdefault(loser, set())
        decided, found = _triples(beats)
        if not found:
            ring = _shortest_circle(beats) if len(edges) > 3 else None
            if ring:
                longer += 1
                found_here = [ring]
            else:
                found_here = []
        else:
            found_here = found
        triples += decided
        in_circle += len(found)
        before = by_labeller.get(labeller, (0, 0))
        by_labeller[labeller] = (before[0] + decided, before[1] + len(found))
        shown += [Circle(prompt, labeller, ring) for ring in found_here][: MOST_SHOWN - len(shown)]
    return Circles(triples, in_circle, longer, tuple(shown), by_labeller)


def _triples(beats: dict[str, set[str]]) -> tuple[int, list[tuple[str, ...]]]:
    """How many triples have all three pairs decided, and those that go round."""
    decided, found = 0, []
    for a, b, c in itertools.combinations(sorted(beats), 3):
        ab, bc, ca = b in beats[a], c in beats[b], a in beats[c]
        if (ab or a in beats[b]) and (bc or b in beats[c]) and (ca or c in beats[a]):
            decided += 1
            if ab == bc == ca:
                found.append((a, b, c) if ab else (a, c, b))
    return decided, found


def _shortest_circle(beats: dict[str, set[str]]) -> tuple[str, ...] | None:
    """The shortest way from some response back to itself, or None."""
    best: tuple[str, ...] | None = None
    for start in sorted(beats):
        path = _way(beats, start, start)
        if path and (best is None or len(path) < len(best)):
            best = path
    return best


def _way(beats: dict[str, set[str]], start: str, goal: str) -> tuple[str, ...] | None:
    came: dict[Hashable, str] = {}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for there in sorted(beats[here]):
            if there == goal:
                path = [here]
                while path[-1] != start:
                    path.append(came[path[-1]])
                return tuple(reversed(path))
            if there not in came:
                came[there] = here
                waiting.append(there)
    return None
