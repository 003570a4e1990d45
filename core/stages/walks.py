"""Walks of one prompt through SFT, kept: the usual ones recorded, the others computed as far as somebody has looked.

Recorded by `python -m core.stages record walks` into assets/recorded/: the numbers of every step, and the answers as token
ids, which are read and valued when they are shown.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from core.lm_records import TracedStep
from core.stages.asked import FIRST
from core.stages.config import CODE_VERSION
from core.stages.stored import base_sha256
from core.stages.trace_sft import N_BARS, N_OTHERS, RawStep, TraceConfig, judged, raw_steps, scene, trace
from core.stages.trajectory import Trajectory
from core.stages.world_task import tokenizer
from core.version import VERSION

RECORDED = Path(__file__).resolve().parents[2] / "assets" / "recorded" / "walks.npz"
HORIZON = 20
LEARNING_RATES = (0.0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.1, 1.0)
OTHERS = (0, 1, 3, 7, 15)
QUALITIES = (0.0, 0.5, 1.0)
_ARRAYS = {"logps": np.float32, "bars": np.float16, "losses": np.float64, "ids": np.uint16, "lengths": np.uint8}


def usual() -> tuple[TraceConfig, ...]:
    """The walks that are recorded: the first prompt of each kind alone, and that of lesson 1 with others, seed 0, each at
    every learning rate."""
    alone = [TraceConfig(prompt=text, lr=lr) for text in FIRST.values() for lr in LEARNING_RATES]
    joined = [
        TraceConfig(lr=lr, others=others, quality=quality)
        for others in OTHERS[1:]
        for quality in QUALITIES
        for lr in LEARNING_RATES
    ]
    return (*alone, *joined)


@lru_cache(maxsize=48)  # an unfinished one keeps a model and its optimiser: about 5 MB
def trajectory(config: TraceConfig) -> Trajectory[TracedStep]:
    """The walk of a configuration up to step HORIZON, computed (or read) once for all who ask."""
    recording = load()
    if recording is not None and config in recording:
        held = scene(config)
        return Trajectory(judged(raw, held) for raw in recording.steps(config))
    return Trajectory(itertools.islice(trace(config), HORIZON + 1))


def is_recorded(config: TraceConfig) -> bool:
    """Whether the walk was recorded."""
    recording = load()
    return recording is not None and config in recording


@dataclass(frozen=True)
class Head:
    """What a recording was made with; `walks` holds the settings of each walk, its number of steps (with step 0) and the
    sentence with which it broke down."""

    version: str
    code_version: int
    weights_sha256: str
    vocabulary: str
    walks: list[dict[str, object]]


class Recording:
    """A recording that was read: walks are cut out of it when somebody asks."""

    def __init__(self, head: Head, arrays: dict[str, np.ndarray]) -> None:
        self.head = head
        self._arrays = arrays
        self._places: dict[TraceConfig, tuple[int, int, int, str]] = {}
        step, place = 0, 0
        for walk in head.walks:
            config, n = TraceConfig(**walk["config"]), int(walk["steps"])  # type: ignore[arg-type]
            self._places[config] = (n, step, place, str(walk["diverged"]))
            step += n
            place += n * int(walk["places"])  # type: ignore[call-overload]
        self._ends = np.concatenate([[0], np.cumsum(arrays["lengths"], dtype=np.int64)])

    def __contains__(self, config: TraceConfig) -> bool:
        """Whether the walk was recorded."""
        return config in self._places

    def __iter__(self) -> Iterable[TraceConfig]:
        """The recorded configurations."""
        return iter(self._places)

    def steps(self, config: TraceConfig) -> list[RawStep]:
        """The steps of a recorded walk."""
        n, step, place, diverged = self._places[config]
        width = len(scene(config).tokens) - 1
        found = []
        for k in range(n):
            at = slice(place + k * width, place + (k + 1) * width)
            logps = self._arrays["logps"][at].astype(np.float64)
            bars = np.column_stack([np.exp(logps), self._arrays["bars"][at].astype(np.float64)])
            loss, others_loss, batch_loss, grad_norm = self._arrays["losses"][step + k].tolist()
            first = (step + k) * (N_OTHERS + 1)
            ends = self._ends[first : first + N_OTHERS + 2].tolist()
            answers = tuple(
                tuple(self._arrays["ids"][low:high].tolist()) for low, high in itertools.pairwise(ends)
            )  # fmt: skip
            nothing = np.isnan(batch_loss)
            found.append(
                RawStep(
                    k,
                    logps,
                    bars,
                    loss,
                    others_loss,
                    answers,
                    None if nothing else batch_loss,
                    None if nothing else grad_norm,
                    diverged if diverged and k == n - 1 else None,
                )
            )
        return found


def record(configs: Iterable[TraceConfig], path: Path = RECORDED) -> Head:
    """Walk every configuration and write the walks. Returns what stands at the head of the file."""
    walks: list[dict[str, object]] = []
    steps: list[RawStep] = []
    for config in configs:
        found = list(itertools.islice(raw_steps(config), HORIZON + 1))
        steps += found
        walks.append(
            {
                "config": asdict(config),
                "steps": len(found),
                "places": len(found[0].logps),
                "diverged": found[-1].diverged or "",
            }
        )
    head = Head(VERSION, CODE_VERSION, base_sha256(), tokenizer().fingerprint, walks)
    scalars = [(s.loss, s.others_loss, _or_nan(s.batch_loss), _or_nan(s.grad_norm)) for s in steps]
    arrays = {
        "logps": np.concatenate([s.logps for s in steps]),
        "bars": np.concatenate([s.bars[:, 1:] for s in steps]).reshape(-1, N_BARS - 1),
        "losses": np.array(scalars),
        "ids": np.array([i for s in steps for answer in s.answers for i in answer]),
        "lengths": np.array([len(answer) for s in steps for answer in s.answers]),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path,
        head=np.frombuffer(json.dumps(asdict(head)).encode(), dtype=np.uint8),
        **{name: arrays[name].astype(kind) for name, kind in _ARRAYS.items()},
    )
    load.cache_clear()
    trajectory.cache_clear()
    return head


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


@lru_cache(maxsize=2)
def load(path: Path = RECORDED) -> Recording | None:
    """The recording, or None where it is missing, damaged or of other weights: every walk is then computed."""
    try:
        with np.load(path) as stored:
            head = Head(**json.loads(stored["head"].tobytes()))
            arrays = {name: stored[name] for name in _ARRAYS}
        if (head.vocabulary, head.weights_sha256) != (tokenizer().fingerprint, base_sha256()):
            return None
        return Recording(head, arrays)
    except (OSError, ValueError, TypeError, KeyError, EOFError, BadZipFile):
        return None


def command(path: Path = RECORDED) -> int:
    """What `python -m core.stages record walks` runs. Returns the exit code."""
    head = record(usual(), path)
    print(
        f"Walked {len(head.walks)} configurations from weights {head.weights_sha256[:16]}…; wrote {path.name} "
        f"({path.stat().st_size / 1000:.0f} kB)."
    )
    return 0
