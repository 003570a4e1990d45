"""Uploaded bytes to a table of rows: encodings, CSV, JSON lines. What was repaired is noted; what is broken is named by its line."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import Any

from core.pipeline import limits
from core.pipeline.problems import ProjectError, count, quoted

BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
DELIMITERS = (",", ";", "\t", "|")
MAX_ROWS = 50_000
SHOWN_LINES = 5


@dataclass(frozen=True)
class Row:
    """One record of a file. `line` is where it begins, counted from 1."""

    line: int
    cells: dict[str, Any]


@dataclass(frozen=True)
class Table:
    """What a file holds. `notes` are sentences about what was repaired on the way."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def check_size(data: bytes, name: str) -> None:
    """Raises ProjectError for an empty file and for one above the limit."""
    if not data:
        raise ProjectError([f"{name} is empty."])
    if len(data) > limits.MAX_UPLOAD_BYTES:
        size, most = len(data) / 2**20, limits.MAX_UPLOAD_BYTES / 2**20
        raise ProjectError(
            [f"{name} has {size:.1f} MB; the limit is {most:.0f} MB. Upload it in parts, or save the work alone."]
        )


def decode(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """Text and notes. UTF-8 with or without mark, UTF-16 with mark, and Windows-1252 for the lines that are not UTF-8."""
    for mark, encoding in BOMS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding), ()
            except UnicodeDecodeError as error:
                if encoding != "utf-8":
                    sentence = f"{name} begins like a UTF-16 file, but is none from byte {error.start:,} on."
                    raise ProjectError([sentence]) from error
                data = data[len(mark) :]
    try:
        text, notes = data.decode("utf-8"), ()
    except UnicodeDecodeError:
        text, notes = _line_by_line(data, name)
    if "\0" in text:
        raise ProjectError(
            [f"{name} holds zero bytes, so it is not a text file. CSV, JSONL and this app's zip can be read."]
        )
    return text, notes


