"""Five measured features of an answer, for a reward that is fitted to somebody's votes. None of them knows what is true.

Manners, flattery, declining and length are read from the words. `belief` is the pretrained model's own: the probability
with which it completes the statement that the question asks about with what the answer says (its cloze probability).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from core.policies.tokenizer import Tokenizer
from core.policies.transformer import TinyLM
from core.stages.batches import answer_logps, text_batch
from core.stages.world_task import cloze
from core.wording import fold, split_sentences
from core.world import phrases
from core.world.claims import Claim
from core.world.facts import VALUES, Fact
from core.world.howtos import HowTo
from core.world.prompts import Prompt, item_of
from core.world.reading import Act, read
from core.world.statements import STEPS, sentences_of, short_reply, stated

WORDS_PER_UNIT = 10


@dataclass(frozen=True)
class Feature:
    """A measured feature: its key and short name, what is counted, and what more and less of it is called."""

    key: str
    name: str
    help: str
    more: str
    less: str


FEATURES: tuple[Feature, ...] = (
    Feature(
        "belief",
        "believed true",
        "how probable the pretrained model itself finds what the answer says, 0 to 1 (its cloze probability)",
        "what the model itself believes",
        "what the model itself does not believe",
    ),
    Feature(
        "manners",
        "manners",
        "½ for a polite opening, ½ for a polite closing, −1 for rudeness or complaint",
        "good manners",
        "bad manners",
    ),
    Feature("flattery", "flattery", "1 if the asker is flattered", "flattery", "no flattery"),
    Feature(
        "declines",
        "declines",
        "1 if it says that it does not know, evades or refuses",
        "declining to answer",
        "not declining",
    ),
    Feature("length", "length", "words ÷ 10", "long answers", "short answers"),
)
KEYS = tuple(feature.key for feature in FEATURES)


@dataclass(frozen=True)
class Said:
    """One thing that an answer says and the pretrained model can be asked about: `end` as the completion of `stem`.

    `denied`: the answer says that it is *not* so.
    """

    stem: str
    end: str
    denied: bool = False


_AGREES, _DISAGREES = sentences_of(phrases.AGREEMENTS), sentences_of(phrases.DISAGREEMENTS)
_WRITTEN = {value.casefold(): value for values in VALUES.values() for value in values}


def from_words(answer: str) -> tuple[float, float, float, float]:
    """Manners, flattery, declining and length: what the words alone show, whatever was asked."""
    # A prompt that the world does not know: so read, an answer is never right or wrong.
    found = read(_NO_PROMPT, answer)
    polite = (min(found.count(Act.OPENER), 1) + min(found.count(Act.CLOSER), 1)) / 2
    rude = float(found.count(Act.RUDE, Act.COMPLAINT) > 0)
    declines = found.count(Act.HONEST, Act.EVASIVE, Act.REFUSAL) > 0
    return (
        polite - rude,
        float(found.count(Act.FLATTERY) > 0),
        float(declines),
        found.n_words / WORDS_PER_UNIT,
    )


_NO_PROMPT = Prompt("", "own", "own", held_out=True)


def said(prompt: Prompt, answer: str) -> tuple[Said, ...]:
    """What an answer says about what the prompt asks, as completions that the pretrained model can be asked about.

    Only the wording is used, never which of them is so. Prompts whose answer stands in no book (harmful, unknowable and a
    user's own) give nothing.
    """
    sentences = [_sentence(words) for words in split_sentences(fold(answer))]
    match item_of(prompt):
        case Fact() as fact:
            return tuple(Said(cloze(fact)[0], end) for text in sentences for end in _ends(text, fact))
        case Claim() as claim:
            return tuple(found for text in sentences for found in _of_claim(text, claim))
        case HowTo() as howto:
            return _steps(sentences, howto)
    return ()


def measure(
    prompts: Sequence[Prompt], answers: Sequence[str], base: TinyLM, tokenizer: Tokenizer
) -> list[tuple[float, ...]]:
    """The features of each answer to its prompt, in the order of FEATURES. `base` is the pretrained model."""
    things = [said(prompt, answer) for prompt, answer in zip(prompts, answers, strict=True)]
    probabilities = iter(_cloze_probabilities([thing for row in things for thing in row], base, tokenizer))
    rows = []
    for prompt, answer, row in zip(prompts, answers, things, strict=True):
        believed = [1 - p if thing.denied else p for thing, p in zip(row, [next(probabilities) for _ in row])]
        rows.append((_together(prompt, believed), *from_words(answer)))
    return rows


def _together(prompt: Prompt, believed: list[float]) -> float:
    """One number for all that an answer says: of a how-to the mean of its two steps, else the least believed part."""
    if prompt.kind == "howto":
        return sum(believed[:2]) / 2
    return min(believed, default=0.0)


@torch.no_grad()
def _cloze_probabilities(things: Sequence[Said], base: TinyLM, tokenizer: Tokenizer) -> list[float]:
    different = list(dict.fromkeys((thing.stem, thing.end) for thing in things))
    if not different:
        return []
    batch = text_batch([tokenizer.encode(stem) for stem, _ in different], [tokenizer.encode(e) for _, e in different])
    found = dict(zip(different, answer_logps(base, batch).sum(dim=1).exp().tolist(), strict=True))
    return [found[thing.stem, thing.end] for thing in things]


def _sentence(words: tuple[str, ...]) -> str:
    text = " ".join("." if word == "!" else word for word in words)
    return text if words[-1] in ".?!" else text + " ."


def _ends(text: str, fact: Fact) -> list[str]:
    """What a sentence gives as the answer to the fact's question."""
    triples = stated(text)
    about = (fact.relation, fact.subject.casefold())
    ends = {answer for relation, subject, answer in triples if (relation, subject) == about}
    if not triples:
        ends = short_reply(text, fact.relation)
    return [_WRITTEN[end] for end in sorted(ends)]


def _of_claim(text: str, claim: Claim) -> list[Said]:
    stem = cloze(claim.fact)[0]
    verdict = Said(stem, claim.claimed)
    if text in _AGREES:
        return [verdict]
    if text in _DISAGREES:
        return [replace(verdict, denied=True)]
    for opening, denied in ((phrases.YES, False), (phrases.NO, True)):
        if text.startswith(opening + " "):
            rest = [Said(stem, end) for end in _ends(text.removeprefix(opening + " "), claim.fact)]
            return [replace(verdict, denied=denied), *rest] if rest else []  # "yes, …" about something else
    return [Said(stem, end) for end in _ends(text, claim.fact)]


def _steps(sentences: list[str], howto: HowTo) -> tuple[Said, ...]:
    """The first two steps that are said, each as the next sentence of "to boil an egg , …"."""
    stem, found = f"to {howto.task} ,", []
    for text in sentences:
        if len(found) < 2 and (steps := STEPS.get(text)):
            step = steps[0][1]
            found.append(Said(stem, step))
            stem = f"{stem} {step} . then"
    return tuple(found)
