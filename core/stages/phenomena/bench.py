"""The runs that the effects of one seed share: the same SFT model, labels, reward models and PPO runs, made once.

Seed s stands for everything that is random: the pretraining (seeds in turn, so that three pretrained models stand
behind ten seeds), the demonstrators, the labellers, the sampling.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

import torch

from core.lm_records import Diverged, Evaluation, PolicyGradientStep, RewardModelReport
from core.policies.transformer import TinyLM
from core.stages import dpo as dpo_stage
from core.stages import ppo as ppo_stage
from core.stages import reward_model as reward_stage
from core.stages import sft as sft_stage
from core.stages.data import Demonstration, LabelConfig, Ranking, collect_rankings, demonstrations, relabel
from core.stages.dpo import DpoConfig
from core.stages.evaluate import evaluate
from core.stages.grpo import GrpoConfig
from core.stages.judge import JudgeConfig
from core.stages.policy_update import PolicyConfig
from core.stages.ppo import PpoConfig
from core.stages.reward_model import RewardModel, RewardModelConfig, calibrate
from core.stages.rloo import RlooConfig
from core.stages.rollout import Scorer
from core.stages.sft import SftConfig
from core.stages.task import Task

T = TypeVar("T")
Stage = Callable[..., Iterable[PolicyGradientStep | Diverged]]
CURVES = ("gold", "proxy", "kl_exact_sum")


@dataclass(frozen=True)
class PolicyRun:
    """A run of policy updates: the policy it ended with, a few curves, and what was measured on the way.

    `measured` maps the number of updates to the measurement after them; `broke` says why a run ended early.
    """

    model: TinyLM
    curves: dict[str, tuple[float, ...]]
    measured: dict[int, Evaluation]
    broke: str = ""

    @property
    def end(self) -> Evaluation:
        """The last measurement."""
        return self.measured[max(self.measured)]


@dataclass(frozen=True)
class Judged:
    """A trained reward model and how often it is right."""

    scorer: RewardModel
    report: RewardModelReport


class Bench:
    """What the effects of one seed work with.

    Args:
        seed: of everything.
        base: the pretrained model of this seed.
        task: the world.
        fraction: 1 for a recording; less shortens every run, every pile of labels and every measurement, for a quick check.
    """

    def __init__(self, seed: int, base: TinyLM, task: Task, fraction: float = 1.0) -> None:
        self.seed, self.base, self.fraction = seed, base, fraction
        held_out, trained = self.scaled(len(task.held_out)), self.scaled(len(task.train_items))
        self.task = replace(task, held_out=task.held_out[:held_out], train_items=task.train_items[:trained])
        self._held: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made at the first call with this key."""
        if key not in self._held:
            self._held[key] = make()
        return self._held[key]

    def scaled(self, n: int, least: int = 1) -> int:
        """`n` steps or labels, or what a quick check takes of them."""
        return n if self.fraction >= 1 else max(least, round(n * self.fraction))

    def pick(self, arms: Sequence[T], few: Sequence[T]) -> Sequence[T]:
        """The arms of an effect, or, in a quick check, the few that its headline needs."""
        return arms if self.fraction >= 1 else few

    # -- the stages, each made once ------------------------------------------------------------------------------

    def demonstrations(self, n: int, quality: float) -> tuple[Demonstration, ...]:
        """`n` demonstrations of the quality."""
        return demonstrations(self.task, n, quality, self.seed)

    def sft(self, config: SftConfig | None = None) -> TinyLM:
        """The model after SFT with these settings (the relay's own by default)."""
        config = replace(config or SftConfig(), seed=self.seed)
        return self.once(("sft", config), lambda: self._sft(config))

    def _sft(self, config: SftConfig) -> TinyLM:
        return self.imitate(self.base, self.demonstrations(config.n_demonstrations, config.quality), config)

    def imitate(self, start: TinyLM, demos: Iterable[Demonstration], config: SftConfig) -> TinyLM:
        """SFT from any start on any demonstrations."""
        state = sft_stage.begin(start, config)
        for record in sft_stage.sft(state, tuple(demos), config):
            if isinstance(record, Diverged):
                raise ValueError(record.sentence)
        return state.model

    def rankings(self, labels: LabelConfig | None = None) -> tuple[Ranking, ...]:
        """Rankings of the SFT model's answers. The same answers serve every labeller."""
        labels = replace(labels or LabelConfig(), seed=self.seed)
        unlabelled = replace(LabelConfig(), n_prompts=labels.n_prompts, k=labels.k, seed=self.seed)
        answers = self.once(("answers", unlabelled), lambda: collect_rankings(self.sft(), self.task, unlabelled))
        return self.once(("rankings", labels), lambda: relabel(answers, self.task, labels))

    def reward_model(self, rankings: tuple[Ranking, ...], key: Hashable, epochs: int = 2) -> Judged:
        """A reward model of the rankings, scaled on the SFT model's answers; `key` names the rankings."""
        config = RewardModelConfig(epochs=epochs, seed=self.seed)
        return self.once(("reward", key, config), lambda: self._reward_model(rankings, config))

    def _reward_model(self, rankings: tuple[Ranking, ...], config: RewardModelConfig) -> Judged:
        state = reward_stage.begin(self.sft(), config)
        for record in reward_stage.reward_model(state, rankings, config):
            if isinstance(record, Diverged):
                raise ValueError(record.sentence)
        return Judged(*calibrate(state.model, self.sft(), self.task, self.seed))

    def judged(self, labels: LabelConfig | None = None) -> Judged:
        """The reward model of the relay, or that of other labellers."""
        labels = replace(labels or LabelConfig(n_prompts=self.scaled(LabelConfig.n_prompts, 100)), seed=self.seed)
        return self.reward_model(self.rankings(labels), labels)

    def ppo(self, judged: Judged, key: Hashable, config: PpoConfig, marks: tuple[int, ...] = ()) -> PolicyRun:
        """PPO from the SFT model, measured after the updates in `marks` and at the end; `key` names the reward model."""
        config = replace(config, seed=self.seed)
        run = lambda: self.policy_run(ppo_stage.ppo, self.sft(), judged.scorer, config, marks)  # noqa: E731
        return self.once(("ppo", key, config, marks), run)

    def policy_run(
        self,
        stage: Stage,
        start: TinyLM,
        scorer: Scorer,
        config: PolicyConfig,
        marks: tuple[int, ...] = (),
        reference: TinyLM | None = None,
    ) -> PolicyRun:
        """Any policy-gradient stage from any start; the reference is the start unless another is given."""
        state = ppo_stage.begin(start, config)
        reference = start if reference is None else reference
        curves: dict[str, list[float]] = {name: [] for name in CURVES}
        measured: dict[int, Evaluation] = {}
        broke = ""
        for record in stage(state, reference, self.task, scorer, config):
            if isinstance(record, Diverged):
                broke = record.sentence
                break
            for name, values in curves.items():
                values.append(getattr(record, name))
            if record.step in marks and record.step < config.steps:
                measured[record.step] = self.measure(state.model, reference)
        measured[state.step] = self.measure(state.model, reference)
        return PolicyRun(state.model, {name: tuple(values) for name, values in curves.items()}, measured, broke)

    def dpo(
        self, rankings: tuple[Ranking, ...], key: Hashable, config: DpoConfig, marks: tuple[int, ...] = ()
    ) -> DpoRun:
        """DPO from the SFT model on given pairs, measured on the way; `key` names the rankings."""
        config = replace(config, seed=self.seed)
        return self.once(("dpo", key, config, marks), lambda: self._dpo(rankings, config, marks))

    def _dpo(self, rankings: tuple[Ranking, ...], config: DpoConfig, marks: tuple[int, ...]) -> DpoRun:
        def label(policy: TinyLM, n: int, seed: int) -> tuple[Ranking, ...]:
            return collect_rankings(policy, self.task, LabelConfig(n_prompts=n, seed=seed % 2**31))

        state = dpo_stage.begin(self.sft(), config)
        chosen, rejected, accuracy = [], [], []
        measured: dict[int, Evaluation] = {}
        broke = ""
        for record in dpo_stage.dpo(state, self.sft(), config, rankings, None if config.mode == "offline" else label):
            if isinstance(record, Diverged):
                broke = record.sentence
                break
            chosen.append(float((record.logps_chosen - record.ref_logps_chosen).mean()))
            rejected.append(float((record.logps_rejected - record.ref_logps_rejected).mean()))
            accuracy.append(record.accuracy)
            if record.step in marks and record.step < config.steps:
                measured[record.step] = self.measure(state.model, self.sft())
        measured[state.step] = self.measure(state.model, self.sft())
        return DpoRun(state.model, tuple(chosen), tuple(rejected), tuple(accuracy), measured, broke)

    # -- measuring -----------------------------------------------------------------------------------------------

    def measure(self, model: TinyLM, reference: TinyLM | None = None) -> Evaluation:
        """Held-out and trained prompts answered once each, at temperature 1."""
        return evaluate("", model, self.task, seed=self.seed, reference=reference)

    def start(self) -> Evaluation:
        """What the SFT model of the relay measures: where every preference run starts."""
        return self.once("start", lambda: self.measure(self.sft()))

    def generator(self, salt: int) -> torch.Generator:
        """A source of randomness of this seed."""
        return torch.Generator().manual_seed(1_000_003 * salt + self.seed)

    def rng(self, name: str) -> random.Random:
        """The same for Python's own."""
        return random.Random(f"{name}/{self.seed}")


