"""The tiny world as a task: its tokenizer, its books, its prompts, its judges, and where the weights are kept."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from core.policies.tokenizer import Tokenizer
from core.world.documents import corpus
from core.world.facts import FACTS, Fact
from core.world.split import is_held_out
from core.world.vocabulary import WORDS

WEIGHTS = Path(__file__).resolve().parents[2] / "assets" / "tiny_lm" / "base.safetensors"


@cache
def tokenizer() -> Tokenizer:
    """The tokenizer over the world's vocabulary."""
    return Tokenizer(WORDS)


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
