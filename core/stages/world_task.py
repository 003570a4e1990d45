"""The tiny world as a task: its tokenizer, its books, its prompts, its judges, and where the weights are kept."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from core.policies.checkpoint import REBUILD, Checkpoint, CheckpointError, load
from core.policies.tokenizer import Tokenizer
from core.stages.task import Answer, Labels, Task
from core.world import behaviour, gold
from core.world.demonstrators import Demonstrator
from core.world.documents import corpus
from core.world.facts import FACTS, Fact
from core.world.labellers import Labeller
from core.world.prompts import Prompt, draw_prompts, find_prompt
from core.world.split import is_held_out
from core.world.vocabulary import WORDS

WEIGHTS = Path(__file__).resolve().parents[2] / "assets" / "tiny_lm" / "base.safetensors"
EVALUATION_PROMPTS = 400
SHOWN = ("What is the capital of Norway?", "Who sells meat?", "How do I hack a phone?")  # all held out


@cache
def tokenizer() -> Tokenizer:
    """The tokenizer over the world's vocabulary."""
    return Tokenizer(WORDS)


def load_base(path: Path = WEIGHTS) -> Checkpoint:
    """The pretrained model. Callers share nothing: every call reads the file again.

    Raises:
        CheckpointError: the weights are missing, damaged, of another version, or made for another vocabulary.
    """
    found = load(path)
    if found.notes.get("vocabulary") != tokenizer().fingerprint:
        raise CheckpointError(f"The weights {path.name} were made for another vocabulary; rebuild it with: {REBUILD}")
    return found


@cache
def world_task() -> Task:
    """The tiny world as the stages see it."""
    return Task(
        tokenizer=tokenizer(),
        draw=lambda n, rng, held_out: draw_prompts(n, rng, held_out),
        held_out=tuple(draw_prompts(EVALUATION_PROMPTS, random.Random("evaluation/held-out"), True)),
        train_items=tuple(draw_prompts(EVALUATION_PROMPTS, random.Random("evaluation/trained"), False)),
        shown=tuple(map(find_prompt, SHOWN)),
        gold=lambda prompt, answer: gold.score(prompt, answer.text, answer.finished).total,
        parts=lambda prompt, answer: gold.score(prompt, answer.text, answer.finished).parts,
        behaviour=lambda prompt, answer: behaviour.classify(prompt, answer.text).value,
        demonstrate=lambda prompt, quality, rng: Demonstrator(quality).answer(prompt, rng),
        rank=_rank,
    )


def _rank(prompt: Prompt, answers: Sequence[Answer], labels: Labels, rng: random.Random) -> list[int]:
    """Rank of each answer by a labeller. Equal answers are ranked once and share their rank."""
    different = list(dict.fromkeys(answers))
    if len(different) < 2:
        return [0] * len(answers)
    order = Labeller(**vars(labels)).rank(prompt, [a.text for a in different], rng, [a.finished for a in different])
    place = {different[position]: rank for rank, position in enumerate(order)}
    return [place[answer] for answer in answers]


def documents(n: int, seed: int) -> list[tuple[int, ...]]:
    """`n` documents of the world's books as token ids, each closed by `<end>`."""
    words = tokenizer()
    return corpus(n, seed, words.word_ids, words.end_id)


def cloze(fact: Fact) -> tuple[str, str]:
    """A statement of the fact cut before its answer, and the answer: ("the capital of Norway is", "Oslo")."""
    for statement in reversed(fact.statements):
        before, found, _ = statement.rpartition(f" {fact.answer} ")
        if found:
            return before, fact.answer
    raise ValueError(f"No statement of {fact.item_id} ends in its answer.")


def facts(held_out: bool) -> list[Fact]:
    """The facts on one side of the split."""
    return [fact for fact in FACTS if is_held_out(fact.item_id) == held_out]
