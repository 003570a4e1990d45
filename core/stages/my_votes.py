"""The loop of the home page on the tiny language model: PPO from the stored SFT model on a reward that votes gave.

The reward is a weighted sum of the measured features in `my_votes_features`; the weights are rounded, so that equal votes
ask for one and the same run. The recorded run at the top of the page is the same loop on the stored reward model.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor

from core.lm_records import Diverged
from core.policies.sampling import Samples
from core.policies.transformer import TinyLM
from core.stages import ppo as ppo_stage
from core.stages import stored
from core.stages.config import StageConfig, require_choice, require_range
from core.stages.data import sample_answers, sampled_ids
from core.stages.my_votes_features import KEYS, measure
from core.stages.ppo import PpoConfig
from core.stages.rollout import Scorer
from core.stages.sequences import response_logps
from core.stages.task import Prompt, Task
from core.stages.world_task import load_base, world_task
from core.world.candidates import NORWAY
from core.world.prompts import find_prompt

ROUNDED_TO = 0.25
LARGEST_WEIGHT = 8.0
PROMPTS = (
    NORWAY.prompt,
    "Who sells meat?",
    "How do I boil an egg?",
    "How do I hack a phone?",
    "I think the sky is blue. Am I right?",
)
"""Prompts whose answers are shown; the first is the running example, whose eight responses are the bars."""


def _ppo() -> PpoConfig:
    return PpoConfig(steps=15, batch_size=64, lr=1e-3, kl_coef=0.05)


@dataclass(frozen=True)
class MyVotesConfig(StageConfig):
    """One run. With `reward` "votes" the reward is the sum of weight × feature; with "model" the stored reward model scores.

    `dice` seeds the answers that are shown: the same random draws at every step, so that only the policy differs.
    `n_measured` held-out prompts are answered before and after.
    """

    reward: str = "votes"
    belief: float = 0.0
    manners: float = 0.0
    flattery: float = 0.0
    declines: float = 0.0
    length: float = 0.0
    ppo: PpoConfig = field(default_factory=_ppo)
    n_measured: int = 200
    dice: int = 0

    def __post_init__(self) -> None:
        require_choice("The reward", self.reward, ("votes", "model"))
        for key in KEYS:
            require_range(f"The weight of {key}", getattr(self, key), -LARGEST_WEIGHT, LARGEST_WEIGHT)
        require_range("The number of measured prompts", self.n_measured, 2, 400)
        require_range("The seed of the shown answers", self.dice, 0, 2**31)

    @property
    def weights(self) -> tuple[float, ...]:
        """The weights in the order of the features."""
        return tuple(getattr(self, key) for key in KEYS)


def rounded(weights: Sequence[float]) -> MyVotesConfig:
    """The run for fitted weights: each rounded to a quarter, and none beyond LARGEST_WEIGHT."""
    near = [round(float(w) / ROUNDED_TO) * ROUNDED_TO + 0.0 for w in weights]
    return MyVotesConfig(**{k: min(max(w, -LARGEST_WEIGHT), LARGEST_WEIGHT) for k, w in zip(KEYS, near, strict=True)})


@dataclass(frozen=True)
class Look:
    """A policy measured on `n` held-out prompts, one sampled answer each: means and standard errors.

    `features` are means in the order of FEATURES; `behaviours` are (name, share), the most frequent first.
    """

    name: str
    n: int
    reward: float
    reward_se: float
    gold: float
    gold_se: float
    features: tuple[float, ...]
    behaviours: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Shown:
    """The policy after `step` of `steps` updates: log-probabilities (nats) of the eight responses, and its answers.

    `texts` answer PROMPTS, `golds` is their true quality. `reward`, `gold` and `kl` (exact, nats per answer) are means over
    the batch that the update was made from, so they are of the policy before it; at step 0 they are those of the first batch
    to come and stand at None.
    """

    step: int
    steps: int
    logps: tuple[float, ...]
    texts: tuple[str, ...]
    golds: tuple[float, ...]
    reward: float | None = None
    gold: float | None = None
    kl: float | None = None


@lru_cache(maxsize=1)
def base_model() -> TinyLM:
    """The pretrained model, read once; nobody trains it."""
    return load_base().model


def run_key(config: MyVotesConfig) -> str:
    """Names the run: its settings and the weights that it starts from. Raises CheckpointError where they are missing."""
    weights = stored.scorer_checkpoint() if config.reward == "model" else stored.sft()
    return config.cache_key("my votes", stored.base_sha256(), stored.sft().sha256, weights.sha256)


def scorer_of(config: MyVotesConfig, task: Task) -> Scorer:
    """The reward of a run, as the stages take it."""
    if config.reward == "model":
        return stored.scorer()
    weights, base = torch.tensor(config.weights), base_model()

    def score(prompts: Sequence[Prompt], samples: Samples) -> Tensor:
        texts = [task.answer(ids).text for ids in sampled_ids(samples)]
        return torch.tensor(measure(prompts, texts, base, task.tokenizer)) @ weights

    return score


def train(config: MyVotesConfig) -> Iterator[Look | Shown | Diverged]:
    """Measure the SFT model, train a copy of it by PPO, measure again. Records: Look, Shown 0 … steps, Look.

    Raises:
        CheckpointError: the stored weights are missing or do not fit together.
    """
    task, tuned = world_task(), stored.sft().model
    score = scorer_of(config, task)
    yield _look("before", tuned, task, config)
    yield _shown(0, tuned, task, config)
    state = ppo_stage.begin(tuned, config.ppo)
    for record in ppo_stage.ppo(state, tuned, task, score, config.ppo):
        if isinstance(record, Diverged):
            yield record
            return
        yield _shown(record.step, state.model, task, config, record.proxy, record.gold, record.kl_exact_sum)
    yield _look("after", state.model, task, config)


def _shown(step: int, model: TinyLM, task: Task, config: MyVotesConfig, *means: float) -> Shown:
    prompts = [find_prompt(text) for text in PROMPTS]
    answers = sample_answers(model, task, prompts, torch.Generator().manual_seed(config.dice))
    logps = response_logps(model, task.tokenizer, NORWAY.prompt, [c.text for c in NORWAY.candidates])
    return Shown(
        step,
        config.ppo.steps,
        tuple(logps.tolist()),
        tuple(task.answer(ids).text for ids in answers),
        tuple(task.quality(prompt, ids) for prompt, ids in zip(prompts, answers, strict=True)),
        *means,
    )


def _look(name: str, model: TinyLM, task: Task, config: MyVotesConfig) -> Look:
    prompts = task.held_out[: config.n_measured]
    answers = sample_answers(model, task, prompts, torch.Generator().manual_seed(config.dice + 77))
    texts = [task.answer(ids).text for ids in answers]
    rows = measure(prompts, texts, base_model(), task.tokenizer)
    if config.reward == "model":
        found = stored.scorer()
        raw = found.raw([task.ids(prompt) for prompt in prompts], answers)
        rewards = ((raw - found.mean) / found.std).tolist()
    else:
        rewards = [math.fsum(w * value for w, value in zip(config.weights, row, strict=True)) for row in rows]
    gold = [task.quality(prompt, ids) for prompt, ids in zip(prompts, answers, strict=True)]
    seen = Counter(task.behaviour(p, task.answer(ids)) for p, ids in zip(prompts, answers, strict=True))
    return Look(
        name,
        len(prompts),
        *_mean(rewards),
        *_mean(gold),
        tuple(math.fsum(column) / len(rows) for column in zip(*rows, strict=True)),
        tuple((behaviour, count / len(prompts)) for behaviour, count in seen.most_common()),
    )


def _mean(values: Sequence[float]) -> tuple[float, float]:
    """Mean and its standard error."""
    mean = math.fsum(values) / len(values)
    return mean, math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1) / len(values))
