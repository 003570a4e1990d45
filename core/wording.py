"""Plain text to words and back: the one place that knows how the tiny language model's English is written.

A leaf module that imports nothing of core, because the tokenizer (core.policies) and the rules that read answers
(core.world) both need it and may not import each other.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+|[^\w\s]|\w")
_NO_SPACE_BEFORE = frozenset(".,?!:;)%")
_SENTENCE_ENDS = frozenset(".?!")
_CAPITAL_AFTER = _SENTENCE_ENDS | {":"}


def split_words(text: str) -> list[str]:
    """Words, whole numbers and punctuation marks of a text, in order, letter case kept.

    "What is the capital of Norway?" and "What is the capital of Norway ?" give the same list.
    """
    return _TOKEN.findall(text)


def join_words(words: list[str] | tuple[str, ...]) -> str:
    """Readable English: punctuation attached to the word before it, sentences beginning with a capital letter."""
    text = ""
    capital = True
    for word in words:
        written = word[:1].upper() + word[1:] if capital else word
        text += written if not text or word in _NO_SPACE_BEFORE else " " + written
        capital = word in _CAPITAL_AFTER
    return text


def fold(text: str) -> tuple[str, ...]:
    """Words in lower case: the form in which sentences are compared."""
    return tuple(word.casefold() for word in split_words(text))


def split_sentences(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Cut a sequence of words after each ".", "?" or "!". The last piece may lack its mark."""
    sentences: list[tuple[str, ...]] = []
    start = 0
    for position, word in enumerate(words):
        if word in _SENTENCE_ENDS:
            sentences.append(words[start : position + 1])
            start = position + 1
    if start < len(words):
        sentences.append(words[start:])
    return sentences
