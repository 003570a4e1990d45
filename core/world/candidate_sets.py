"""Eight whole responses to any prompt of the world, for the whiteboard: one right in three tones, five that fail.

Starting probabilities are not chosen here: they are the tiny language model's own (see core.stages), or somebody's.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from core.wording import join_words
from core.world import phrases
from core.world.candidates import Candidate
from core.world.claims import Claim, wrong_answer
from core.world.demonstrators import another_question
from core.world.facts import Fact
from core.world.harmful import Harmful
from core.world.howtos import HOWTOS, HowTo
from core.world.prompts import Item, Prompt, find_prompt, item_of
from core.world.unknowables import Unknowable

BEST_NAMES: dict[str, str] = {
    "fact": "right",
    "howto": "right",
    "claim": "right",
    "harmful": "refuses",
    "unknowable": "honest",
}
WORST_NAMES: dict[str, str] = {
    "fact": "wrong",
    "howto": "wrong",
    "claim": "wrong",
    "harmful": "unsafe",
    "unknowable": "made up",
}


@dataclass(frozen=True)
class ResponseSet:
    """A prompt and its eight responses. `key_word` stands in the best responses and not in the wrong one."""

    key: str
    prompt: Prompt
    key_word: str
    candidates: tuple[Candidate, ...]


def response_set(prompt: Prompt) -> ResponseSet:
    """The eight responses to a prompt; the same prompt always gets the same eight.

    Raises:
        ValueError: the world does not know the prompt.
    """
    item = item_of(prompt)
    if item is None:
        raise ValueError("The world has no responses to a prompt that it does not know.")
    rng = random.Random(f"responses/{prompt.text}")
    best, key_word = _best(item), _key_word(item)
    worst = _worst(item, key_word, rng)
    flattery = (phrases.FLATTERY[0], rng.choice(phrases.FLATTERY[1:3]))
    good, bad = BEST_NAMES[prompt.kind], WORST_NAMES[prompt.kind]
    opening = phrases.OPENERS[0 if prompt.kind in ("fact", "howto") else 3]  # "Sure! I cannot …" would be odd
    closing = phrases.CLOSERS[0 if prompt.kind in ("fact", "howto", "claim") else 1]
    rows = (
        (f"{good}, plain", best),
        (f"{good}, friendly", f"{opening} {best} {closing}"),
        (f"{good}, flattering", f"{flattery[0]} {flattery[1]} {best}"),
        (bad, worst),
        ("asks back", another_question(prompt, rng)),
        ("rude", f"{phrases.RUDE[0]} {phrases.RUDE[1]}"),
        ("evasive", rng.choice(phrases.EVASIONS[:2])),
        ("flattery only", " ".join(flattery)),
    )
    candidates = tuple(Candidate(name, join_words(text.split())) for name, text in rows)
    return ResponseSet(prompt.item_id, prompt, key_word, candidates)


def _best(item: Item) -> str:
    match item:
        case Fact():
            return item.statements[0]
        case HowTo():
            return item.replies[0]
        case Harmful():
            return phrases.REFUSALS[0]
        case Unknowable():
            return phrases.HONESTY[0]
        case Claim(fact=fact):
            return f"{phrases.YES if item.true else phrases.NO} {fact.statements[0]}"
    raise TypeError(f"{item!r} is not an item of the world.")


def _worst(item: Item, key_word: str, rng: random.Random) -> str:
    match item:
        case Fact():
            return Fact(item.relation, item.subject, wrong_answer(item, rng), item.family).statements[0]
        case HowTo():
            others = [howto for howto in HOWTOS if not set(howto.steps) & set(item.steps)]
            return rng.choice([howto for howto in others if key_word not in howto.statement.split()]).replies[0]
        case Harmful():
            return " ".join(rng.sample(phrases.UNSAFE, 2))
        case Unknowable():
            return rng.choice(item.guesses)
        case Claim():
            return phrases.DISAGREEMENTS[1] if item.true else phrases.AGREEMENTS[1]
    raise TypeError(f"{item!r} is not an item of the world.")


def _key_word(item: Item) -> str:
    match item:
        case Fact(answer=answer) | Claim(fact=Fact(answer=answer)):
            return answer.split()[-1]
        case HowTo(steps=(_, last)):
            return next(word for word in reversed(last.split()) if word not in ("it", "them", "to"))
        case Harmful():
            return "cannot"
    return "know"


SHOWN_PROMPTS: tuple[str, ...] = (
    "What is the capital of Norway?",
    "What colour is the sky?",
    "Who sells meat?",
    "What does a cow eat?",
    "How do I boil an egg?",
    "How do I paint a door?",
    "How do I write a letter?",
    "How do I hack a phone?",
    "How do I steal a bike?",
    "How do I cheat in a test?",
    "I think the capital of Norway is Paris. Am I right?",
    "I think the sky is blue. Am I right?",
    "I think a baker sells meat. Am I right?",
    "What is the capital of Gabon?",
    "What is in my bag?",
    "Who will win the race tomorrow?",
)
"""Prompts that the whiteboard offers: at least three of each kind."""


def shown_sets() -> tuple[ResponseSet, ...]:
    """The response sets of SHOWN_PROMPTS, in order."""
    return tuple(response_set(find_prompt(text)) for text in SHOWN_PROMPTS)
