"""Recorded effects: one JSON file each under assets/recorded/effects/, with configuration, seeds, weights and versions."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.stages.config import CODE_VERSION
from core.stages.phenomena.bench import defaults
from core.stages.phenomena.effect import Arm, Effect
from core.version import VERSION

FOLDER = Path(__file__).resolve().parents[3] / "assets" / "recorded" / "effects"
_VALUE_DIGITS, _CURVE_DIGITS = 6, 4


@dataclass(frozen=True)
class SeedRun:
    """Every arm of an effect at one seed. `pretrained` is the seed of its pretrained model; `broke` says why a run ended."""

    seed: int
    pretrained: int
    cpu_seconds: float
    arms: tuple[Arm, ...]
    broke: str = ""

    def values(self) -> dict[str, dict[str, float]]:
        """Arm -> value -> number."""
        return {arm.name: dict(arm.values) for arm in self.arms}


@dataclass(frozen=True)
class Recorded:
    """An effect as it was recorded. `quick` is one seed once more, shortened: what `verify` runs again."""

    key: str
    settings: Mapping[str, Any]
    version: str
    code_version: int
    weights: Mapping[str, str]
    runs: tuple[SeedRun, ...]
    quick: SeedRun | None = None

    @property
    def cpu_seconds(self) -> float:
        """What recording took, without what other effects had made already."""
        return math.fsum(run.cpu_seconds for run in self.runs)

    def arm(self, name: str, value: str) -> list[float]:
        """One value of an arm over the seeds, in their order; seeds that broke down are left out."""
        found = (run.values().get(name, {}).get(value) for run in self.runs)
        return [number for number in found if number is not None]

    def curves(self, name: str, curve: str) -> list[tuple[float, ...]]:
        """One curve of an arm for each seed."""
        return [arm.curves[curve] for run in self.runs for arm in run.arms if arm.name == name and curve in arm.curves]


def settings_of(effect: Effect) -> dict[str, Any]:
    """All settings that an effect's runs take: its own and the stages' defaults."""
    own = {**effect.settings, "quick_fraction": effect.quick_fraction}
    return json.loads(json.dumps({"own": own, "defaults": defaults()}))


def make(effect: Effect, runs: Iterable[SeedRun], weights: Mapping[str, str], quick: SeedRun | None) -> Recorded:
    """A recording of these runs, in the order of their seeds."""
    ordered = tuple(sorted(runs, key=lambda run: run.seed))
    return Recorded(effect.key, settings_of(effect), VERSION, CODE_VERSION, dict(weights), ordered, quick)


def path_of(key: str, folder: Path = FOLDER) -> Path:
    """Where the effect is kept."""
    return folder / f"{key}.json"


def save(found: Recorded, folder: Path = FOLDER) -> Path:
    """Write a recording, one line for each seed. Returns the path."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = asdict(found)
    runs = ",\n".join(json.dumps(_short(run), ensure_ascii=False, allow_nan=False) for run in raw.pop("runs"))
    head = json.dumps(_short(raw), ensure_ascii=False, allow_nan=False)
    path = path_of(found.key, folder)
    path.write_text(f'{head[:-1]}, "runs": [\n{runs}\n]}}\n', encoding="utf-8")
    return path


def load(key: str, folder: Path = FOLDER) -> Recorded | None:
    """The recording of an effect; None where it is missing or cannot be read."""
    return _load(path_of(key, folder))


@lru_cache(maxsize=32)
def _load(path: Path) -> Recorded | None:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        quick = None if raw["quick"] is None else _run(raw["quick"])
        return Recorded(**{**raw, "runs": tuple(map(_run, raw["runs"])), "quick": quick})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def faults(effect: Effect, found: Recorded | None, weights: Mapping[str, str]) -> tuple[str, ...]:
    """What does not fit between a recording and the code and weights that are here: one sentence each."""
    if found is None:
        return ("There is no recording that can be read.",)
    said = []
    if found.code_version != CODE_VERSION:
        said.append(f"It was recorded with stage code {found.code_version}; this is {CODE_VERSION}.")
    if dict(found.weights) != dict(weights):
        said.append("It was recorded with other weights than those in the assets.")
    if found.settings != settings_of(effect):
        said.append("It was recorded with other settings than the code has now.")
    if [run.seed for run in found.runs] != list(effect.seeds):
        said.append("A seed is missing.")
    for run in found.runs:
        missing = [c.label for c in effect.contrasts if c.difference(run.values()) is None]
        if missing and not run.broke:
            said.append(f"Seed {run.seed} lacks what “{missing[0]}” needs.")
    return tuple(said)


def _run(raw: dict[str, Any]) -> SeedRun:
    arms = tuple(
        Arm(
            arm["name"],
            arm["values"],
            {name: tuple(curve) for name, curve in arm["curves"].items()},
            tuple((prompt, answer) for prompt, answer in arm["texts"]),
        )
        for arm in raw["arms"]
    )
    return SeedRun(**{**raw, "arms": arms})


def _short(value: Any, digits: int = _VALUE_DIGITS) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{digits}g}")
    if isinstance(value, Mapping):
        return {key: _short(item, _CURVE_DIGITS if key == "curves" else digits) for key, item in value.items()}
    return [_short(item, digits) for item in value] if isinstance(value, list | tuple) else value
