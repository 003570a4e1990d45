"""A CSV, JSONL or JSON file with prompts, responses or judged pairs, read into prompts and labels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from core.pipeline import columns as column_names
from core.pipeline import conversations, limits, rows
from core.pipeline.columns import ColumnMapping
from core.pipeline.conversations import Messages
from core.pipeline.decoding import Row, Table, load_json, table
from core.pipeline.edits import free_id
from core.pipeline.model import Candidate, Label, Pair, Project, Prompt
from core.pipeline.problems import ProjectError, count, quoted, sentences
from core.pipeline.rows import RowError

LETTERS = "abcdefghijklmnop"
IMPORTED = "imported"
SHOWN = 5


@dataclass(frozen=True)
class Imported:
    """What a file gave. `notes` say what was repaired or merged, `refused` which rows were left out and why."""

    prompts: tuple[Prompt, ...]
    labels: tuple[Label, ...]
    notes: tuple[str, ...]
    refused: tuple[str, ...]


@dataclass
class _Growing:
    """A prompt while rows are added to it. `answers` maps a response's text to its candidate."""

    id: str
    messages: Messages
    user: str
    line: int
    answers: dict[str, Candidate] = field(default_factory=dict)


def import_table(data: bytes, name: str, mapping: ColumnMapping | None = None) -> Imported:
    """Read an uploaded file. Raises MappingNeededError where the columns are not understood, else ProjectError."""
    return read_table(table(data, name), name, mapping)


def read_table(found: Table, name: str, mapping: ColumnMapping | None = None) -> Imported:
    """As `import_table`, from a table that is already decoded, so that the user's own mapping needs no second reading."""
    reader = _Reader(mapping or column_names.choose(found.columns))
    for row in found.rows:
        reader.take(row)
    if not reader.prompts:
        raise ProjectError([f"No row of {name} can be used.", *reader.refused[:SHOWN]])
    return reader.result(found.notes)


def add(project: Project, imported: Imported) -> Project:
    """The project with the imported prompts behind its own. Prompts with the same messages are joined. Raises ProjectError.

    A prompt whose id is taken by another prompt gets a free one.
    """
    prompts = {prompt.id: prompt for prompt in project.prompts}
    by_messages = {prompt.messages: prompt.id for prompt in project.prompts}
    names: dict[str, tuple[str, dict[str, str]]] = {}
    for prompt in imported.prompts:
        id = by_messages.get(prompt.messages)
        if id is None:
            id = free_id(prompts, "p") if prompt.id in prompts else prompt.id
            prompts[id] = Prompt(id=id, messages=prompt.messages, user=prompt.user)
            by_messages[prompt.messages] = id
        prompts[id], renamed = _joined(prompts[id], prompt.candidates)
        names[prompt.id] = (id, renamed)
    given = {(label.labeller, label.pair) for label in project.labels}
    labels = list(project.labels)
    for label in imported.labels:
        id, renamed = names[label.prompt_id]
        moved = label.model_copy(update={"prompt_id": id, "left": renamed[label.left], "right": renamed[label.right]})
        if (moved.labeller, moved.pair) not in given:
            given.add((moved.labeller, moved.pair))
            labels.append(moved)
    fields = {name: getattr(project, name) for name in Project.model_fields}
    try:
        return Project.model_validate({**fields, "prompts": tuple(prompts.values()), "labels": tuple(labels)})
    except ValidationError as error:
        raise ProjectError(sentences(error)) from error


def _joined(prompt: Prompt, candidates: Sequence[Candidate]) -> tuple[Prompt, dict[str, str]]:
    """The prompt with further candidates; a text that it has already is not added. Also: old id -> new id."""
    own = {candidate.text: candidate.id for candidate in prompt.candidates}
    merged, renamed = list(prompt.candidates), {}
    for candidate in candidates:
        if candidate.text not in own:
            taken = {one.id for one in merged}
            id = free_id(taken, "r") if candidate.id in taken else candidate.id
            own[candidate.text] = id
            merged.append(candidate.model_copy(update={"id": id}))
        renamed[candidate.id] = own[candidate.text]
    if len(merged) > limits.MAX_CANDIDATES:
        raise ProjectError([f"Prompt {quoted(prompt.id)} would have more than {limits.MAX_CANDIDATES} responses."])
    return prompt.model_copy(update={"candidates": tuple(merged)}), renamed


