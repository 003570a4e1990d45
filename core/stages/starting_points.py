"""Where whiteboard policies start: the tiny language model's own log-probabilities of eight responses to each of some prompts.

Recorded once by `python -m core.stages starts` into assets/, with the weights' checksum and the settings of SFT, so that the
page needs no model to show them and a test can compute them again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import torch

from core.stages.sequences import over_candidates, temperature_for_share
from core.stages.walk_policy import WalkPoint, walked_logps
from core.world.candidates import Candidate, CandidateSet

RECORDED = Path(__file__).resolve().parents[2] / "assets" / "starting_points.json"


@dataclass(frozen=True)
class StartingPoint:
    """Eight responses to one prompt and their whole-response log-probabilities (nats, `<end>` included) under two models."""

    key: str
    kind: str
    prompt: str
    key_word: str
    names: tuple[str, ...]
    texts: tuple[str, ...]
    base_logps: tuple[float, ...]
    sft_logps: tuple[float, ...]


@dataclass(frozen=True)
class Recording:
    """All starting points and what they were made from."""

    version: str
    weights_sha256: str
    sft_config: str
    points: tuple[StartingPoint, ...]


def save(recording: Recording, path: Path = RECORDED) -> None:
    """Write a recording as JSON, one line per starting point."""
    head = {key: value for key, value in asdict(recording).items() if key != "points"}
    lines = ",\n".join(json.dumps(asdict(point), ensure_ascii=False) for point in recording.points)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(head, ensure_ascii=False)[:-1] + f', "points": [\n{lines}\n]}}\n', encoding="utf-8")


@lru_cache(maxsize=2)
def load(path: Path = RECORDED) -> Recording | None:
    """The recording, or None where there is none or it cannot be read: the page then offers only the start by hand."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        points = tuple(
            StartingPoint(**{k: tuple(v) if isinstance(v, list) else v for k, v in p.items()})
            for p in raw.pop("points")
        )
        return Recording(**raw, points=points)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def probabilities(logps: Sequence[float], temperature: float) -> tuple[float, ...]:
    """Softmax of whole-response log-probabilities over the candidates at a temperature. Raises ValueError if it is not above 0."""
    return tuple(over_candidates(torch.tensor(logps, dtype=torch.float64), temperature).tolist())


def stated_temperature(logps: Sequence[float], least: float = 0.01) -> float:
    """The temperature (at least 1) at which no candidate holds less than `least`."""
    return temperature_for_share(torch.tensor(logps, dtype=torch.float64), least)


@lru_cache(maxsize=128)
def candidate_set(key: str, model: str, evened: bool) -> CandidateSet | None:
    """The whiteboard of a recorded prompt, starting from `model` "base" or "sft"; None if it was not recorded.

    `evened` uses the stated temperature, so that every bar can be seen; otherwise the model's own probabilities stand.
    """
    recording = load()
    point = next((p for p in recording.points if p.key == key), None) if recording else None
    if point is None:
        return None
    logps = point.base_logps if model == "base" else point.sft_logps
    name = {"base": "pretrained", "sft": "fine-tuned"}[model]
    return _policy(point, model, f"the {name} tiny LM", logps, evened, recorded=True)


def walked_point(key: str) -> StartingPoint | None:
    """The recorded prompt with its responses that a walked policy is asked about; None if it was not recorded."""
    recording = load()
    return next((p for p in recording.points if p.key == key), None) if recording else None


@lru_cache(maxsize=128)
def walked_set(key: str, start: WalkPoint, evened: bool) -> CandidateSet | None:
    """The whiteboard of a recorded prompt, starting from the policy of a lesson-5 walk; None where the prompt was not
    recorded, or the walk broke down so far that a response has no probability left."""
    point = walked_point(key)
    if point is None:
        return None
    logps = walked_logps(start, point.prompt, point.texts)
    if not all(map(math.isfinite, logps)):
        return None
    return _policy(point, "walk", f"the tiny LM {start.words()},", logps, evened, recorded=False)


def _policy(
    point: StartingPoint, model: str, whose: str, logps: Sequence[float], evened: bool, recorded: bool
) -> CandidateSet:
    """Responses with the probabilities that a model's log-probabilities give them."""
    temperature = stated_temperature(logps) if evened else 1.0
    probs = [max(p, 1e-12) for p in probabilities(logps, temperature)]
    total = sum(probs)
    return CandidateSet(
        key=f"{point.key}-{model}",
        prompt=point.prompt,
        key_word=point.key_word,
        candidates=tuple(Candidate(n, t) for n, t in zip(point.names, point.texts, strict=True)),
        ref_probs=tuple(p / total for p in probs),
        origin=f"{whose} at temperature {temperature:g}",
        recorded=recorded,
        live=not recorded,
    )