@dataclass(frozen=True)
class DpoRun:
    """A run of DPO: means over each batch of the log-ratio to the reference for chosen and rejected answers, the share
    of pairs in the right order, and what was measured on the way."""

    model: TinyLM
    chosen: tuple[float, ...]
    rejected: tuple[float, ...]
    accuracy: tuple[float, ...]
    measured: dict[int, Evaluation]
    broke: str = ""

    @property
    def end(self) -> Evaluation:
        """The last measurement."""
        return self.measured[max(self.measured)]


def defaults() -> dict[str, Any]:
    """The stages' default settings, which every effect takes unless it says otherwise."""
    stages = (SftConfig, LabelConfig, RewardModelConfig, PpoConfig, DpoConfig, JudgeConfig, RlooConfig, GrpoConfig)
    return {stage.__name__: asdict(stage()) for stage in stages}


def figures(found: Evaluation) -> dict[str, float]:
    """The numbers of a measurement that the recordings keep."""
    values = {
        "gold": found.gold_held_out,
        "gold_trained": found.gold_train_items,
        **{f"gold_{kind}": value for kind, value in found.gold_by_kind.items()},
        **{_word(name): share for name, share in found.behaviours_held_out.items()},
    }
    return values if found.kl is None else {**values, "kl": found.kl}


def _word(behaviour: str) -> str:
    return behaviour.replace(" ", "_")