class _Reader:
    """Takes row after row; a row that cannot be used is refused with a sentence and leaves nothing behind."""

    def __init__(self, mapping: ColumnMapping) -> None:
        self.fields, self.wide = mapping.fields, mapping.wide
        self.prompts: dict[str, _Growing] = {}
        self.labels: dict[tuple[Pair, str], Label] = {}
        self.used: dict[str, str] = {}
        self.refused: list[str] = []
        self.repeated = 0

    def take(self, row: Row) -> None:
        try:
            prompt, answers, judged = self._read(row)
            grown = self._grow(row, prompt, answers)
            if judged:
                self._label(row, grown, *(answers[0], answers[1]))
        except RowError as error:
            self.refused.append(f"Line {row.line}: {error}")
        except ValidationError as error:
            self.refused.append(f"Line {row.line}: {sentences(error, 1)[0]}")

    def result(self, notes: Sequence[str]) -> Imported:
        told = list(notes)
        if self.repeated:
            times = count(self.repeated, "response")
            told.append(f"{times} stood in the file before, for the same prompt, and {_was(self.repeated)} read once.")
        if "completion_label" in self.fields:
            told.append("Marks of single responses are no comparisons: they were kept as the responses' source.")
        if self.labels:
            told.append(
                f"{count(len(self.labels), 'judgement')} came with the file. It does not say on which side a response stood,"
                " so the sides were drawn by a coin and checks of the position leave them out."
            )
        prompts = tuple(
            Prompt(id=one.id, messages=one.messages, candidates=tuple(one.answers.values()), user=one.user)
            for one in self.prompts.values()
        )
        return Imported(prompts, tuple(self.labels.values()), tuple(told), tuple(self.refused))

    def _read(self, row: Row) -> tuple[Messages, list[str], bool]:
        """(prompt, responses, whether the first was preferred to the second)."""
        if "openai_input" in self.fields:
            prompt = conversations.messages(self._cell(row, "openai_input"))
            chosen, rejected = (
                conversations.response(self._cell(row, key)) for key in ("openai_preferred", "openai_non_preferred")
            )
            return self._pair(prompt, chosen, rejected)
        if "chosen" in self.fields:
            return self._judged(row)
        prompt = conversations.messages(self._text_or_list(row, "prompt"))
        answers: list[str] = []
        if "response" in self.fields:
            answers.append(conversations.response(self._cell(row, "response")))
        if "responses" in self.fields:
            answers += _list_of_responses(self._cell(row, "responses"))
        answers += [text for column in self.wide if (text := conversations.response(row.cells.get(column))).strip()]
        return prompt, [_bare(text) for text in answers], False

    def _judged(self, row: Row) -> tuple[Messages, list[str], bool]:
        chosen, rejected = self._cell(row, "chosen"), self._cell(row, "rejected")
        conversation, other = conversations.whole(chosen), conversations.whole(rejected)
        if conversation is not None and other is not None:
            prompt, (first, second) = conversations.prompt_and_answers(conversation, other)
            return self._pair(prompt, first, second)
        if "prompt" not in self.fields:
            raise RowError("the prompt cannot be told from the response; add a column for the prompt.")
        prompt = conversations.messages(self._text_or_list(row, "prompt"))
        return self._pair(prompt, conversations.response(chosen), conversations.response(rejected))

    def _pair(self, prompt: Messages, chosen: str, rejected: str) -> tuple[Messages, list[str], bool]:
        rows.check_pair(chosen, rejected)
        return prompt, [_bare(chosen), _bare(rejected)], True

    def _grow(self, row: Row, messages: Messages, answers: Sequence[str]) -> _Growing:
        id, user, source = (self._optional(row, key) for key in ("id", "user", "source"))
        key = f"id {id}" if id else "words " + json.dumps([[one.role, one.content] for one in messages])
        grown = self.prompts.get(key) or _Growing(id or free_id(self.used, "p"), messages, user, row.line)
        if self.used.get(grown.id, key) != key:
            raise RowError(f"the id {quoted(id)} was given to an earlier prompt that has none; fill in the column.")
        if grown.messages != messages:
            raise RowError(f"the id {quoted(id)} stands for another prompt in line {grown.line}; ids must differ.")
        if "completion_label" in self.fields and not source:
            source = f"marked {str(self._cell(row, 'completion_label')).casefold()} in the file"
        # Checked before anything is kept, so that a refused row leaves no half of itself.
        taken = dict(grown.answers)
        for text in answers:
            if text in taken:
                continue
            if len(taken) == limits.MAX_CANDIDATES:
                raise RowError(f"the prompt has more than {limits.MAX_CANDIDATES} different responses.")
            if len(text) > limits.MAX_RESPONSE_CHARACTERS:
                most = f"{limits.MAX_RESPONSE_CHARACTERS:,}"
                raise RowError(f"a response has {len(text):,} characters; the limit is {most}.")
            taken[text] = Candidate(id=LETTERS[len(taken)], text=text, source=source)
        Prompt(id=grown.id, messages=messages, user=user)
        judged = "chosen" in self.fields or "openai_input" in self.fields
        self.repeated += 0 if judged else len(answers) - (len(taken) - len(grown.answers))
        grown.answers = taken
        self.prompts[key] = grown
        self.used[grown.id] = key
        return grown

    def _label(self, row: Row, grown: _Growing, chosen: str, rejected: str) -> None:
        winner, loser = grown.answers[chosen].id, grown.answers[rejected].id
        pair = Pair.of(grown.id, winner, loser)
        name = self._optional(row, "labeller") or IMPORTED
        labeller, number = name, 2
        while (pair, labeller) in self.labels:
            labeller, number = f"{name} {number}", number + 1
            if number > limits.MAX_LABELLERS:
                raise RowError(f"the same pair is judged more than {limits.MAX_LABELLERS} times.")
        heads = hashlib.blake2b("\0".join((labeller, *pair)).encode(), digest_size=1).digest()[0] < 128
        left, right = (winner, loser) if heads else (loser, winner)
        label = Label(
            prompt_id=grown.id, left=left, right=right, verdict="A" if heads else "B", labeller=labeller, imported=True
        )
        self.labels[pair, labeller] = label

    def _cell(self, row: Row, key: str) -> Any:
        return row.cells.get(self.fields[key])

    def _text_or_list(self, row: Row, key: str) -> Any:
        value = self._cell(row, key)
        return "" if value is None else value

    def _optional(self, row: Row, key: str) -> str:
        value = row.cells.get(self.fields[key]) if key in self.fields else None
        return "" if value is None or isinstance(value, (Mapping, list)) else " ".join(str(value).split())


def _list_of_responses(value: Any) -> list[str]:
    """A cell with several responses: a list of texts, or of objects with the text under a usual name."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = load_json(value)
        except ValueError as error:
            raise RowError(f"the list of responses cannot be read: {error}.") from error
    if not isinstance(value, list):
        raise RowError("the responses must be a list.")
    texts = []
    for entry in value:
        if isinstance(entry, Mapping) and "role" not in entry:
            entry = next((entry[key] for key in ("text", "response", "content", "completion") if key in entry), None)
        texts.append(conversations.response([entry] if isinstance(entry, Mapping) else entry))
    return texts


def _bare(text: str) -> str:
    """Without the one space that the standard format puts before a completion."""
    return text.removeprefix(" ")


def _was(number: int) -> str:
    return "was" if number == 1 else "were"
