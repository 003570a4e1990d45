"""What one stage hands to the next: demonstrations, and answers that somebody has ranked."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from core.lm_records import Pair
from core.policies.sampling import Samples, sample
from core.policies.transformer import TinyLM
from core.stages.batches import chunks
from core.stages.config import StageConfig, require_range
from core.stages.task import Labels, Prompt, Task

Ids = tuple[int, ...]
SAMPLING_BATCH = 64


@dataclass(frozen=True)
class Demonstration:
    """A prompt and an answer to imitate, as token ids; the answer ends with `<end>`."""

    prompt: Prompt
    prompt_ids: Ids
    answer_ids: Ids


@dataclass(frozen=True)
class Ranking:
    """K answers to one prompt and the rank that a labeller gave to each (0 the best, equal ranks are ties).

    A comparison is a ranking of two. The ids of an answer hold `<end>` where the model wrote it.
    """

    prompt: Prompt
    prompt_ids: Ids
    answers: tuple[Ids, ...]
    ranks: tuple[int, ...]
    source: str = "human"

    def pairs(self) -> list[tuple[int, int]]:
        """(better, worse) as indices of answers, ties left out."""
        ranks = self.ranks
        return [(i, j) for i in range(len(ranks)) for j in range(len(ranks)) if ranks[i] < ranks[j]]


@dataclass(frozen=True)
class LabelConfig(StageConfig):
    """How preferences are collected: `k` sampled answers to each of `n_prompts` prompts, ranked by noisy labellers.

    `noise` is the labellers' temperature in units of gold; the biases are what a labeller adds to gold (see
    `core.world.labellers`).
    """

    n_prompts: int = 400
    k: int = 4
    noise: float = 0.2
    length_bias: float = 0.0
    flattery_bias: float = 0.0
    agreement_bias: float = 0.0
    tie_margin: float = 0.0
    temperature: float = 1.0
    max_new_tokens: int = 28
    seed: int = 0

    def __post_init__(self) -> None:
        require_range("The number of prompts", self.n_prompts, 1, 100_000)
        require_range("The number of answers per prompt", self.k, 2, 16)
        require_range("The labellers' noise", self.noise, 0.0, 100.0)
        for bias in (self.length_bias, self.flattery_bias, self.agreement_bias):
            require_range("A labeller's bias", bias, -100.0, 100.0)
        require_range("The tie margin", self.tie_margin, 0.0, 1000.0)
        require_range("The temperature", self.temperature, 0.05, 10.0)

    @property
    def labels(self) -> Labels:
        """The labellers of these settings."""
        return Labels(self.noise, self.length_bias, self.flattery_bias, self.agreement_bias, self.tie_margin)


def demonstrations(task: Task, n: int, quality: float, seed: int) -> tuple[Demonstration, ...]:
    """`n` demonstrations on training items by demonstrators of the given quality.

    Raises:
        ValueError: fewer than one demonstration, or a quality outside 0 to 1.
    """
    require_range("The number of demonstrations", n, 1, 100_000)
    require_range("The quality of the demonstrators", quality, 0.0, 1.0)
    rng = random.Random(f"demonstrations/{seed}")
    found = []
    for prompt in task.draw(n, rng, False):
        answer = task.demonstrate(prompt, quality, rng)
        found.append(Demonstration(prompt, tuple(task.ids(prompt)), tuple(task.tokenizer.encode(answer, end=True))))
    return tuple(found)


def sampled_ids(samples: Samples) -> list[Ids]:
    """The sampled ids of each row, `<end>` included where the model wrote it."""
    lengths = samples.mask.sum(dim=1).tolist()
    return [tuple(row[:n]) for row, n in zip(samples.responses.tolist(), lengths, strict=True)]


def sample_answers(
    model: TinyLM,
    task: Task,
    prompts: Sequence[Prompt],
    generator: torch.Generator,
    *,
    temperature: float = 1.0,
    max_new_tokens: int = 28,
) -> list[Ids]:
    """One answer to each prompt, in batches of similar prompt length; ids with `<end>` where the model wrote it."""
    ids = [task.ids(prompt) for prompt in prompts]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    answers: list[Ids] = [()] * len(ids)
    for part in chunks(len(order), SAMPLING_BATCH):
        rows = order[part]
        drawn = sample(
            model,
            [ids[i] for i in rows],
            generator=generator,
            temperature=temperature,
            max_new_tokens=max_new_tokens,
        )
        for i, answer in zip(rows, sampled_ids(drawn), strict=True):
            answers[i] = answer
    return answers


def collect_rankings(model: TinyLM, task: Task, config: LabelConfig) -> tuple[Ranking, ...]:
    """Sample answers from `model` on training items and have them ranked."""
    rng = random.Random(f"labels/{config.seed}")
    generator = torch.Generator().manual_seed(config.seed + 10_007)
    prompts = task.draw(config.n_prompts, rng, False)
    repeated = [prompt for prompt in prompts for _ in range(config.k)]
    answers = sample_answers(
        model, task, repeated, generator, temperature=config.temperature, max_new_tokens=config.max_new_tokens
    )
    found = []
    for i, prompt in enumerate(prompts):
        own = tuple(answers[i * config.k : (i + 1) * config.k])
        ranks = tuple(task.rank(prompt, [task.answer(ids) for ids in own], config.labels, rng))
        found.append(Ranking(prompt, tuple(task.ids(prompt)), own, ranks))
    return tuple(found)


def relabel(rankings: Sequence[Ranking], task: Task, config: LabelConfig) -> tuple[Ranking, ...]:
    """The same answers ranked again, by the labellers of `config`."""
    rng = random.Random(f"labels/{config.seed}/again")
    found = []
    for ranking in rankings:
        answers = [task.answer(ids) for ids in ranking.answers]
        ranks = tuple(task.rank(ranking.prompt, answers, config.labels, rng))
        found.append(replace(ranking, ranks=ranks))
    return tuple(found)


def shown_pair(task: Task, ranking: Ranking, better: int, worse: int) -> Pair:
    """One pair of a ranking in words, with whether gold agrees."""
    texts = [task.tokenizer.decode(ranking.answers[i]) for i in (better, worse)]
    gap = task.quality(ranking.prompt, ranking.answers[better]) - task.quality(ranking.prompt, ranking.answers[worse])
    return Pair(ranking.prompt.text, texts[0], texts[1], ranking.source, None if gap == 0 else gap > 0)
