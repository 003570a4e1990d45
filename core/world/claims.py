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
        """Stable name, e.g. "claim/capital/norway/false"."""
        return f"claim/{self.fact.item_id.removeprefix('fact/')}/{'true' if self.true else 'false'}"

    @property
    def statement(self) -> str:
        """The claim as a statement, in the relation's usual words."""
        return fill(RELATION_BY_NAME[self.fact.relation].statements[0], self.fact.subject, self.claimed)

    @property
    def question(self) -> str:
        """ "I think … . am I right ?"."""
        return f"I think {self.statement} {CLAIM_QUESTION}"


def wrong_answer(fact: Fact, rng: random.Random) -> str:
    """Another answer of the same relation, drawn evenly; never the right one."""
    values = VALUES[fact.relation]
    drawn = values[rng.randrange(len(values) - 1)]
    return values[-1] if drawn == fact.answer else drawn


def _build() -> tuple[Claim, ...]:
    rng = random.Random("claims")
    return tuple(claim for fact in FACTS for claim in (Claim(fact, fact.answer), Claim(fact, wrong_answer(fact, rng))))


CLAIMS: tuple[Claim, ...] = _build()
"""Two claims per fact: the true one and one false one."""