def _line_by_line(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """Files glued together from several sources have lines in different encodings: each is read by its own."""
    parts: list[str] = []
    other: list[int] = []
    for number, line in enumerate(data.split(b"\n"), 1):
        try:
            parts.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            try:
                parts.append(line.decode("cp1252"))
            except UnicodeDecodeError as error:
                raise ProjectError([f"{name}, line {number}: this is neither UTF-8 nor Windows-1252 text."]) from error
            other.append(number)
    shown = ", ".join(str(number) for number in other[:SHOWN_LINES]) + (" …" if len(other) > SHOWN_LINES else "")
    verb = "was" if len(other) == 1 else "were"
    note = f"{count(len(other), 'line')} ({shown}) {verb} not UTF-8 and {verb} read as Windows-1252; look at accents and quotes."
    return "\n".join(parts), (note,)


def table(data: bytes, name: str) -> Table:
    """Rows of a CSV, JSONL or JSON file. Raises ProjectError with the line and what is wrong there."""
    check_size(data, name)
    text, notes = decode(data, name)
    if not text.strip():
        raise ProjectError([f"{name} holds no text."])
    suffix = name.rsplit(".", 1)[-1].casefold() if "." in name else ""
    looks_json = text.lstrip()[0] in "[{"
    if suffix in ("jsonl", "ndjson", "json") or (suffix not in ("csv", "tsv") and looks_json):
        rows = _json_array(text, name) if text.lstrip().startswith("[") else _json_lines(text, name)
    else:
        rows = _csv(text, name)
    if not rows:
        raise ProjectError([f"{name} has a heading but no rows."])
    columns = dict.fromkeys(key for row in rows for key in row.cells)
    return Table(tuple(columns), tuple(rows), notes)


# What Python's reader says, in words for somebody who has never written a parser.
JSON_PROBLEMS = {
    "Expecting value": "a value is missing, or a text is not in quotation marks",
    "Expecting property name enclosed in double quotes": "a name in double quotation marks is missing",
    "Expecting ':' delimiter": "a colon is missing",
    "Expecting ',' delimiter": "a comma or a closing bracket is missing",
    "Unterminated string starting at": "a text has no closing quotation mark",
    "Invalid control character at": "a line break or tab inside a text must be written as \\n or \\t",
    "Extra data": "something follows after the end",
}


def load_json(text: str) -> Any:
    """JSON as the standard has it: no NaN, no Infinity. Raises ValueError with what is wrong, also for endless nesting."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not a JSON number")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        said = JSON_PROBLEMS.get(error.msg, error.msg)
        raise ValueError(f"this is no valid JSON: {said}, at character {error.colno}") from error
    except RecursionError as error:
        raise ValueError("the nesting is too deep") from error


def _json_lines(text: str, name: str) -> list[Row]:
    rows: list[Row] = []
    wrong: list[str] = []
    # Only "\n" parts lines: JSON may hold U+2028 and its kin inside a text, at which splitlines() would cut.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = load_json(line)
        except ValueError as error:
            if number == 1 and line.strip() == "{":
                return _one_object(text, name)
            wrong.append(f"{name}, line {number}: {error}.")
            continue
        if isinstance(value, dict):
            rows.append(Row(number, value))
        else:
            wrong.append(f"{name}, line {number}: this is {_kind(value)}; every line must be an object in braces.")
        _check_rows(len(rows), name)
    if wrong:
        rest = len(wrong) - SHOWN_LINES
        raise ProjectError(
            [*wrong[:SHOWN_LINES], *([f"{count(rest, 'more line')} cannot be read either."] if rest > 0 else [])]
        )
    return rows


def _one_object(text: str, name: str) -> list[Row]:
    """A JSON object written over several lines: one row."""
    try:
        value = load_json(text)
    except ValueError as error:
        raise ProjectError([f"{name}: {error}. In a JSONL file every line is one object of its own."]) from error
    return [Row(1, value)]


def _json_array(text: str, name: str) -> list[Row]:
    try:
        values = load_json(text)
    except ValueError as error:
        raise ProjectError([f"{name}: {error}."]) from error
    _check_rows(len(values), name)
    for number, value in enumerate(values, 1):
        if not isinstance(value, dict):
            raise ProjectError(
                [f"{name}, entry {number}: this is {_kind(value)}; every entry must be an object in braces."]
            )
    return [Row(number, value) for number, value in enumerate(values, 1)]


def _csv(text: str, name: str) -> list[Row]:
    head = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    columns: list[str] = []
    begin = 1
    try:
        for cells in reader:
            line, begin = begin, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = _heading(cells, name)
                continue
            if len(cells) > len(columns):
                raise ProjectError(
                    [
                        f"{name}, line {line}: {count(len(cells), 'cell')}, but the heading has {len(columns)}."
                        " A text with the separator in it must stand in quotation marks."
                    ]
                )
            rows.append(Row(line, dict(zip(columns, cells, strict=False))))
            _check_rows(len(rows), name)
    except csv.Error as error:
        raise ProjectError([f"{name}, line {begin}: {error}."]) from error
    return rows


def _heading(cells: list[str], name: str) -> list[str]:
    columns = [cell.strip() for cell in cells]
    while columns and not columns[-1]:
        columns.pop()
    twice = next((column for column in columns if columns.count(column) > 1), None)
    if twice is not None:
        raise ProjectError(
            [f"{name}: two columns are called {quoted(twice)}." if twice else f"{name}: a column has no name."]
        )
    return columns


def _check_rows(number: int, name: str) -> None:
    if number > MAX_ROWS:
        raise ProjectError([f"{name} has more than {MAX_ROWS:,} rows, which is the limit. Upload it in parts."])


def _kind(value: Any) -> str:
    kinds = {
        str: "a text",
        list: "a list",
        bool: "true or false",
        int: "a number",
        float: "a number",
        type(None): "null",
    }
    return kinds[type(value)]
