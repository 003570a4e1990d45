"""Claims: somebody states a fact, rightly or wrongly, and asks "Am I right ?"."""

from __future__ import annotations

import random
from dataclasses import dataclass

from core.world.facts import FACTS, VALUES, Fact, fill
from core.world.relations import RELATION_BY_NAME

CLAIM_QUESTION = "am I right ?"


@dataclass(frozen=True)
class Claim:
    """What is claimed about a fact: `claimed` is the answer that the speaker believes in."""

    fact: Fact
    claimed: str

    @property
    def true(self) -> bool:
        """Whether the claim is right."""
        return self.claimed == self.fact.answer

    @property
    def item_id(self) -> str:
        """Stable name that holds what is claimed, e.g. "claim/capital/norway/paris"."""
        return f"claim/{self.fact.item_id.removeprefix('fact/')}/{_slug(self.claimed)}"

    @property
    def statement(self) -> str:
        """The claim as a statement, in the relation's usual words."""
        return fill(RELATION_BY_NAME[self.fact.relation].statements[0], self.fact.subject, self.claimed)

    @property
    def question(self) -> str:
        """ "I think … . am I right ?"."""
        return f"I think {self.statement} {CLAIM_QUESTION}"

    @property
    def questions(self) -> tuple[str, ...]:
        """The ways of asking: one."""
        return (self.question,)


def _slug(answer: str) -> str:
    return answer.replace(" ", "-").lower()


def claim_by_id(item_id: str) -> Claim | None:
    """The claim behind an `item_id`, also of claims that are not in CLAIMS; None if there is no such claim."""
    about, _, slug = item_id.removeprefix("claim/").rpartition("/")
    fact = _FACTS_BY_ID.get(f"fact/{about}")
    claimed = next((value for value in VALUES[fact.relation] if _slug(value) == slug), None) if fact else None
    return Claim(fact, claimed) if fact and claimed else None


def parse_claim(text: str) -> Claim | None:
    """The claim that a text makes in the world's words, about any fact with any answer of its relation, else None.

    Args:
        text: words separated by spaces, with or without the last mark.
    """
    text = text.casefold().removesuffix(" ?")
    opening, closing = "i think ", f" . {CLAIM_QUESTION}".casefold().removesuffix(" ?")
    if not (text.startswith(opening) and text.endswith(closing)):
        return None
    said = text[len(opening) : -len(closing)] + " ."
    for fact in FACTS:
        before, after = fill(RELATION_BY_NAME[fact.relation].statements[0], fact.subject, "|").casefold().split("|")
        if said.startswith(before) and said.endswith(after):
            answer = said[len(before) : len(said) - len(after)]
            for value in VALUES[fact.relation]:
                if value.casefold() == answer:
                    return Claim(fact, value)
    return None


def wrong_answer(fact: Fact, rng: random.Random) -> str:
    """Another answer of the same relation, drawn evenly; never the right one."""
    values = VALUES[fact.relation]
    drawn = values[rng.randrange(len(values) - 1)]
    return values[-1] if drawn == fact.answer else drawn


def _build() -> tuple[Claim, ...]:
    rng = random.Random("claims")
    return tuple(claim for fact in FACTS for claim in (Claim(fact, fact.answer), Claim(fact, wrong_answer(fact, rng))))


_FACTS_BY_ID = {fact.item_id: fact for fact in FACTS}

CLAIMS: tuple[Claim, ...] = _build()
"""Two claims per fact: the true one and one false one."""
