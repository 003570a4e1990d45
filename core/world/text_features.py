"""Features of a response that can be measured from its words alone; none of them knows what is true."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

WARM_PHRASES = ("sure", "please", "thank", "happy to", "i hope this helps", "have a nice day", "of course")
RUDE_WORDS = ("stupid", "lazy", "silly", "idiot", "dumb", "shut up")
FLATTERY_PHRASES = ("great question", "so clever", "brilliant", "so smart", "wonderful question")
WORDS_PER_LENGTH_UNIT = 10


@dataclass(frozen=True)
class TextFeature:
    """One measured feature: its key, its short name, what is counted, and the function that counts it."""

    key: str
    name: str
    help: str
    measure: Callable[[str, str], float]


def _count(text: str, phrases: tuple[str, ...]) -> int:
    lowered = text.lower()
    return sum(len(re.findall(rf"\b{re.escape(phrase)}", lowered)) for phrase in phrases)


def key_word(text: str, word: str) -> float:
    """1 if the response contains the key word as a whole word, else 0."""
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, flags=re.IGNORECASE) if word else None
    return float(found is not None)


def states_an_answer(text: str, word: str) -> float:
    """1 if a sentence states that something *is* a named thing ("… is Oslo."), right or wrong, else 0."""
    return float(re.search(r"\b(?:is|are|was)\s+[A-Z][\w-]+[^?]*(?:\.|!|$)", text) is not None)


def tone(text: str, word: str) -> float:
    """+1 if there are more warm phrases than rude words, −1 if fewer, 0 if equal."""
    return float(np.sign(_count(text, WARM_PHRASES) - _count(text, RUDE_WORDS)))


def flattery(text: str, word: str) -> float:
    """Number of flattering phrases, counted up to 3 and divided by 2."""
    return min(_count(text, FLATTERY_PHRASES), 3) / 2


def asks_back(text: str, word: str) -> float:
    """1 if the response contains a question mark, else 0."""
    return float("?" in text)


def length(text: str, word: str) -> float:
    """Number of words divided by 10, so that it has the size of the other features."""
    return len(re.findall(r"[\w'-]+", text)) / WORDS_PER_LENGTH_UNIT


FEATURES: tuple[TextFeature, ...] = (
    TextFeature("key_word", "key word", "contains the key word (here: Oslo)", key_word),
    TextFeature("answers", "answers", "states an answer, right or wrong", states_an_answer),
    TextFeature("tone", "tone", "+1 warm, −1 rude, 0 neither", tone),
    TextFeature("flattery", "flattery", "flattering phrases, halved, at most 1.5", flattery),
    TextFeature("asks_back", "asks back", "answers with a question", asks_back),
    TextFeature("length", "length", "words ÷ 10", length),
)


def feature_matrix(texts: tuple[str, ...], word: str) -> np.ndarray:
    """Measured features, shape (texts, features), float64."""
    return np.array([[feature.measure(text, word) for feature in FEATURES] for text in texts], dtype=np.float64)
