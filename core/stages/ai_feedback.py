"""Constitutional AI on the tiny language model: critiques and revisions to imitate, and AI labels to learn from."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from core.lm_records import Critique
from core.policies.transformer import TinyLM
from core.stages.batches import chunks
from core.stages.config import StageConfig, require_range
from core.stages.data import Demonstration, Ranking, sample_answers
from core.stages.judge import PRINCIPLES, Constitution, JudgeModel
from core.stages.task import Task


@dataclass(frozen=True)
class RevisionConfig(StageConfig):
    """The supervised half of constitutional AI: `n_prompts` answers, each revised by the best of `k` fresh samples."""

    n_prompts: int = 256
    k: int = 4
    max_new_tokens: int = 28
    seed: int = 0

    def __post_init__(self) -> None:
        require_range("The number of prompts", self.n_prompts, 1, 100_000)
        require_range("The number of samples per revision", self.k, 1, 64)


def revise(
    policy: TinyLM, judge: JudgeModel, task: Task, constitution: Constitution, config: RevisionConfig
) -> Iterator[tuple[Critique, Demonstration]]:
    """Critique the policy's own answers and revise them; the demonstration is what SFT then imitates."""
    generator = torch.Generator().manual_seed(config.seed + 40_009)
    prompts = task.draw(config.n_prompts, random.Random(f"revise/{config.seed}"), False)
    for part in chunks(len(prompts), 16):
        own = prompts[part]
        repeated = [prompt for prompt in own for _ in range(config.k + 1)]
        answers = sample_answers(policy, task, repeated, generator, max_new_tokens=config.max_new_tokens)
        probabilities = judge.probabilities([tuple(task.ids(prompt)) for prompt in repeated], answers)
        penalties = (probabilities @ torch.tensor(constitution.weights)).view(len(own), config.k + 1)
        best = penalties[:, 1:].argmin(dim=1) + 1
        for row, prompt in enumerate(own):
            first, kept = row * (config.k + 1), row * (config.k + 1) + int(best[row])
            critique = Critique(
                step=part.start + row + 1,
                prompt=prompt.text,
                answer=task.answer(answers[first]).text,
                probabilities={p.name: probabilities[first, i].item() for i, p in enumerate(PRINCIPLES)},
                penalty=penalties[row, 0].item(),
                revision=task.answer(answers[kept]).text,
                revision_penalty=penalties[row, best[row]].item(),
                gold=task.quality(prompt, answers[first]),
                revision_gold=task.quality(prompt, answers[kept]),
            )
            yield critique, Demonstration(prompt, tuple(task.ids(prompt)), answers[kept])


def ai_rankings(
    judge: JudgeModel, task: Task, constitution: Constitution, rankings: Sequence[Ranking], noise: float, seed: int
) -> tuple[Ranking, ...]:
    """The same answers ranked by the judge instead: by penalty plus Gumbel noise of scale `noise`.

    Equal answers share a rank. `noise` 0 gives the judge's own order.
    """
    require_range("The AI labeller's noise", noise, 0.0, 100.0)
    rng = random.Random(f"ai/{seed}")

    def gumbel() -> float:
        return -math.log(max(rng.expovariate(1.0), 1e-300))

    found = []
    for ranking in rankings:
        different = list(dict.fromkeys(ranking.answers))
        penalties = judge.penalties([ranking.prompt_ids] * len(different), different, constitution).tolist()
        seen = {a: p - noise * gumbel() for a, p in zip(different, penalties, strict=True)}
        place = {answer: rank for rank, answer in enumerate(sorted(seen, key=seen.__getitem__))}
        ranks = tuple(place[answer] for answer in ranking.answers)
        found.append(Ranking(ranking.prompt, ranking.prompt_ids, ranking.answers, ranks, "AI"))
    return tuple(found)
