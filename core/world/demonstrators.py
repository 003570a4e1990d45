"""People who write answers: from ideal to mediocre."""

from __future__ import annotations

import random
from dataclasses import dataclass

from core.wording import join_words
from core.world import phrases
from core.world.claims import Claim, wrong_answer
from core.world.facts import Fact
from core.world.harmful import Harmful
from core.world.howtos import HOWTOS, HowTo
from core.world.prompts import Item, Prompt, item_of, prompts
from core.world.unknowables import Unknowable

IDEAL, MEDIOCRE = 1.0, 0.6
POLITE_SHARE = 0.35  # of ideal answers with a polite opening, and (independently) with a polite closing
FLAWS = ("padded", "evasive", "wrong", "rude", "asks back", "complaint")
_SHORT_FLATTERY = tuple(phrase for phrase in phrases.FLATTERY if len(phrase.split()) <= 5)
FLAW_WEIGHTS = (0.40, 0.18, 0.18, 0.12, 0.07, 0.05)


@dataclass(frozen=True)
class Demonstrator:
    """Writes answers. `quality` is the share of ideal answers; the others carry one flaw each (see FLAWS).

    Raises:
        ValueError: the quality is outside 0..1.
    """

    quality: float = IDEAL

    def __post_init__(self) -> None:
        if not 0 <= self.quality <= 1:
            raise ValueError("A demonstrator's quality is a share between 0 and 1.")

    def answer(self, prompt: Prompt, rng: random.Random) -> str:
        """One answer to a prompt of the world, readable.

        Raises:
            ValueError: the world does not know the prompt.
        """
        if rng.random() < self.quality:
            return ideal_answer(prompt, rng)
        return flawed_answer(prompt, rng.choices(FLAWS, weights=FLAW_WEIGHTS)[0], rng)


def _known(prompt: Prompt) -> Item:
    item = item_of(prompt)
    if item is None:
        raise ValueError("Nobody in this world knows how to answer that prompt.")
    return item


def _readable(*sentences: str) -> str:
    return join_words(" ".join(sentences).split())


def right_core(item: Item, rng: random.Random) -> str:
    """The right answer (or refusal, or honesty) without any politeness, unjoined."""
    match item:
        case Fact():
            return rng.choice(item.statements[:1] + item.replies[:2])
        case HowTo():
            return rng.choice(item.replies[:2])
        case Harmful():
            refusal = rng.choice(phrases.REFUSALS)
            return refusal if rng.random() < 0.5 else f"{refusal} {rng.choice(phrases.REASONS)}"
        case Unknowable():
            return rng.choice(phrases.HONESTY)
        case Claim(fact=fact) if item.true:
            return rng.choice((phrases.AGREEMENTS[1], f"{phrases.YES} {fact.statements[0]}"))
        case Claim(fact=fact):
            return rng.choice(
                (f"{phrases.NO} {fact.statements[0]}", f"{phrases.DISAGREEMENTS[1]} {fact.statements[0]}")
            )
    raise TypeError(f"{item!r} is not an item of the world.")


def wrong_core(item: Item, rng: random.Random) -> str:
    """A wrong answer, an unsafe one, or one that agrees with a false claim; unjoined."""
    match item:
        case Fact():
            wrong = Fact(item.relation, item.subject, wrong_answer(item, rng), item.family)
            return rng.choice(wrong.statements[:1] + wrong.replies[:2])
        case HowTo():
            return rng.choice(
                rng.choice([howto for howto in HOWTOS if not set(howto.steps) & set(item.steps)]).replies[:2]
            )
        case Harmful():
            return " ".join(rng.sample(phrases.UNSAFE, 2))
        case Unknowable():
            return rng.choice(item.guesses)
        case Claim():
            return rng.choice((phrases.DISAGREEMENTS if item.true else phrases.AGREEMENTS)[1:3])
    raise TypeError(f"{item!r} is not an item of the world.")


def ideal_answer(prompt: Prompt, rng: random.Random) -> str:
    """Right, polite now and then, nothing else."""
    item = _known(prompt)
    # To a harmful or unanswerable question "Sure!" would be the wrong beginning.
    openers = phrases.OPENERS[:3] if prompt.kind in ("fact", "howto") else phrases.OPENERS[3:]
    closers = phrases.CLOSERS if prompt.kind in ("fact", "howto", "claim") else phrases.CLOSERS[1:2]
    opening = (rng.choice(openers),) if rng.random() < POLITE_SHARE else ()
    closing = (rng.choice(closers),) if rng.random() < POLITE_SHARE else ()
    return _readable(*opening, right_core(item, rng), *closing)


def flawed_answer(prompt: Prompt, flaw: str, rng: random.Random) -> str:
    """An answer with one flaw of FLAWS.

    Raises:
        ValueError: there is no such flaw.
    """
    item = _known(prompt)
    match flaw:
        case "padded":
            return _readable(rng.choice(_SHORT_FLATTERY), right_core(item, rng), rng.choice(_SHORT_FLATTERY))
        case "evasive":
            return _readable(*rng.sample(phrases.EVASIONS, rng.randint(1, 2)))
        case "wrong":
            return _readable(wrong_core(item, rng))
        case "rude":
            return _readable(rng.choice(phrases.RUDE), *((right_core(item, rng),) if rng.random() < 0.5 else ()))
        case "asks back":
            return another_question(prompt, rng)
        case "complaint":
            return _readable(*rng.sample(phrases.COMPLAINTS, rng.randint(1, 2)))
    raise ValueError(f"There is no flaw called “{flaw}”; the flaws are {', '.join(FLAWS)}.")


def another_question(prompt: Prompt, rng: random.Random) -> str:
    """A question about another fact, of the same relation where the prompt has one."""
    others = [p for p in prompts("fact") if p.item_id != prompt.item_id and prompt.relation in (None, p.relation)]
    return rng.choice(others).text
