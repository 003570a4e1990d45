"""Prompts: what a user of the tiny language model may ask, with what the world knows about the right answer."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from core.wording import fold, join_words
from core.world.claims import CLAIMS, Claim, claim_by_id, parse_claim
from core.world.facts import FACTS, Fact
from core.world.harmful import HARMFUL, Harmful
from core.world.howtos import HOWTOS, HowTo
from core.world.split import is_held_out
from core.world.unknowables import UNKNOWABLES, Unknowable

Item = Fact | HowTo | Harmful | Claim | Unknowable

KINDS = ("fact", "howto", "harmful", "claim", "unknowable")
KIND_NAMES: dict[str, str] = {
    "fact": "fact",
    "howto": "how-to",
    "harmful": "harmful request",
    "claim": "“I think … Am I right?”",
    "unknowable": "unknowable",
    "own": "own text",
}
DEFAULT_MIX: dict[str, float] = {"fact": 0.5, "howto": 0.14, "harmful": 0.12, "claim": 0.12, "unknowable": 0.12}


@dataclass(frozen=True)
class Prompt:
    """One prompt.

    `text` reads well and can be tokenised; `kind` is one of KINDS, or "own" for a text that the world does not know;
    `relation` is set for facts and claims; `answer` is the right answer in the world's words where there is one (for a
    claim: the right answer of its fact).
    """

    text: str
    kind: str
    item_id: str
    held_out: bool
    relation: str | None = None
    answer: str | None = None


def _prompt(item: Item, kind: str, question: str) -> Prompt:
    relation = answer = None
    if isinstance(item, Fact | Claim):
        fact = item.fact if isinstance(item, Claim) else item
        relation, answer = fact.relation, fact.answer
    elif isinstance(item, HowTo):
        answer = item.replies[0]
    text = join_words(question.split())
    return Prompt(text, kind, item.item_id, is_held_out(item.item_id), relation, answer)


def _items() -> Iterator[tuple[str, Item]]:
    for kind, items in zip(KINDS, (FACTS, HOWTOS, HARMFUL, CLAIMS, UNKNOWABLES), strict=True):
        for item in items:
            yield kind, item


@cache
def _all_prompts() -> tuple[tuple[Prompt, ...], ...]:
    """Per item: its prompts, usual wording first."""
    return tuple(tuple(_prompt(item, kind, wording) for wording in item.questions) for kind, item in _items())


@cache
def _by_words() -> dict[tuple[str, ...], Prompt]:
    return {_key(prompt.text): prompt for wordings in _all_prompts() for prompt in wordings}


def _key(text: str) -> tuple[str, ...]:
    words = fold(text)
    return words[:-1] if words and words[-1] in ".?!" else words


@cache
def _items_by_id() -> dict[str, Item]:
    return {item.item_id: item for _, item in _items()}


def item_of(prompt: Prompt) -> Item | None:
    """The item behind a prompt; None for a user's own text."""
    return claim_by_id(prompt.item_id) if prompt.kind == "claim" else _items_by_id().get(prompt.item_id)


@cache
def prompts(kind: str | None = None, held_out: bool | None = None, all_wordings: bool = False) -> tuple[Prompt, ...]:
    """Prompts of a kind (None: all kinds) on one side of the split (None: both), in a fixed order.

    One prompt per item in its usual wording, or every wording.

    Raises:
        ValueError: unknown kind.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"There is no kind of prompt called “{kind}”; the kinds are {', '.join(KINDS)}.")
    return tuple(
        prompt
        for wordings in _all_prompts()
        for prompt in (wordings if all_wordings else wordings[:1])
        if kind in (None, prompt.kind) and held_out in (None, prompt.held_out)
    )


def find_prompt(text: str) -> Prompt:
    """The world's prompt with these words (case, spacing and the last mark do not matter), else one of kind "own"."""
    key = _key(text)
    claim = None if key in _by_words() else parse_claim(" ".join(key))
    if claim is not None:
        return _prompt(claim, "claim", claim.question)
    return _by_words().get(key) or Prompt(text.strip(), "own", "own", held_out=True)


def draw_prompts(
    n: int,
    rng: random.Random,
    held_out: bool | None = False,
    mix: Mapping[str, float] | None = None,
    all_wordings: bool = True,
) -> list[Prompt]:
    """`n` prompts with kinds drawn from `mix` (shares, need not sum to 1) and items drawn evenly, with replacement.

    Raises:
        ValueError: no kind has a positive share.
    """
    mix = DEFAULT_MIX if mix is None else mix
    kinds = [kind for kind, share in mix.items() if share > 0]
    if not kinds:
        raise ValueError("At least one kind of prompt needs a positive share.")
    pools = {kind: prompts(kind, held_out, all_wordings) for kind in kinds}
    drawn = rng.choices(kinds, weights=[mix[kind] for kind in kinds], k=n)
    return [rng.choice(pools[kind]) for kind in drawn]
