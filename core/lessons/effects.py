"""Recorded effects as the lessons and the documentation print them: sizes with intervals, and what the intervals allow to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.lessons.text import number, signed
from core.stages.phenomena import recording
from core.stages.phenomena.catalogue import EFFECTS, effect
from core.stages.phenomena.effect import Contrast, Effect
from core.stages.phenomena.recording import Recorded
from core.statistics.over_seeds import Interval, over_seeds

UNITS = {"gold": "", "share": "", "accuracy": "", "nats": " nats", "steps": " updates", "τ": ""}


@dataclass(frozen=True)
class Size:
    """How large a contrast came out over the seeds."""

    contrast: Contrast
    differences: tuple[float, ...]
    interval: Interval

    @property
    def verdict(self) -> str:
        """What the interval allows to say, and whether it is what was expected."""
        found, expected = self.interval.sign, self.contrast.expected
        if found == 0:
            return "not separable from 0"
        if expected == 0:
            return "above 0" if found > 0 else "below 0"
        return "as expected" if found == expected else "the opposite of what was expected"

    @property
    def text(self) -> str:
        """Mean, interval and unit: “+0.31 (0.25 to 0.37)”."""
        i, unit = self.interval, UNITS[self.contrast.unit]
        return f"{signed(i.mean)} ({signed(i.low)} to {signed(i.high)}){unit}"

    @property
    def seeds(self) -> str:
        """How many seeds have the sign of the mean: “10 of 10”."""
        return f"{self.interval.agreeing} of {self.interval.n}"


def sizes(found: Effect, recorded: Recorded) -> tuple[Size, ...]:
    """Every contrast of an effect over its recorded seeds; those that fewer than two seeds can answer are left out."""
    all_sizes = []
    for contrast in found.contrasts:
        differences = tuple(d for run in recorded.runs if (d := contrast.difference(run.values())) is not None)
        if len(differences) >= 2:
            all_sizes.append(Size(contrast, differences, over_seeds(differences)))
    return tuple(all_sizes)


@lru_cache(maxsize=32)
def recorded_sizes(key: str) -> tuple[Size, ...]:
    """The sizes of an effect as it is recorded in the assets; none where there is no recording."""
    found = recording.load(key)
    return () if found is None else sizes(effect(key), found)


def size(key: str, label: str) -> Size | None:
    """One contrast of a recorded effect by its label."""
    return next((found for found in recorded_sizes(key) if found.contrast.label == label), None)


def band(curves: Sequence[Sequence[float]]) -> tuple[list[float], list[float], list[float]]:
    """Mean, and its 95 % interval over seeds, at every step that all curves have: (means, lows, highs)."""
    steps = min(map(len, curves), default=0)
    found = [over_seeds([curve[i] for curve in curves]) for i in range(steps)] if len(curves) > 1 else []
    return [f.mean for f in found], [f.low for f in found], [f.high for f in found]


def markdown() -> str:
    """The table of all recorded effects for README."""
    titles = (
        "effect and setting",
        "compared (gold on held-out prompts, where nothing else is said)",
        "mean over seeds (95 % interval)",
        "seeds with that sign",
        "verdict",
        "CPU",
    )
    head = f"| {' | '.join(titles)} |"
    lines = [head, "|---|---|---:|---:|---|---:|"]
    for found in EFFECTS:
        recorded = recording.load(found.key)
        if recorded is None:
            continue
        for place, size_ in enumerate(sizes(found, recorded)):
            first = f"**{found.title}**. {found.setting}. `{command(found.key)}`" if place == 0 else ""
            seconds = f"{number(recorded.cpu_seconds / 60)} min" if place == 0 else ""
            lines.append(
                f"| {first} | {size_.contrast.label} | {size_.text} | {size_.seeds} | {size_.verdict} | {seconds} |"
            )
    return "\n".join(lines)


def command(key: str) -> str:
    """What makes the recording again."""
    return f"python -m core.stages record {key}"


if __name__ == "__main__":
    print(markdown())
