"""One PPO run of the tiny language model, looked at word by word: what lesson 8 shows, recorded or live.

The run is `core.stages.ppo` itself, from the stored SFT model, scored by the stored reward model. Of every update four
of the sampled answers are kept with the numbers of each word, and what the policy would now say to a few prompts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from core.lm_records import Diverged, PolicyGradientStep
from core.objectives.kl import k2
from core.policies.sampling import Samples, sample
from core.policies.transformer import TinyLM
from core.stages import ppo as ppo_stage
from core.stages import starting_points, stored
from core.stages.batches import scored_logps, text_batch
from core.stages.config import StageConfig, require_choice
from core.stages.data import sampled_ids
from core.stages.ppo import PpoConfig
from core.stages.reward_model import RewardModel
from core.stages.rollout import Scorer
from core.stages.task import Prompt, Task
from core.stages.world_task import world_task
from core.world.candidates import NORWAY
from core.world.prompts import find_prompt
from core.world.text_features import asks_back

SHOWN = 4
REWARDS = ("as scored", "flipped", "flat", "hacked")
HACK_BONUS = 4.0
SETTINGS = PpoConfig(steps=40, batch_size=32, epochs=4, lr=3e-4, kl_coef=0.5, whiten=False, max_new_tokens=24)
"""The whiteboard's defaults where they mean the same; learning rate and batch size as the language model needs them."""


@dataclass(frozen=True)
class LensConfig(StageConfig):
    """Settings of a run. `reward` is what the policy is paid: the reward model's score, that times −1, nothing, or the
    score and a bonus for every answer that asks back."""

    reward: str = "as scored"
    ppo: PpoConfig = field(default_factory=lambda: SETTINGS)

    def __post_init__(self) -> None:
        require_choice("The reward", self.reward, REWARDS)


@dataclass(frozen=True, eq=False)
class LensAnswer:
    """One sampled answer; every tuple has one entry a token, `<end>` included where the model wrote it.

    `logps` of the policy that sampled, `ref_logps`, `after` of the policy after the update; `passes` those at the start
    of epoch 2, 3, …; `kl_exact` over the whole vocabulary; `values` of the value head. `paid` is the reward of the whole
    answer, `score` the reward model's, `gold` the true quality.
    """

    prompt: str
    words: tuple[str, ...]
    score: float
    paid: float
    gold: float
    logps: tuple[float, ...]
    ref_logps: tuple[float, ...]
    kl_exact: tuple[float, ...]
    values: tuple[float, ...]
    advantages: tuple[float, ...]
    after: tuple[float, ...]
    passes: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Said:
    """The most probable answer to a prompt, its whole log-probability (nats), its score and its true quality."""

    text: str
    logp: float
    score: float
    gold: float


@dataclass(frozen=True, eq=False)
class LensStep:
    """One update; step 0 is the policy before the first and has no answers.

    Means over the batch: `proxy` (the reward model's score), `paid`, `gold`; `k1`, `k2`, `k3` and `kl_exact` summed over
    an answer, in nats, to the reference. `clip_fraction` of tokens in the last epoch; `first_gap` is the largest
    |ratio − 1| in the first. `said` answers the watched prompts after the update.
    """

    step: int
    said: tuple[Said, ...]
    answers: tuple[LensAnswer, ...] = ()
    proxy: float = 0.0
    paid: float = 0.0
    gold: float = 0.0
    k1: float = 0.0
    k2: float = 0.0
    k3: float = 0.0
    kl_exact: float = 0.0
    clip_fraction: float = 0.0
    approx_kl: float = 0.0
    entropy: float = 0.0
    mean_length: float = 0.0
    first_gap: float = 0.0


def watched() -> tuple[str, ...]:
    """The prompts whose answers are followed: those that lesson 8 can start from, all held out of training."""
    recording = starting_points.load()
    return tuple(point.prompt for point in recording.points) if recording else (NORWAY.prompt,)


def live(config: LensConfig) -> Iterator[LensStep | Diverged]:
    """Run it now, from the stored models. Raises CheckpointError where they are missing."""
    return run(stored.sft().model, stored.scorer(), world_task(), config, tuple(map(find_prompt, watched())))


def inputs() -> tuple[str, str]:
    """Checksums of what every run starts from. Raises CheckpointError where it is missing."""
    return stored.sft().sha256, stored.scorer_checkpoint().sha256


