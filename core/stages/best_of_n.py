"""Best-of-n: no training at all; draw n answers and let the proxy keep one."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from core.lm_records import Answers, BestOfNStep
from core.objectives.best_of_n import kl_upper_bound
from core.policies.transformer import TinyLM
from core.stages.config import StageConfig, require, require_range
from core.stages.rollout import Rollout, Scorer, roll_out
from core.stages.task import Task


@dataclass(frozen=True)
class BestOfNConfig(StageConfig):
    """`n_prompts` training prompts (or held-out ones) get as many answers as the largest of `sizes`, doubled steps."""

    n_max: int = 16
    n_prompts: int = 64
    held_out: bool = False
    temperature: float = 1.0
    max_new_tokens: int = 28
    seed: int = 0

    def __post_init__(self) -> None:
        require_range("The largest n", self.n_max, 1, 256)
        require_range("The number of prompts", self.n_prompts, 1, 4096)
        require_range("The temperature", self.temperature, 0.05, 10.0)

    @property
    def sizes(self) -> tuple[int, ...]:
        """1, 2, 4, … up to `n_max`."""
        return tuple(2**i for i in range(self.n_max.bit_length()) if 2**i <= self.n_max)


def best_of_n(policy: TinyLM, task: Task, scorer: Scorer, config: BestOfNConfig) -> Iterator[BestOfNStep]:
    """One record for each n in `config.sizes`, all from the same draws: the first n answers to each prompt compete."""
    require(config.n_prompts >= 1, "Best-of-n needs at least one prompt.")
    generator = torch.Generator().manual_seed(config.seed)
    prompts = task.draw(config.n_prompts, random.Random(f"best_of_n/{config.seed}"), config.held_out)
    rounds: list[Rollout] = []
    for step, n in enumerate(config.sizes, start=1):
        while len(rounds) < n:
            rounds.append(
                roll_out(
                    policy,
                    policy,
                    task,
                    prompts,
                    scorer,
                    generator,
                    temperature=config.temperature,
                    max_new_tokens=config.max_new_tokens,
                )
            )
        yield _record(task, rounds, step, n)


def _record(task: Task, rounds: Sequence[Rollout], step: int, n: int) -> BestOfNStep:
    scores = torch.stack([r.scores for r in rounds])  # (n, prompts)
    gold = torch.stack([r.gold for r in rounds])
    winner = scores.argmax(dim=0)  # among equals the first drawn, as in the exact formula
    columns = torch.arange(scores.shape[1])
    answers = [r.answers(task, step) for r in rounds]
    chosen = [answers[k] for k in winner.tolist()]
    kept = {
        name: tuple(getattr(source, name)[i] for i, source in enumerate(chosen)) for name in ("texts", "answer_ids")
    }
    width = max(a.mask.shape[1] for a in answers)
    mask = torch.zeros(len(chosen), width, dtype=torch.bool)
    for i, source in enumerate(chosen):
        mask[i, : source.mask.shape[1]] = torch.from_numpy(source.mask[i])
    best: Answers = replace(
        answers[0],
        **kept,
        finished=torch.tensor([bool(a.finished[i]) for i, a in enumerate(chosen)]).numpy(),
        mask=mask.numpy(),
        scores=scores[winner, columns].numpy(),
        gold=gold[winner, columns].numpy(),
    )
    return BestOfNStep(
        step=step,
        n=n,
        chosen=best,
        proxy=best.scores.mean().item(),
        gold=best.gold.mean().item(),
        mean_proxy=scores.mean().item(),
        mean_gold=gold.mean().item(),
        kl_bound=kl_upper_bound(n),
    )
