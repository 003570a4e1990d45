"""Relays that were run once and kept: configuration, seed, weights, what was handed over and measured, every step in short.

Recorded by `python -m core.stages record relay` into assets/recorded/, so that a page can show a whole relay at once and
say where it comes from. Each is there for several seeds: the first with every step, the others with what was handed over
and measured, so that a page can say what the seeds have in common. `collect` puts a live run into the same form, so that
both can stand side by side.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, get_type_hints

from core.lm_records import (
    Diverged,
    Evaluation,
    HandOver,
    PolicyGradientStep,
    Record,
    RewardModelReport,
    RewardModelStep,
    SupervisedStep,
)
from core.stages.config import CODE_VERSION
from core.stages.evaluate import single_thread
from core.stages.relay import RelayConfig, RelayState, relay
from core.stages.world_task import load_base, world_task
from core.version import VERSION

RECORDED = Path(__file__).resolve().parents[2] / "assets" / "recorded" / "relay.json"
RUNNERS = ((True, True), (False, True), (True, False), (False, False))
"""Which of SFT and the reward model run, in the recorded relays."""
SEEDS = 5
"""Seeds of each recorded relay, one after the other; the pretrained model is the same for all."""
_DIGITS = 6


@dataclass(frozen=True)
class Leg:
    """One gradient step in short. `value` is the accuracy of SFT's next tokens or of the reward model's pairs."""

    stage: str
    step: int
    steps: int
    loss: float
    value: float


@dataclass(frozen=True)
class Update:
    """One PPO update in short, under the names of `PolicyGradientStep`; means over the sampled answers, KL in nats."""

    step: int
    steps: int
    proxy: float
    gold: float
    kl_exact_sum: float
    objective_kl: float
    rlhf_reward: float
    kl_coef: float
    entropy: float
    clip_fraction: float


@dataclass(frozen=True)
class RelayRun:
    """A relay in short; unfinished while fewer measurements than legs are there. `stopped` says why a run broke down,
    `whole` whether its steps were kept."""

    settings: dict[str, Any]
    version: str
    code_version: int
    weights_sha256: str
    evaluations: tuple[Evaluation, ...] = ()
    hand_overs: tuple[HandOver, ...] = ()
    report: RewardModelReport | None = None
    legs: tuple[Leg, ...] = ()
    updates: tuple[Update, ...] = ()
    stopped: str = ""
    whole: bool = True

    @property
    def use_sft(self) -> bool:
        """Whether SFT ran."""
        return bool(self.settings["use_sft"])

    @property
    def use_reward_model(self) -> bool:
        """Whether a reward model was trained; otherwise every answer scored the same."""
        return bool(self.settings["use_reward_model"])

    @property
    def seed(self) -> int:
        """The seed of every stage."""
        return int(self.settings["seed"])

    def config(self) -> RelayConfig:
        """The settings as the relay takes them. Raises ValueError if they are of another version of the relay."""
        try:
            return _build(RelayConfig, self.settings)
        except (TypeError, KeyError) as error:
            raise ValueError(
                "The recorded relay has settings that this version does not know; record it anew."
            ) from error

    def evaluation(self, name: str) -> Evaluation | None:
        """What was measured after the stage of that name ("pretrained", "SFT", "PPO")."""
        return next((found for found in self.evaluations if found.name == name), None)

    def handed(self, stage: str) -> HandOver | None:
        """What the stage was handed ("sft", "reward_model", "ppo")."""
        return next((found for found in self.hand_overs if found.stage == stage), None)

    def losses(self, stage: str) -> tuple[float, ...]:
        """The loss of every step of "sft" or "reward_model"."""
        return tuple(leg.loss for leg in self.legs if leg.stage == stage)


def in_short(records: Iterable[Record]) -> Iterator[Record | Leg | Update]:
    """The records of a relay, every gradient step replaced by a few numbers (a whole PPO step holds large arrays)."""
    for record in records:
        if isinstance(record, PolicyGradientStep):
            yield Update(**{f.name: getattr(record, f.name) for f in fields(Update)})
        elif isinstance(record, SupervisedStep):
            yield Leg("sft", record.step, record.steps, record.loss, record.mean_token_accuracy)
        elif isinstance(record, RewardModelStep):
            yield Leg("reward_model", record.step, record.steps, record.loss, record.accuracy)
        else:
            yield record


def collect(config: RelayConfig, weights_sha256: str, records: Iterable[Record | Leg | Update]) -> RelayRun:
    """A run, finished or not, from its records in short."""
    found = list(records)

    def of(kind: type) -> tuple[Any, ...]:
        return tuple(record for record in found if isinstance(record, kind))

    reports, broken = of(RewardModelReport), of(Diverged)
    return RelayRun(
        settings=asdict(config),
        version=VERSION,
        code_version=CODE_VERSION,
        weights_sha256=weights_sha256,
        evaluations=of(Evaluation),
        hand_overs=of(HandOver),
        report=reports[0] if reports else None,
        legs=of(Leg),
        updates=of(Update),
        stopped=broken[0].sentence if broken else "",
    )


def live(config: RelayConfig) -> Iterator[Record | Leg | Update]:
    """Run a relay now, from a fresh copy of the pretrained weights, in short."""
    return in_short(relay(RelayState(load_base().model), world_task(), config))


def record(config: RelayConfig, weights: Path) -> RelayRun:
    """Run a relay to its end."""
    base = load_base(weights)
    return collect(config, base.sha256, in_short(relay(RelayState(base.model), world_task(), config)))


def record_seeds(config: RelayConfig, weights: Path, seeds: int = SEEDS, processes: int = 2) -> Iterator[RelayRun]:
    """The relay with and without its runners, `seeds` times from `config.seed` on, on several processes; as they are done.

    Only the first seed keeps its steps.
    """
    configs = [with_runners(config, *use, config.seed + k) for k in range(seeds) for use in RUNNERS]
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = [pool.submit(_record_alone, wanted, weights, wanted.seed == config.seed) for wanted in configs]
        for job in as_completed(jobs):
            yield job.result()


def _record_alone(config: RelayConfig, weights: Path, whole: bool) -> RelayRun:
    """What a process of its own does."""
    single_thread()
    run = record(config, weights)
    return run if whole else replace(run, legs=(), updates=(), whole=False)


def in_order(runs: Iterable[RelayRun]) -> tuple[RelayRun, ...]:
    """The recorded relays by their runners, each by its seeds."""
    return tuple(sorted(runs, key=lambda run: (RUNNERS.index((run.use_sft, run.use_reward_model)), run.seed)))


def with_runners(config: RelayConfig, use_sft: bool, use_reward_model: bool, seed: int) -> RelayConfig:
    """The same relay with other runners or another seed."""
    return replace(config, use_sft=use_sft, use_reward_model=use_reward_model, seed=seed)


def save(runs: Iterable[RelayRun], path: Path = RECORDED) -> None:
    """Write runs as JSON, one line per run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(_plain(asdict(run)), ensure_ascii=False, allow_nan=False) for run in runs)
    path.write_text(f'{{"relays": [\n{lines}\n]}}\n', encoding="utf-8")