def run(
    start: TinyLM, scorer: RewardModel, task: Task, config: LensConfig, prompts: Sequence[Prompt]
) -> Iterator[LensStep | Diverged]:
    """PPO up to `config.ppo.steps` on a copy of `start`, which is also the reference; step 0 comes first."""
    state = ppo_stage.begin(start, config.ppo)
    scores: list[Tensor] = []

    def keep(asked: Sequence[Prompt], samples: Samples) -> Tensor:
        found = scorer(asked, samples)
        scores[:] = [found]
        return _paid(found, samples, task, config.reward)

    yield LensStep(0, _said(state.model, scorer, task, prompts))
    for record in ppo_stage.ppo(state, start, task, keep, config.ppo):
        if isinstance(record, Diverged):
            yield record
            return
        yield _step(record, scores[0], state.model, task, _said(state.model, scorer, task, prompts))


def _paid(scores: Tensor, samples: Samples, task: Task, reward: str) -> Tensor:
    if reward == "flipped":
        return -scores
    if reward == "flat":
        return torch.zeros_like(scores)
    if reward == "hacked":
        texts = [task.tokenizer.decode(ids) for ids in sampled_ids(samples)]
        return scores + HACK_BONUS * torch.tensor([asks_back(text, "") for text in texts])
    return scores


def _said(model: TinyLM, scorer: Scorer, task: Task, prompts: Sequence[Prompt]) -> tuple[Said, ...]:
    drawn = sample(model, [task.ids(prompt) for prompt in prompts], temperature=0.0, max_new_tokens=24)
    logps, scores = drawn.logps.sum(dim=1).tolist(), scorer(prompts, drawn).tolist()
    return tuple(
        Said(task.tokenizer.decode(ids), logp, score, task.quality(prompt, ids))
        for prompt, ids, logp, score in zip(prompts, sampled_ids(drawn), logps, scores, strict=True)
    )


def spread(scores: Tensor, count: int = SHOWN) -> list[int]:
    """Rows of the highest score, of the lowest, and of those evenly between, from the highest down."""
    order = torch.argsort(scores, descending=True, stable=True).tolist()
    count = min(count, len(order))
    return [order[round(k * (len(order) - 1) / max(count - 1, 1))] for k in range(count)]


def _step(record: PolicyGradientStep, scores: Tensor, model: TinyLM, task: Task, said: tuple[Said, ...]) -> LensStep:
    rows = spread(scores)
    found = record.answers
    after = _logps(model, [found.prompt_ids[i] for i in rows], [found.answer_ids[i] for i in rows])
    words = task.tokenizer.token
    answers = []
    for i, now in zip(rows, after, strict=True):
        n = len(found.answer_ids[i])
        take = _taker(i, n)
        answers.append(
            LensAnswer(
                prompt=found.prompts[i],
                words=tuple(map(words, found.answer_ids[i])),
                score=scores[i].item(),
                paid=float(found.scores[i]),
                gold=float(found.gold[i]),
                logps=take(record.logps),
                ref_logps=take(record.ref_logps),
                kl_exact=take(record.kl_exact),
                values=take(record.values),
                advantages=take(record.advantages),
                after=now,
                passes=tuple(take(epoch.logps) for epoch in record.epochs[1:]),
            )
        )
    squares = k2(torch.from_numpy(record.logps), torch.from_numpy(record.ref_logps)).sum(dim=1).mean().item()
    mask = found.mask
    return LensStep(
        step=record.step,
        said=said,
        answers=tuple(answers),
        proxy=scores.mean().item(),
        paid=record.proxy,
        gold=record.gold,
        k1=record.objective_kl,
        k2=squares,
        k3=record.kl_k3_sum,
        kl_exact=record.kl_exact_sum,
        clip_fraction=record.clip_fraction,
        approx_kl=record.approx_kl,
        entropy=record.entropy,
        mean_length=record.mean_length,
        first_gap=float(np.abs(record.epochs[0].ratios[mask] - 1).max()),
    )


def _taker(row: int, n: int) -> Callable[[np.ndarray], tuple[float, ...]]:
    return lambda array: tuple(array[row, :n].tolist())


@torch.no_grad()
def _logps(
    model: TinyLM, prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[int]]
) -> list[tuple[float, ...]]:
    """Log-probability of every token of each answer."""
    batch = text_batch([tuple(ids) for ids in prompts], [tuple(ids) for ids in answers], model.config.context)
    return [tuple(row.tolist()) for row in scored_logps(model, batch).split(batch.lengths().tolist())]
