"""States at which every lesson is tried: each setting at its ends, presets, votes of every kind, mixtures by seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

from core.lessons.catalogue import LESSONS
from core.lessons.lesson import Lesson
from core.lessons.param import Param, Value
from core.world import own_texts
from core.world.votes import PAIRS, Vote, encode

State = dict[str, Value]

# An opinion that a learner might have, from best to worst.
LIKED = (1, 0, 2, 7, 6, 3, 4, 5)


def _opinion(pair: tuple[int, int]) -> Vote:
    return Vote(*pair, 1.0 if LIKED.index(pair[0]) < LIKED.index(pair[1]) else 0.0)


def _random_votes(count: int, seed: int) -> str:
    rng = random.Random(seed)
    return encode(tuple(Vote(*rng.choice(PAIRS), rng.choice((1.0, 0.0, 0.5))) for _ in range(count)))


VOTES = {
    "none": "",
    "one": encode((Vote(1, 5, 1.0),)),
    "one skip": encode((Vote(0, 0, None),)),
    "one tie": encode((Vote(0, 7, 0.5),)),
    "contradiction": encode((Vote(0, 3, 1.0), Vote(0, 3, 0.0))),
    "ties": encode(tuple(Vote(*pair, 0.5) for pair in PAIRS)),
    "few": encode(tuple(_opinion(pair) for pair in PAIRS[::5])),
    "all": encode(tuple(_opinion(pair) for pair in PAIRS)),
    "reversed": encode(tuple(Vote(pair.second, pair.first, pair.share) for pair in map(_opinion, PAIRS))),
    "full": _random_votes(74, 0),
}
OWN = {
    "none": "",
    "own": own_texts.pack(
        own_texts.build(
            "Who <b>wrote</b> $it$ & *why*?",
            "Ibsen",
            (
                "Ibsen wrote it.",
                "I am Ibsen!",
                "_Who_ knows?",
                "`code`",
                "A [link](x)",
                "{x} \\frac",
                "No.",
                "Great question!",
            ),
        )
    ),
    "damaged": "AAAA",
}


def values_of(param: Param) -> tuple[Value, ...]:
    """The values at which one setting is tried alone."""
    if param.kind == "votes":
        return tuple(VOTES.values())
    if param.key == "own":
        return tuple(OWN.values())
    if param.kind == "text":
        return (*param.ends(), "x", "a=1&b=2", "%00&&==")
    return param.ends()


def _inner(param: Param, rng: random.Random) -> Value:
    """A random legal value, not only an end."""
    ends = param.ends()
    if param.kind in ("float", "int") and rng.random() < 0.6:
        return param.nearest(rng.uniform(float(ends[0]), float(ends[-1])))
    return rng.choice(values_of(param))


def alone(lesson: Lesson) -> Iterator[tuple[str, State]]:
    """One setting moved, the others at their defaults; once with no votes, once with many and the player at its end."""
    busy = {param.key: VOTES["all"] for param in lesson.params if param.kind == "votes"}
    busy |= {param.key: param.ends()[-1] for param in lesson.params if param.widget == "player"}
    for name, base in (("", {}), ("voted, ", busy)):
        for param in lesson.params:
            for value in values_of(param):
                yield f"{name}{param.key}={str(value)[:12]}", {**lesson.defaults(), **base, param.key: value}


def presets(lesson: Lesson) -> Iterator[tuple[str, State]]:
    """Every preset as the frame applies it."""
    for preset in lesson.presets:
        yield f"preset {preset.key}", {**lesson.defaults(), **preset.values}


def mixed(lesson: Lesson, count: int, seed: int = 0) -> Iterator[tuple[str, State]]:
    """Random legal states."""
    rng = random.Random(1000 * lesson.number + seed)
    for number in range(count):
        state: State = {}
        for param in lesson.params:
            plain_words = param.kind == "text" and rng.random() < 0.7
            keep = plain_words or (param.widget != "player" and param.kind != "votes" and rng.random() < 0.4)
            state[param.key] = param.default if keep else _inner(param, rng)
        yield f"mixed {seed}.{number}", state


@cache
def states(number: int) -> tuple[tuple[str, State], ...]:
    """All states of the built lesson of that number, each once."""
    lesson = next(item for item in LESSONS if item.number == number)
    found: dict[tuple, tuple[str, State]] = {}
    for name, state in (*alone(lesson), *presets(lesson), *mixed(lesson, 60)):
        found.setdefault(tuple(sorted(state.items())), (name, state))
    return tuple(found.values())


@cache
def results(number: int) -> tuple[tuple[str, State, Any], ...]:
    """(name, state, result) of all states of a lesson, computed once for all tests."""
    built = next(item for item in LESSONS if item.number == number)
    return tuple((name, state, built.compute(dict(state))) for name, state in states(number))
