"""Validation errors as plain sentences: where something is wrong, what it is, and what would be right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

SHOWN_CHARACTERS = 40


class ProjectError(ValueError):
    """The data cannot be used. `str(error)` is one sentence or a few; `sentences` has them one by one."""

    def __init__(self, sentences: Iterable[str]) -> None:
        self.sentences = tuple(sentences)
        super().__init__(" ".join(self.sentences))


def count(number: int, singular: str, plural: str | None = None) -> str:
    """1 -> "1 label", 10000 -> "10,000 labels"."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def percent(share: float) -> str:
    """0.5 -> "50 %"."""
    return f"{100 * share:.0f} %"


def quoted(value: object) -> str:
    """A value as it may stand in a sentence: on one line, shortened, in quotation marks."""
    text = " ".join(str(value).split())
    return f"“{text[: SHOWN_CHARACTERS - 1]}…”" if len(text) > SHOWN_CHARACTERS else f"“{text}”"


def sentences(error: ValidationError, limit: int = 5) -> tuple[str, ...]:
    """At most `limit` sentences about what pydantic found, and one more that counts the rest."""
    found = [_sentence(entry) for entry in error.errors(include_url=False)]
    shown = list(dict.fromkeys(found))
    rest = len(shown) - limit
    return tuple(shown) if rest <= 0 else (*shown[:limit], f"{count(rest, 'more problem')} of this kind.")


def _sentence(entry: dict[str, Any]) -> str:
    place = _place(entry["loc"])
    where = f"{place[0].upper()}{place[1:]}" if place else "This"
    kind, context = entry["type"], entry.get("ctx", {})
    if kind == "value_error":
        text = str(context["error"])
        return f"{where}: {text}" if place else text[0].upper() + text[1:]
    if kind == "missing":
        return f"{where} is missing."
    if kind == "extra_forbidden":
        return f"{where} is not a field of this format."
    if kind == "literal_error":
        return f"{where} is {quoted(entry['input'])}; it must be {context['expected']}."
    if kind == "string_too_long":
        return f"{where} has {len(entry['input']):,} characters; the limit is {context['max_length']:,}."
    if kind in ("string_too_short", "too_short") and isinstance(entry["input"], str):
        return f"{where} is empty."
    if kind == "too_long":
        return f"{where}: there are more than {context['max_length']:,} of them, which is the limit."
    if kind == "too_short":
        return f"{where} needs at least {count(context['min_length'], 'entry', 'entries')}."
    if kind == "string_unicode":
        return f"{where} holds half of a character pair (a lone surrogate), which no file can store."
    message = entry["msg"][0].lower() + entry["msg"][1:]
    return f"{where} is {quoted(entry['input'])}; {message.replace('input should', 'it should', 1)}."


def _place(location: tuple[int | str, ...]) -> str:
    """("prompts", 2, "candidates", 0, "text") -> "prompt 3, candidate 1, text"."""
    words: list[str] = []
    for step in location:
        if isinstance(step, int) and words:
            words[-1] = f"{_singular(words[-1])} {step + 1}"
        elif isinstance(step, str):
            words.append(step.replace("_", " "))
    return ", ".join(words)


def _singular(word: str) -> str:
    return {"criteria": "criterion", "gold": "gold question"}.get(word, word.removesuffix("s"))
