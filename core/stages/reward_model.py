"""The reward model: a copy of the language model whose reward head learns to put the preferred answer higher.

All pairs of a ranking go through one forward pass (Ouyang et al. 2022, §3.5): four ranked answers give six pairs for
the price of four texts, and no text is seen more often than once per epoch.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.lm_records import Diverged, RewardModelReport, RewardModelStep
from core.objectives.bradley_terry import pairwise_loss
from core.policies.sampling import Samples
from core.policies.transformer import TinyLM
from core.stages.batches import chunks, minibatch, text_batch
from core.stages.config import StageConfig, require, require_range
from core.stages.data import Ids, Ranking, sample_answers
from core.stages.task import Prompt, Task
from core.stages.training import State, decayed, out_of_range

# A pair that the model is wrong about by a score gap of 20 costs 20 nats; a blind guess costs ln 2.
_LOSS_LIMIT = 20.0


@dataclass(frozen=True)
class RewardModelConfig(StageConfig):
    """Settings of reward modelling. `batch_size` counts rankings."""

    epochs: int = 2
    batch_size: int = 8
    lr: float = 7e-4
    warmup: int = 5
    decay_from: float = 0.5
    center_rewards_coefficient: float = 0.01
    seed: int = 0

    def __post_init__(self) -> None:
        require_range("The number of epochs", self.epochs, 1, 1000)
        require_range("The batch size", self.batch_size, 1, 1024)
        require_range("The learning rate", self.lr, 0.0, 1000.0)
        require_range("The centring coefficient", self.center_rewards_coefficient, 0.0, 100.0)

    def steps(self, n_rankings: int) -> int:
        """Gradient steps over `n_rankings` useful rankings."""
        return self.epochs * -(-n_rankings // self.batch_size)


@dataclass(frozen=True)
class RewardModel:
    """A trained reward model and the scale of its scores: (raw − mean) / std on the starting policy's answers."""

    model: TinyLM
    mean: float = 0.0
    std: float = 1.0
    missing_end_penalty: float = 1.0

    @torch.inference_mode()
    def raw(self, prompt_ids: Sequence[Sequence[int]], answers: Sequence[Sequence[int]]) -> Tensor:
        """(B,) unscaled scores of answers given as ids."""
        scores = []
        for part in chunks(len(prompt_ids), 256):
            batch = text_batch(prompt_ids[part], answers[part], self.model.config.context)
            scores.append(self.model.rewards(batch.tokens, batch.attends))
        return torch.cat(scores)

    @torch.inference_mode()
    def __call__(self, prompts: Sequence[Prompt], samples: Samples) -> Tensor:
        """(B,) scores of sampled answers; an answer that does not end loses `missing_end_penalty`."""
        raw = self.model.rewards(samples.tokens, samples.attends)
        return ((raw - self.mean) / self.std - self.missing_end_penalty * ~samples.finished).clone()


def begin(model: TinyLM, config: RewardModelConfig) -> State:
    """The state before the first step, on a copy of `model` (usually the SFT model)."""
    return State.begin(model, config.seed)


def reward_model(
    state: State, rankings: Sequence[Ranking], config: RewardModelConfig
) -> Iterator[RewardModelStep | Diverged]:
    """Train `state` on rankings (or comparisons, which are rankings of two), one record per step.

    Raises:
        ValueError: no ranking has a preference in it.
    """
    useful = [ranking for ranking in rankings if ranking.pairs()]
    require(len(useful) > 0, "There is no preference to learn from: every label is a tie.")
    steps = config.steps(len(useful))
    while state.step < steps and state.diverged is None:
        rows = [useful[i] for i in minibatch(len(useful), config.batch_size, state.step, config.seed)]
        scores, better, worse = _score_pairs(state.model, rows)
        result = pairwise_loss(
            scores[better], scores[worse], center_rewards_coefficient=config.center_rewards_coefficient
        )
        lr = decayed(config.lr, state.step, steps, config.warmup, config.decay_from)
        norm = state.update(result.loss, lr)
        loss = result.losses.mean().item()
        if out_of_range(loss, _LOSS_LIMIT) or math.isnan(norm):
            yield state.stop(
                "reward_model",
                f"The reward model broke down at step {state.step + 1}: its scores grew without bound. "
                "Try a lower learning rate.",
            )
            return
        state.step += 1
        state.count += len(better)
        m = result.metrics
        yield RewardModelStep(
            state.step,
            steps,
            loss,
            m["accuracy"],
            m["margin"],
            m["min_reward"],
            m["mean_reward"],
            m["max_reward"],
            state.count,
            lr,
            norm,
        )


def _score_pairs(model: TinyLM, rows: Sequence[Ranking]) -> tuple[Tensor, list[int], list[int]]:
    """Scores of all answers of the rankings, and the (better, worse) pairs as indices into them."""
    better, worse, prompts, answers = [], [], [], []
    for ranking in rows:
        for i, j in ranking.pairs():
            better.append(len(answers) + i)
            worse.append(len(answers) + j)
        prompts += [ranking.prompt_ids] * len(ranking.answers)
        answers += ranking.answers
    batch = text_batch(prompts, answers, model.config.context)
    return model.rewards(batch.tokens, batch.attends), better, worse


def calibrate(
    trained: TinyLM, policy: TinyLM, task: Task, seed: int, n: int = 192, missing_end_penalty: float = 1.0
) -> tuple[RewardModel, RewardModelReport]:
    """Scale a trained reward model on `policy`'s answers, and measure it on pairs without label noise.

    For each side of the split, `n` prompts get two answers each; accuracy is the share of pairs of unequal gold that
    the scores put in the right order. The scale comes from the answers on training items.
    """
    accuracy: dict[bool, float | None] = {}
    raw = RewardModel(trained)
    mean, std, pairs = 0.0, 1.0, 0
    for held_out in (True, False):
        prompts = task.draw(n, random.Random(f"calibrate/{seed}/{held_out}"), held_out)
        generator = torch.Generator().manual_seed(seed + 20_011 + held_out)
        doubled = [prompt for prompt in prompts for _ in range(2)]
        answers = sample_answers(policy, task, doubled, generator)
        scores = raw.raw([task.ids(prompt) for prompt in doubled], answers)
        accuracy[held_out], decided = _pair_accuracy(task, doubled, answers, scores)
        pairs += decided
        if not held_out:
            mean, std = scores.mean().item(), max(scores.std().item(), 1e-6)
    report = RewardModelReport(0, pairs, accuracy[True], accuracy[False], mean, std)
    return RewardModel(trained, mean, std, missing_end_penalty), report


def _pair_accuracy(
    task: Task, prompts: Sequence[Prompt], answers: Sequence[Ids], scores: Tensor
) -> tuple[float | None, int]:
    """Share of neighbouring answers of unequal gold that the scores order rightly, and the number of such pairs."""
    gold = [task.quality(p, a) for p, a in zip(prompts, answers, strict=True)]
    right = [
        (gold[i] - gold[i + 1]) * (scores[i] - scores[i + 1]).item() > 0
        for i in range(0, len(gold), 2)
        if gold[i] != gold[i + 1]
    ]
    return (sum(right) / len(right) if right else None), len(right)
