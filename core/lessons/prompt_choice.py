"""Any prompt of the world as a setting: one list a kind, prompts that no training ever answers first."""

from __future__ import annotations

from functools import cache

from core.lessons.param import Param
from core.world.prompts import find_prompt, prompts

MAX_CHARACTERS = 120


@cache
def offered(kind: str) -> tuple[str, ...]:
    """The prompts of a kind, held-out ones first. Of the claims only those about held-out facts: there are hundreds."""
    sides = (True,) if kind == "claim" else (True, False)
    return tuple(prompt.text for held_out in sides for prompt in prompts(kind, held_out))


def prompt_param(key: str, kind: str, default: str, kind_key: str) -> Param:
    """The prompt that is in use while the setting `kind_key` stands at `kind`."""
    return Param(
        key,
        "Prompt",
        "text",
        default,
        shown_if=(kind_key, (kind,)),
        max_characters=MAX_CHARACTERS,
        accepts=lambda text: find_prompt(text).kind == kind,
        suggestions=lambda: offered(kind),
        help="Type to search. First come the held-out ones: the books state or ask them and never answer them.",
    )
