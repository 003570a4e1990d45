"""Lesson 2's numbers: recorded arms at every label budget with their intervals over seeds, and what may be said of two of them."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean, stdev
from typing import Any

from core.lessons.effects import command
from core.lessons.lesson02_params import BUDGETS, FORK
from core.stages.phenomena import recording
from core.stages.phenomena.recording import Recorded
from core.stages.task import Answer
from core.stages.world_task import world_task
from core.statistics.difference import Z95
from core.statistics.over_seeds import Interval, over_seeds

Place = tuple[str, str]
"""An arm and one of its values."""
LEVELS = ("mediocre", "ideal")
ON_CHOSEN, IMITATION_WALL = "sft_on_chosen", "sft_wall"


@dataclass(frozen=True)
class Road:
    """One way to spend labels: its arm at every budget, None where it was not run."""

    name: str
    role: str
    arms: tuple[str | None, ...]

    @property
    def at(self) -> tuple[int, ...]:
        """The budgets at which it was run."""
        return tuple(k for k, arm in enumerate(self.arms) if arm)


@dataclass(frozen=True)
class Paired:
    """A difference within each seed, with its interval: the first arm's value minus the second's."""

    first: float
    second: float
    differences: tuple[float, ...]
    interval: Interval

    @property
    def sd(self) -> float:
        """Standard deviation of the differences."""
        return stdev(self.differences)

    @property
    def t(self) -> float:
        """Student's quantile that the interval was made with; 0 where all seeds agree to the digit."""
        return self.interval.half * math.sqrt(self.interval.n) / self.sd if self.sd else 0.0


@dataclass(frozen=True)
class Own:
    """What demonstrators write themselves: mean gold, half its 95 % interval, and how many answers were scored."""

    mean: float
    half: float
    n: int


class Runs:
    """A recorded effect, with the differences between its arms worked out once."""

    def __init__(self, found: Recorded) -> None:
        self.found = found
        self._values = [run.values() for run in found.runs]
        self._paired: dict[tuple[Place, Place | None], Paired] = {}

    @property
    def settings(self) -> Mapping[str, Any]:
        """The recorded settings."""
        return self.found.settings

    def paired(self, first: Place, second: Place | None) -> Paired:
        """Two (arm, value) within each seed; `second` None stands for 0. Seeds in which one broke down are left out.

        Raises ValueError where fewer than two seeds have both.
        """
        if (first, second) not in self._paired:
            self._paired[first, second] = self._pair(first, second)
        return self._paired[first, second]

    def _pair(self, first: Place, second: Place | None) -> Paired:
        pairs = []
        for values in self._values:
            a = values.get(first[0], {}).get(first[1])
            b = 0.0 if second is None else values.get(second[0], {}).get(second[1])
            if a is not None and b is not None:
                pairs.append((a, b))
        if len(pairs) < 2:
            raise ValueError(
                f"“{first[0]}” was recorded for fewer than two seeds; record it with: {command(self.found.key)}"
            )
        differences = tuple(a - b for a, b in pairs)
        return Paired(fmean(a for a, _ in pairs), fmean(b for _, b in pairs), differences, over_seeds(differences))


_kept: dict[str, Runs] = {}


def recorded(key: str) -> Runs:
    """A recorded effect. Raises ValueError where it is missing or cannot be read."""
    found = recording.load(key)
    if found is None or len(found.runs) < 2:
        raise ValueError(f"The recorded runs of “{key}” are missing; record them with: {command(key)}")
    if key not in _kept or _kept[key].found is not found:
        _kept[key] = Runs(found)
    return _kept[key]


def budgets(found: Runs) -> tuple[int, ...]:
    """Labels in all at every position, 0 first."""
    own, first = found.settings["own"], int(found.settings["defaults"]["SftConfig"]["n_demonstrations"])
    counts = (0, *own["few"], first, *(first + n for n in own["extra"]))
    if len(counts) != BUDGETS:
        raise ValueError(f"The recorded runs are of another version; record them with: {command(IMITATION_WALL)}")
    return counts


def roads(found: Runs) -> dict[str, Road]:
    """SFT on either kind of demonstrations, and demonstrations followed by comparisons."""
    own = found.settings["own"]
    few, extra = tuple(own["few"]), tuple(own["extra"])
    start = "first demonstrations"
    sft = {
        level: ("pretrained", *(f"{level} {n}" for n in few), start if level == "mediocre" else None,
                *(f"{level} {n}" for n in extra))
        for level in LEVELS
    }  # fmt: skip
    preferences = (*(None,) * FORK, start, *(f"preferences {n}" for n in extra))
    return {
        "mediocre": Road("SFT, mediocre", "human", sft["mediocre"]),
        "ideal": Road("SFT, ideal", "chosen", sft["ideal"]),
        "preferences": Road("then comparisons and PPO", "new", preferences),
    }


@lru_cache(maxsize=4)
def _demonstrated(quality: float, held_out: bool) -> tuple[float, float, int]:
    """Mean gold, its standard error and the number of answers: one to each evaluation prompt."""
    task, rng = world_task(), random.Random(f"the demonstrators themselves/{quality}/{held_out}")
    asked = task.held_out if held_out else task.train_items
    gold = [task.gold(prompt, Answer(task.demonstrate(prompt, quality, rng))) for prompt in asked]
    return fmean(gold), stdev(gold) / math.sqrt(len(gold)), len(gold)


def demonstrators(quality: float, held_out: bool) -> Own:
    """What demonstrators of a quality reach themselves, from ideal and flawed answers weighed by the quality."""
    (ideal, ideal_se, n), (flawed, flawed_se, m) = (_demonstrated(q, held_out) for q in (1.0, 0.0))
    error = math.hypot(quality * ideal_se, (1 - quality) * flawed_se)
    return Own(quality * ideal + (1 - quality) * flawed, Z95 * error, n + m)
