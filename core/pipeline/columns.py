"""Which column of an uploaded file is what: by name where it is known, by a likely name as an offer, by the user's choice."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.pipeline.problems import ProjectError, quoted

Field = Literal[
    "prompt", "chosen", "rejected", "response", "responses", "completion_label", "id", "user", "source", "labeller",
    "openai_input", "openai_preferred", "openai_non_preferred",
]  # fmt: skip

# Names under which public data sets keep each field; the first is ours.
NAMES: dict[str, tuple[str, ...]] = {
    "prompt": ("prompt", "messages", "question", "instruction", "input", "query", "context", "user_message", "text"),
    "chosen": ("chosen", "preferred", "chosen_response", "better", "winner", "accepted"),
    "rejected": ("rejected", "rejected_response", "worse", "loser", "dispreferred", "non_preferred"),
    "response": ("response", "completion", "answer", "output", "reply", "candidate"),
    "responses": ("responses", "candidates", "completions", "answers", "outputs", "candidate_responses"),
    "completion_label": ("label", "desirable"),
    "id": ("id", "prompt_id", "question_id", "uid"),
    "user": ("user", "user_id", "group", "customer", "account", "author"),
    "source": ("source", "model", "policy", "generator"),
    "labeller": ("labeller", "annotator", "annotator_id", "rater", "worker"),
    "openai_preferred": ("preferred_output",),
    "openai_non_preferred": ("non_preferred_output",),
    "openai_input": ("input",),
}
_WIDE = re.compile(r"^(?:response|candidate|answer|completion|output|reply)[ _-]?(?:\d{1,2}|[a-p])$", re.IGNORECASE)
MAX_GUESSED = 60
SHAPES = (
    "prompt, chosen and rejected (pairs that somebody has judged already)",
    "chosen and rejected, each with the whole conversation",
    "prompt and response, one response a row",
    "prompt, response_a, response_b … (up to 16 side by side)",
    "prompt alone",
)


@dataclass(frozen=True)
class ColumnMapping:
    """Field -> column. `wide` are the columns that hold one response each."""

    fields: Mapping[str, str]
    wide: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether some prompt can be read with it."""
        has = self.fields.keys()
        return "prompt" in has or {"chosen", "rejected"} <= has or {"openai_input", "openai_preferred"} <= has


class MappingNeededError(ProjectError):
    """The columns are not understood. `found` are the columns, `offer` the best guess, to be confirmed or changed."""

    def __init__(self, found: Sequence[str], offer: ColumnMapping) -> None:
        self.found = tuple(found)
        self.offer = offer
        shown = ", ".join(quoted(column) for column in self.found[:12]) + (" …" if len(self.found) > 12 else "")
        sentences = [f"The columns are {shown}.", f"Needed is one of these: {'; '.join(SHAPES)}."]
        if offer.fields:
            guesses = ", ".join(f"{quoted(column)} as {field}" for field, column in offer.fields.items())
            sentences.append(f"Perhaps {guesses}?")
        super().__init__(sentences)


def known(columns: Sequence[str]) -> ColumnMapping | None:
    """The mapping by known names, or None where no prompt is found."""
    by_name = {column.strip().casefold(): column for column in reversed(columns)}
    if {"input", "preferred_output", "non_preferred_output"} <= by_name.keys():
        fields = {f"openai_{field}": by_name[name] for field, name in _OPENAI.items()}
        return ColumnMapping(fields | _optional(by_name))
    fields: dict[str, str] = {}
    for field in ("prompt", "chosen", "rejected", "response", "responses", "completion_label"):
        column = next((by_name[name] for name in NAMES[field] if name in by_name), None)
        if column is not None and column not in fields.values():
            fields[field] = column
    wide = tuple(column for column in columns if _WIDE.match(column.strip()))
    fields |= _optional(by_name)
    if ("chosen" in fields) != ("rejected" in fields):
        return None
    if "completion_label" in fields and "response" not in fields:
        del fields["completion_label"]
    found = ColumnMapping(fields, wide)
    return found if found.usable else None


def choose(columns: Sequence[str]) -> ColumnMapping:
    """The known mapping. Raises MappingNeededError with an offer where there is none."""
    found = known(columns)
    if found is None:
        raise MappingNeededError(columns, guess(columns))
    return found


def guess(columns: Sequence[str]) -> ColumnMapping:
    """Likely columns by similar spelling: an offer to confirm, never used by itself."""
    columns = columns[:MAX_GUESSED]
    fields: dict[str, str] = {}
    for field in ("prompt", "chosen", "rejected", "response", "id", "user"):
        free = {column.casefold(): column for column in columns if column not in fields.values()}
        match = _closest(NAMES[field], list(free))
        if match is not None:
            fields[field] = free[match]
    return ColumnMapping(fields, tuple(column for column in columns if _WIDE.match(column.strip())))


def confirm(columns: Sequence[str], fields: Mapping[str, str], wide: Sequence[str] = ()) -> ColumnMapping:
    """The user's own mapping, checked. Raises ProjectError."""
    for field, column in fields.items():
        if field not in NAMES:
            raise ProjectError([f"{quoted(field)} is no field; the fields are {', '.join(NAMES)}."])
        if column not in columns:
            raise ProjectError([f"The file has no column {quoted(column)}."])
    mapping = ColumnMapping(dict(fields), tuple(wide))
    if not mapping.usable:
        raise ProjectError(["Say which column holds the prompt, or which two hold chosen and rejected."])
    return mapping


_OPENAI = {"input": "input", "preferred": "preferred_output", "non_preferred": "non_preferred_output"}


def _optional(by_name: Mapping[str, str]) -> dict[str, str]:
    found = {
        field: [by_name[name] for name in NAMES[field] if name in by_name]
        for field in ("id", "user", "source", "labeller")
    }
    return {field: columns[0] for field, columns in found.items() if columns}


def _closest(names: Sequence[str], columns: Sequence[str]) -> str | None:
    """A column whose words contain one of the names, else the most similar spelling."""
    for name in names:
        for column in columns:
            if name in re.split(r"[^a-z0-9]+", column):
                return column
    scored = [(difflib.SequenceMatcher(None, name, column).ratio(), column) for name in names for column in columns]
    best = max(scored, default=(0.0, ""))
    return best[1] if best[0] >= 0.7 else None