@lru_cache(maxsize=2)
def load(path: Path = RECORDED) -> tuple[RelayRun, ...]:
    """The recorded relays; none where the file is missing or cannot be read."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))["relays"]
        return tuple(_read(run) for run in raw)
    except (OSError, ValueError, TypeError, KeyError):
        return ()


def find(use_sft: bool, use_reward_model: bool, path: Path = RECORDED) -> RelayRun | None:
    """The recorded relay with these runners, every step of it."""
    return next((run for run in over_seeds(use_sft, use_reward_model, path) if run.whole), None)


def over_seeds(use_sft: bool, use_reward_model: bool, path: Path = RECORDED) -> tuple[RelayRun, ...]:
    """The same relay at every recorded seed, in order; runs that broke down are left out."""
    wanted = (use_sft, use_reward_model)
    return tuple(run for run in load(path) if (run.use_sft, run.use_reward_model) == wanted and not run.stopped)


def verify(run: RelayRun, weights_sha256: str) -> tuple[str, ...]:
    """What no longer fits between a recorded run and the code and weights that are here: one sentence each."""
    faults = []
    if run.weights_sha256 != weights_sha256:
        faults.append("It was recorded with other weights than those in the assets.")
    if run.code_version != CODE_VERSION:
        faults.append(f"It was recorded with stage code {run.code_version}; this is {CODE_VERSION}.")
    try:
        run.config()
    except ValueError as error:
        faults.append(str(error))
    names = ["pretrained", *(["SFT"] if run.use_sft else []), "PPO"]
    if not run.stopped and [found.name for found in run.evaluations] != names:
        faults.append("A measurement is missing.")
    if not run.stopped and run.whole and len(run.updates) != run.settings["ppo"]["steps"]:
        faults.append("PPO updates are missing.")
    return tuple(faults)


def _read(raw: dict[str, Any]) -> RelayRun:
    parts = {"evaluations": Evaluation, "hand_overs": HandOver, "legs": Leg, "updates": Update}
    many = {name: tuple(_record(kind, item) for item in raw[name]) for name, kind in parts.items()}
    report = None if raw["report"] is None else _record(RewardModelReport, raw["report"])
    return RelayRun(**{**raw, **many, "report": report})


def _record(kind: type, raw: dict[str, Any]) -> Any:
    return kind(**{name: _tuples(value) if isinstance(value, list) else value for name, value in raw.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _build(cls: type, settings: dict[str, Any]) -> Any:
    hints = get_type_hints(cls)
    return cls(
        **{
            name: _build(hints[name], value) if is_dataclass(hints[name]) else _tuples(value)
            for name, value in settings.items()
        }
    )


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
