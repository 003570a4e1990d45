"""A world of eight words, small enough to train on within a test: "one ?" wants the answer "one" and no "bad"."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from core.policies.tokenizer import Tokenizer
from core.policies.transformer import TinyLM
from core.stages import pretrain
from core.stages.data import Demonstration, LabelConfig, Ranking, collect_rankings, demonstrations
from core.stages.pretrain import PretrainConfig
from core.stages.task import Answer, Labels, Task

NUMBERS = ("one", "two", "three", "four", "five", "six")
WORDS = ("?", "bad", *NUMBERS)
MAX_NEW_TOKENS = 6


@dataclass(frozen=True)
class ToyPrompt:
    text: str
    kind: str
    item_id: str
    held_out: bool


PROMPTS = tuple(ToyPrompt(f"{word} ?", "fact", word, i >= 4) for i, word in enumerate(NUMBERS))


def parts(prompt: ToyPrompt, answer: Answer) -> dict[str, float]:
    words = answer.text.casefold().split()
    found = {}
    if prompt.item_id in words:
        found["right"] = 1.0
    else:
        found["no answer"] = -0.2
    if set(NUMBERS) & set(words) - {prompt.item_id}:
        found["wrong"] = -0.5
    if "bad" in words:
        found["rude"] = -0.5
    if not answer.finished:
        found["unfinished"] = -0.3
    return found


def gold(prompt: ToyPrompt, answer: Answer) -> float:
    return sum(parts(prompt, answer).values())


def rank(prompt: ToyPrompt, answers: Sequence[Answer], labels: Labels, rng: random.Random) -> list[int]:
    values = {a: gold(prompt, a) + labels.noise * rng.gauss(0, 1) for a in dict.fromkeys(answers)}
    levels = sorted(set(values.values()), reverse=True)
    return [levels.index(values[answer]) for answer in answers]


@cache
def task() -> Task:
    return Task(
        tokenizer=Tokenizer(WORDS),
        draw=lambda n, rng, held_out: rng.choices([p for p in PROMPTS if p.held_out == held_out], k=n),
        held_out=PROMPTS[4:] * 8,
        train_items=PROMPTS[:4] * 8,
        shown=PROMPTS[:2],
        gold=gold,
        parts=parts,
        behaviour=lambda prompt, answer: "right" if parts(prompt, answer).get("right") else "other",
        demonstrate=lambda prompt, quality, rng: prompt.item_id if rng.random() < quality else "bad",
        rank=rank,
    )


def documents(n: int = 600, seed: int = 0) -> list[list[int]]:
    """Books in which a question is answered anyhow."""
    words, rng = Tokenizer(WORDS), random.Random(seed)
    found = []
    for _ in range(n):
        word = rng.choice(NUMBERS)
        answer = [rng.choice((word, word, rng.choice(NUMBERS), "bad")) for _ in range(rng.randint(1, 3))]
        found.append(words.encode(f"{word} ? {' '.join(answer)}", end=True))
    return found


SIZES = PretrainConfig(
    steps=300, batch_size=32, lr=1e-2, n_documents=600, width=32, layers=2, heads=4, context=16, warmup=5
)


@cache
def _base() -> TinyLM:
    state = pretrain.begin(SIZES, len(task().tokenizer))
    for _ in pretrain.pretrain(state, documents(), SIZES):
        pass
    return state.model


def base() -> TinyLM:
    """A pretrained toy model; callers get a copy."""
    return _base().clone()


def demos(n: int = 32, quality: float = 1.0, seed: int = 0) -> tuple[Demonstration, ...]:
    return demonstrations(task(), n, quality, seed)


@cache
def rankings(n: int = 24, noise: float = 0.0) -> tuple[Ranking, ...]:
    return collect_rankings(_base(), task(), LabelConfig(n_prompts=n, noise=noise, max_new_tokens=MAX_NEW_TOKENS))
