"""The sentences of the world's books as they can be recognised: full statements, short replies, steps of tasks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from core.wording import fold, split_sentences
from core.world.facts import FACTS, VALUES
from core.world.harmful import HARMFUL
from core.world.howtos import HOWTOS
from core.world.relations import RELATIONS, Relation, with_article
from core.world.unknowables import UNKNOWABLES


def sentences_of(texts: Iterable[str]) -> frozenset[str]:
    """The sentences of the given texts in the form in which they are compared: lower case, no "!"."""
    return frozenset(
        " ".join("." if word == "!" else word for word in part)
        for text in texts
        for part in split_sentences(fold(text))
    )


_SUBJECTS = {r.name: {f.subject.casefold() for f in FACTS if f.relation == r.name} for r in RELATIONS}
_RELATION_VALUES = {name: frozenset(value.casefold() for value in values) for name, values in VALUES.items()}
TRUTHS = frozenset((f.relation, f.subject.casefold(), f.answer.casefold()) for f in FACTS)
"""(relation, subject, answer) of every fact, lower case."""
ALL_VALUES = frozenset().union(*_RELATION_VALUES.values())
"""Every answer of every relation, lower case."""
_LEADING_WORD = re.compile(r"^(?:(?:in|on) )?(?:(?:a|an|the) )?")


def _bare(answer: str) -> str:
    """ "in a hive" -> "hive"."""
    return _LEADING_WORD.sub("", answer)


_BARE_VALUES = {name: {_bare(value): value for value in sorted(values)} for name, values in _RELATION_VALUES.items()}


def _pattern(template: str, subjects: Iterable[str]) -> re.Pattern[str]:
    def either(forms: Iterable[str]) -> str:
        return "(?P<s>" + "|".join(sorted(map(re.escape, forms), key=len, reverse=True)) + ")"

    subjects = list(subjects)
    pattern = re.escape(template.casefold())
    pattern = pattern.replace(r"\{a\}", "(?P<a>.+)").replace(r"\{s\}", either(subjects))
    return re.compile(pattern.replace(r"\{as\}", either(map(with_article, subjects))))


def _statement_patterns(relation: Relation) -> list[tuple[re.Pattern[str], dict[str, str]]]:
    """For each statement template: its pattern, and what its subject slot stands for."""
    subjects = _SUBJECTS[relation.name]
    forms = {subject: subject for subject in subjects} | {with_article(subject): subject for subject in subjects}
    return [(_pattern(template, subjects), forms) for template in relation.statements]


_STATEMENTS = [(relation.name, *row) for relation in RELATIONS for row in _statement_patterns(relation)]
_REPLIES = {r.name: [_pattern(template, ()) for template in r.replies] for r in RELATIONS}


@lru_cache(maxsize=8_000)
def stated(text: str) -> frozenset[tuple[str, str, str]]:
    """(relation, subject, answer) for every way to read the sentence as a full statement, true or false."""
    found = set()
    for relation, pattern, forms in _STATEMENTS:
        if (match := pattern.fullmatch(text)) and match["a"] in ALL_VALUES:
            found.add((relation, forms[match["s"]], match["a"]))
    return frozenset(found)


def short_reply(text: str, relation: str) -> set[str]:
    """The answers that a sentence like "it is Oslo ." may give to a question of this relation."""
    said = {match["a"] for pattern in _REPLIES[relation] if (match := pattern.fullmatch(text))} & ALL_VALUES
    if not said:  # a typed answer may leave out the article: "hive ."
        whole = _BARE_VALUES[relation].get(text.removesuffix(" ."))
        said = {whole} if whole else set()
    return said


def _steps() -> dict[str, list[tuple[str, str]]]:
    """Every sentence that gives a step: to the tasks that it belongs to, with the bare step."""
    table: dict[str, list[tuple[str, str]]] = {}
    for howto in HOWTOS:
        for step in howto.steps:
            for opening in ("", "first ", "then ", f"to {howto.task} , "):
                table.setdefault(f"{opening}{step} .".casefold(), []).append((howto.task, step))
    return table


STEPS: dict[str, list[tuple[str, str]]] = _steps()
"""Sentence to the (task, step) pairs that it may mean."""
BOOK_SENTENCES = sentences_of(
    (
        *(statement for harmful in HARMFUL for statement in harmful.statements),
        *(unknowable.statement for unknowable in UNKNOWABLES),
    )
)
"""What the books say beside facts and steps."""
