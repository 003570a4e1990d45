"""What the home page keeps in the assets: the pairs it asks about, the measured features of the eight responses, and runs.

Written by `python -m core.stages record home`. The run "model" (PPO on the stored reward model) plays at the top of the
page; the run "example" (PPO on the votes of a simulated voter) plays while a visitor's own is being trained.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.lm_records import Diverged
from core.objectives.bradley_terry_fit import fit_feature_weights
from core.stages import stored
from core.stages.config import CODE_VERSION
from core.stages.my_votes import Look, MyVotesConfig, Shown, base_model, rounded, train
from core.stages.my_votes_features import KEYS, measure
from core.stages.my_votes_pairs import OfferedPair, choose_pairs
from core.stages.ppo import PpoConfig
from core.stages.world_task import world_task
from core.version import VERSION
from core.world.candidates import NORWAY
from core.world.prompts import find_prompt

RECORDED = Path(__file__).resolve().parents[2] / "assets" / "recorded" / "home.json"
AGAIN = "python -m core.stages record home"
PRIOR_SD = 1.0
PAIRS_ASKED = 5
MODEL_STEPS = 30
EXAMPLE_TASTE = {"belief": 0.5, "manners": 2.0, "flattery": 0.5, "declines": 0.0, "length": 0.25}
"""What the simulated voter of the example likes; set by hand."""
_DIGITS = 5


@dataclass(frozen=True)
class Run:
    """A finished run: its settings, the policy at every step, and how it was measured before and after."""

    name: str
    config: MyVotesConfig
    shown: tuple[Shown, ...]
    before: Look
    after: Look


@dataclass(frozen=True)
class HomeRecording:
    """Everything that is kept. `response_features` belong to the eight responses of the running example, in order."""

    version: str
    code_version: int
    base_sha256: str
    sft_sha256: str
    pairs_seed: int
    pairs: tuple[OfferedPair, ...]
    response_features: tuple[tuple[float, ...], ...]
    runs: tuple[Run, ...]

    def run(self, name: str) -> Run | None:
        """The run of that name."""
        return next((run for run in self.runs if run.name == name), None)


def collect(name: str, config: MyVotesConfig, records: Iterable[Look | Shown | Diverged]) -> Run | str:
    """A finished run from its records, or the sentence that says why it broke down."""
    found = list(records)
    broken = [record.sentence for record in found if isinstance(record, Diverged)]
    if broken:
        return broken[0]
    looks = [record for record in found if isinstance(record, Look)]
    if len(looks) < 2:
        return "The run ended before it was measured."
    return Run(name, config, tuple(r for r in found if isinstance(r, Shown)), looks[0], looks[-1])


def example_config(pairs: tuple[OfferedPair, ...]) -> MyVotesConfig:
    """The run of the simulated voter: it votes without noise on the first pairs, and the fit is the page's own."""
    asked = pairs[:PAIRS_ASKED]
    differences = [pair.difference for pair in asked]
    outcomes = [float(sum(EXAMPLE_TASTE[k] * d for k, d in zip(KEYS, row)) > 0) for row in differences]
    return rounded(fit_feature_weights(differences, outcomes, PRIOR_SD).weights)


def record(seed: int = 0) -> HomeRecording:
    """Choose the pairs, measure, and make both runs. Raises ValueError where a run breaks down."""
    task, tuned, base = world_task(), stored.sft(), base_model()
    pairs = choose_pairs(tuned.model, base, task, seed=seed)
    texts = [candidate.text for candidate in NORWAY.candidates]
    features = measure([find_prompt(NORWAY.prompt)] * len(texts), texts, base, task.tokenizer)
    ppo = replace(MyVotesConfig().ppo, seed=seed)
    model = MyVotesConfig(
        reward="model", ppo=replace(ppo, steps=MODEL_STEPS, lr=PpoConfig.lr, kl_coef=PpoConfig.kl_coef)
    )
    runs = []
    for name, config in (("model", model), ("example", replace(example_config(pairs), ppo=ppo))):
        run = collect(name, config, train(config))
        if isinstance(run, str):
            raise ValueError(run)
        runs.append(run)
    return HomeRecording(
        VERSION, CODE_VERSION, stored.base_sha256(), tuned.sha256, seed, pairs, tuple(features), tuple(runs)
    )


def save(recording: HomeRecording, path: Path = RECORDED) -> None:
    """Write a recording as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_plain(asdict(recording)), ensure_ascii=False, allow_nan=False)
    path.write_text(text.replace('{"step"', '\n{"step"').replace('{"prompt"', '\n{"prompt"') + "\n", encoding="utf-8")


@lru_cache(maxsize=2)
def load(path: Path = RECORDED) -> HomeRecording | None:
    """The recording, or None where it is missing or cannot be read."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        pairs = tuple(OfferedPair(**_tuples(pair)) for pair in raw.pop("pairs"))
        features = _frozen(raw.pop("response_features"))
        runs = tuple(_run(run) for run in raw.pop("runs"))
        return HomeRecording(**raw, pairs=pairs, response_features=features, runs=runs)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def verify(recording: HomeRecording) -> tuple[str, ...]:
    """What no longer fits between the recording and the code and weights that are here: one sentence each."""
    faults = []
    if recording.base_sha256 != stored.base_sha256() or recording.sft_sha256 != stored.sft().sha256:
        faults.append(f"It was recorded with other weights than those in the assets; make it again with: {AGAIN}")
    if recording.code_version != CODE_VERSION:
        faults.append(f"It was recorded with stage code {recording.code_version}; this is {CODE_VERSION}.")
    return tuple(faults)


def _run(raw: dict[str, Any]) -> Run:
    config = dict(raw["config"])
    return Run(
        raw["name"],
        MyVotesConfig(**{**config, "ppo": PpoConfig(**config["ppo"])}),
        tuple(Shown(**_tuples(shown)) for shown in raw["shown"]),
        Look(**_tuples(raw["before"])),
        Look(**_tuples(raw["after"])),
    )


def _tuples(raw: dict[str, Any]) -> dict[str, Any]:
    return {name: _frozen(value) for name, value in raw.items()}


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def command(seed: int, out: Path) -> int:
    """Record, write and report. Returns the exit code."""
    recording = record(seed)
    save(recording, out)
    for pair in recording.pairs:
        print(f"{pair.prompt}  ⟶  {pair.left}  |  {pair.right}")
    for run in recording.runs:
        print(
            f"{run.name}: reward {run.before.reward:+.2f} → {run.after.reward:+.2f}, gold {run.before.gold:+.2f} → "
            f"{run.after.gold:+.2f} (n={run.after.n}); “{run.shown[0].texts[0]}” → “{run.shown[-1].texts[0]}”"
        )
    print(f"Wrote {len(recording.pairs)} pairs and {len(recording.runs)} runs ({out.stat().st_size / 1000:.0f} kB).")
    return 0
