"""Every word of the tiny world, built from its tables in a fixed order."""

from __future__ import annotations

from collections.abc import Iterator

from core.world import phrases
from core.world.claims import CLAIM_QUESTION
from core.world.facts import FACTS
from core.world.harmful import HARMFUL
from core.world.howtos import HOWTOS
from core.world.scenery import SCENERY
from core.world.unknowables import UNKNOWABLES


def _sentences() -> Iterator[str]:
    for group in (
        phrases.OPENERS,
        phrases.CLOSERS,
        phrases.APOLOGIES,
        phrases.FLATTERY,
        phrases.RUDE,
        phrases.COMPLAINTS,
        phrases.EVASIONS,
        phrases.REFUSALS,
        phrases.REASONS,
        phrases.HONESTY,
        phrases.UNSAFE,
        phrases.AGREEMENTS,
        phrases.DISAGREEMENTS,
        SCENERY,
    ):
        yield from group
    yield from (template.replace("{task}", "") for template in phrases.TASK_REFUSALS)
    yield f"I think {CLAIM_QUESTION} {phrases.YES} {phrases.NO}"
    for fact in FACTS:
        yield from (*fact.questions, *fact.statements, *fact.entries)
    for howto in HOWTOS:
        yield from (*howto.questions, *howto.replies, howto.entry)
    for harmful in HARMFUL:
        yield from (*harmful.questions, *harmful.statements)
    for unknowable in UNKNOWABLES:
        yield from (unknowable.question, unknowable.statement, *unknowable.guesses)


def _build() -> tuple[str, ...]:
    words: dict[str, str] = {}
    for sentence in _sentences():
        for word in sentence.split():
            if words.setdefault(word.casefold(), word) != word:
                raise ValueError(f"The world writes one word in two ways: “{words[word.casefold()]}” and “{word}”.")
    marks = sorted(word for word in words.values() if not word[0].isalnum())
    numbers = sorted((word for word in words.values() if word[0].isdigit()), key=int)
    rest = sorted((word for word in words.values() if word[0].isalpha()), key=str.casefold)
    return (*marks, *numbers, *rest)


WORDS: tuple[str, ...] = _build()
"""Punctuation, then numbers, then words in alphabetical order; special tokens are the tokenizer's business."""
