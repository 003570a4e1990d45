"""Runs of lesson 8's live lens that were kept: settings, checksums of both stored models, every update in short.

Recorded by `python -m core.stages record lens`. `collect` puts a live run into the same form.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.lm_records import Diverged
from core.stages import lens
from core.stages.config import CODE_VERSION
from core.stages.lens import SETTINGS, LensAnswer, LensConfig, LensStep, Said
from core.version import VERSION

RECORDED = Path(__file__).resolve().parents[2] / "assets" / "recorded" / "lens.json"
RERECORD = "python -m core.stages record lens"
KEPT = (
    LensConfig(),
    LensConfig(ppo=replace(SETTINGS, kl_coef=0.0)),
    LensConfig(reward="hacked", ppo=replace(SETTINGS, kl_coef=0.1)),
)
"""The runs that are recorded: the defaults, the leash off, and a bonus for asking back."""
_DIGITS = 4  # behind the point: a screen shows three at most
_SCALARS = tuple(f.name for f in fields(LensStep) if f.name not in ("step", "said", "answers"))
# Per token and kept as whole numbers in units of 10⁻⁴ nats; those after "logps" as differences to it, which are short.
_UNIT = 10**_DIGITS
_APART = ("ref_logps", "after")


@dataclass(frozen=True, eq=False)
class LensRun:
    """A run, finished or not. `steps[k]` is update k, `steps[0]` the state before the first. `stopped` says why a run
    broke down; `watched` are the prompts that `said` answers."""

    config: LensConfig
    version: str
    code_version: int
    inputs: tuple[str, str]
    watched: tuple[str, ...]
    steps: tuple[LensStep, ...]
    stopped: str = ""

    @property
    def last(self) -> int:
        """The number of the last update that is there."""
        return len(self.steps) - 1


def collect(config: LensConfig, inputs: tuple[str, str], records: Iterable[LensStep | Diverged]) -> LensRun:
    """A run from its records."""
    found = list(records)
    broken = [record for record in found if isinstance(record, Diverged)]
    steps = tuple(record for record in found if isinstance(record, LensStep))
    return LensRun(config, VERSION, CODE_VERSION, inputs, lens.watched(), steps, broken[0].sentence if broken else "")


def record(config: LensConfig) -> LensRun:
    """Run it to its end."""
    return collect(config, lens.inputs(), lens.live(config))


def save(runs: Iterable[LensRun], path: Path = RECORDED) -> None:
    """Write runs as JSON, one line per run. What is said again and again is written once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(
        json.dumps(_written(run), ensure_ascii=False, allow_nan=False, separators=(",", ":")) for run in runs
    )
    path.write_text(f'{{"runs": [\n{lines}\n]}}\n', encoding="utf-8")


@lru_cache(maxsize=2)
def load(path: Path = RECORDED) -> tuple[LensRun, ...]:
    """The recorded runs; none where the file is missing or cannot be read."""
    try:
        return tuple(map(_read, json.loads(path.read_text(encoding="utf-8"))["runs"]))
    except (OSError, ValueError, TypeError, KeyError, IndexError):
        return ()


def find(config: LensConfig, path: Path = RECORDED) -> LensRun | None:
    """The recorded run with these settings."""
    return next((run for run in load(path) if run.config == config), None)


def verify(run: LensRun) -> tuple[str, ...]:
    """What no longer fits between a recorded run and the code and models that are here: one sentence each."""
    faults = []
    if run.inputs != lens.inputs():
        faults.append("It was recorded with other stored models than those in the assets.")
    if run.code_version != CODE_VERSION:
        faults.append(f"It was recorded with stage code {run.code_version}; this is {CODE_VERSION}.")
    if run.watched != lens.watched():
        faults.append("It watched other prompts than those that the lessons offer.")
    if not run.stopped and run.last != run.config.ppo.steps:
        faults.append("Updates are missing.")
    return tuple(f"{fault} Record it anew with: {RERECORD}" for fault in faults)


def _written(run: LensRun) -> dict[str, Any]:
    texts: dict[tuple[int, str], int] = {}
    words: dict[str, int] = {}
    steps = []
    for step in run.steps:
        for place, said in enumerate(step.said):
            texts.setdefault((place, said.text), len(texts))
        for answer in step.answers:
            for word in (answer.prompt, *answer.words):
                words.setdefault(word, len(words))
        steps.append(
            {
                "step": step.step,
                **{name: _plain(getattr(step, name)) for name in _SCALARS},
                "said": [[texts[place, said.text], _plain(said.logp)] for place, said in enumerate(step.said)],
                "answers": [_answer_written(answer, words) for answer in step.answers],
            }
        )
    scores = {(p, s.text): (s.score, s.gold) for step in run.steps for p, s in enumerate(step.said)}
    return {
        "settings": asdict(run.config),
        "version": run.version,
        "code_version": run.code_version,
        "inputs": run.inputs,
        "watched": run.watched,
        "stopped": run.stopped,
        "texts": [[text, *map(_plain, scores[place, text])] for place, text in texts],
        "words": list(words),
        "steps": steps,
    }


def _answer_written(answer: LensAnswer, words: dict[str, int]) -> dict[str, Any]:
    return {
        "prompt": words[answer.prompt],
        "words": [words[word] for word in answer.words],
        **{name: _plain(getattr(answer, name)) for name in ("score", "paid", "gold", "values", "advantages")},
        "logps": _units(answer.logps),
        "kl_exact": _units(answer.kl_exact),
        **{name: _apart(getattr(answer, name), answer.logps) for name in _APART},
        "passes": [_apart(row, answer.logps) for row in answer.passes],
    }


def _read(raw: dict[str, Any]) -> LensRun:
    texts, words = raw["texts"], raw["words"]

    def step(kept: dict[str, Any]) -> LensStep:
        said = tuple(Said(texts[i][0], logp, texts[i][1], texts[i][2]) for i, logp in kept["said"])
        answers = tuple(_answer_read(answer, words) for answer in kept["answers"])
        return LensStep(**{**kept, "said": said, "answers": answers})

    settings = raw["settings"]
    config = LensConfig(reward=settings["reward"], ppo=replace(SETTINGS, **settings["ppo"]))
    return LensRun(
        config,
        raw["version"],
        raw["code_version"],
        (raw["inputs"][0], raw["inputs"][1]),
        tuple(raw["watched"]),
        tuple(map(step, raw["steps"])),
        raw["stopped"],
    )


def _answer_read(kept: dict[str, Any], words: Sequence[str]) -> LensAnswer:
    def whole(row: Sequence[int]) -> tuple[float, ...]:
        return tuple((near + unit) / _UNIT for near, unit in zip(kept["logps"], row, strict=True))

    return LensAnswer(
        prompt=words[kept["prompt"]],
        words=tuple(words[i] for i in kept["words"]),
        **{name: kept[name] for name in ("score", "paid", "gold")},
        **{name: tuple(kept[name]) for name in ("values", "advantages")},
        **{name: tuple(unit / _UNIT for unit in kept[name]) for name in ("logps", "kl_exact")},
        **{name: whole(kept[name]) for name in _APART},
        passes=tuple(map(whole, kept["passes"])),
    )


def _units(row: Sequence[float]) -> list[int]:
    return [round(value * _UNIT) for value in row]


def _apart(row: Sequence[float], near: Sequence[float]) -> list[int]:
    return [unit - base for unit, base in zip(_units(row), _units(near), strict=True)]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    short = round(float(value), _DIGITS)
    return int(short) if short == int(short) else short
