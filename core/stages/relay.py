"""The relay: pretrained → SFT → rankings → reward model → PPO, with what is handed over and measured in between.

Runners can be taken out: without SFT everything starts from the pretrained model; without a reward model every answer
scores the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from core.lm_records import Diverged, Evaluation, HandOver, Record
from core.policies.transformer import TinyLM
from core.stages import ppo as ppo_stage
from core.stages import reward_model as reward_stage
from core.stages import sft as sft_stage
from core.stages.config import StageConfig, require_range
from core.stages.data import LabelConfig, Ranking, collect_rankings, demonstrations
from core.stages.evaluate import evaluate
from core.stages.ppo import PpoConfig
from core.stages.reward_model import RewardModel, RewardModelConfig, calibrate
from core.stages.rollout import constant_reward
from core.stages.sft import SftConfig
from core.stages.task import Task
from core.stages.training import State


@dataclass(frozen=True)
class RelayConfig(StageConfig):
    """Settings of the whole relay. `seed` goes to every stage, whatever the stages' own settings say."""

    seed: int = 0
    use_sft: bool = True
    use_reward_model: bool = True
    sft: SftConfig = field(default_factory=SftConfig)
    labels: LabelConfig = field(default_factory=LabelConfig)
    reward_model: RewardModelConfig = field(default_factory=RewardModelConfig)
    ppo: PpoConfig = field(default_factory=PpoConfig)

    def __post_init__(self) -> None:
        require_range("The seed", self.seed, 0, 2**31)
        for name in ("sft", "labels", "reward_model", "ppo"):
            object.__setattr__(self, name, replace(getattr(self, name), seed=self.seed))


@dataclass
class RelayState:
    """Everything that changes while the relay runs; stopped and taken up as a stage's `State` is.

    `start` is the pretrained model. `done` names the milestones that have been passed.
    """

    start: TinyLM
    sft: State | None = None
    rankings: tuple[Ranking, ...] = ()
    reward: State | None = None
    scorer: RewardModel | None = None
    ppo: State | None = None
    done: set[str] = field(default_factory=set)
    diverged: Diverged | None = None

    @property
    def policy(self) -> TinyLM:
        """The model as far as the relay has come."""
        latest = self.ppo or self.sft
        return self.start if latest is None else latest.model

    def copy(self) -> RelayState:
        """An independent copy."""
        states = {
            name: None if state is None else state.copy()
            for name, state in (("sft", self.sft), ("reward", self.reward), ("ppo", self.ppo))
        }
        return replace(self, **states, done=set(self.done))


def relay(state: RelayState, task: Task, config: RelayConfig) -> Iterator[Record]:
    """Run the relay, or what is left of it. Records in order: evaluations, hand-overs, and every stage's own steps."""
    for record in _legs(state, task, config):
        if isinstance(record, Diverged):
            state.diverged = record
        yield record
        if state.diverged is not None:
            return


def _legs(state: RelayState, task: Task, config: RelayConfig) -> Iterator[Record]:
    if state.diverged is not None:
        return
    yield from _measured(state, task, config, "pretrained", state.start)
    tuned = state.start
    if config.use_sft:
        demos = demonstrations(task, config.sft.n_demonstrations, config.sft.quality, config.seed)
        yield from _handed(
            state, "sft", "demonstrations", len(demos), f"People write {len(demos)} answers to be imitated."
        )
        if state.sft is None:
            state.sft = sft_stage.begin(state.start, config.sft)
        yield from sft_stage.sft(state.sft, demos, config.sft)
        tuned = state.sft.model
        yield from _measured(state, task, config, "SFT", tuned)
    if config.use_reward_model:
        yield from _rewarded(state, task, config, tuned)
    scorer = state.scorer or constant_reward
    what = "scores of a reward model" if state.scorer else "the same score for every answer"
    answers = config.ppo.steps * config.ppo.batch_size
    yield from _handed(state, "ppo", "scored answers", answers, f"The policy writes {answers} answers and gets {what}.")
    if state.ppo is None:
        state.ppo = ppo_stage.begin(tuned, config.ppo)
    yield from ppo_stage.ppo(state.ppo, tuned, task, scorer, config.ppo)
    yield from _measured(state, task, config, "PPO", state.ppo.model, tuned)


def _rewarded(state: RelayState, task: Task, config: RelayConfig, tuned: TinyLM) -> Iterator[Record]:
    if not state.rankings:
        state.rankings = collect_rankings(tuned, task, config.labels)
    pairs = sum(len(ranking.pairs()) for ranking in state.rankings)
    yield from _handed(
        state,
        "reward_model",
        "comparisons",
        pairs,
        f"People rank {config.labels.k} answers to each of {config.labels.n_prompts} prompts: {pairs} comparisons.",
    )
    if state.reward is None:
        state.reward = reward_stage.begin(tuned, config.reward_model)
    yield from reward_stage.reward_model(state.reward, state.rankings, config.reward_model)
    if state.scorer is None:
        state.scorer, report = calibrate(state.reward.model, tuned, task, config.seed)
        yield report


def _measured(
    state: RelayState, task: Task, config: RelayConfig, name: str, model: TinyLM, reference: TinyLM | None = None
) -> Iterator[Evaluation]:
    if name not in state.done:
        found = evaluate(name, model, task, seed=config.seed, proxy=state.scorer, reference=reference)
        state.done.add(name)
        yield found


def _handed(state: RelayState, stage: str, data: str, count: int, sentence: str) -> Iterator[HandOver]:
    if stage not in state.done:
        state.done.add(stage)
        yield HandOver(0, stage, data, count, sentence)
