"""One zip with everything: specification, data files, labels, dataset card, training configurations. Same project, same bytes."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO

from core.pipeline import card, provenance, spec_text, train_files
from core.pipeline.datasets import STEMS, Examples, examples
from core.pipeline.model import Project
from core.pipeline.spec import DataFile, schema_text, spec_of, to_yaml
from core.pipeline.spec_text import Section
from core.pipeline.split import Side, Split, split

STATE_FILES = ("prompts.jsonl", "labels.jsonl", "gold.jsonl")
SPEC_FILE = "pipeline.yaml"
SIDES: tuple[Side, ...] = ("train", "validation")
# Zip stores times; the first that it can store makes the bytes depend on the content alone.
EPOCH = (1980, 1, 1, 0, 0, 0)
Progress = Callable[[float], object]


def export(project: Project, extra: Sequence[Section] = (), progress: Progress | None = None) -> bytes:
    """The whole export as the bytes of a zip. `progress` is called with shares from 0 to 1 as files are written."""
    out = io.BytesIO()
    write(project, out, extra, progress)
    return out.getvalue()


def save(project: Project) -> bytes:
    """The work alone (four files), small and quick: what a person downloads to go on later."""
    out = io.BytesIO()
    sides, found = split(project), examples(project)
    with zipfile.ZipFile(out, "w") as archive:
        files = {name: _add(archive, name, lines) for name, lines in _state(project)}
        _add(archive, SPEC_FILE, [to_yaml(spec_of(project, sides, found, files))])
    return out.getvalue()


def write(project: Project, out: BinaryIO, extra: Sequence[Section] = (), progress: Progress | None = None) -> None:
    """Write the zip to a file, one row at a time."""
    sides, found = split(project), examples(project)
    tell = progress or (lambda share: None)
    jobs = [*_state(project), *_data(found, sides)]
    files: dict[str, DataFile] = {}
    with zipfile.ZipFile(out, "w") as archive:
        for number, (name, lines) in enumerate(jobs):
            tell(number / (len(jobs) + 1))
            made = _add(archive, name, lines)
            if made.rows or name in STATE_FILES:
                files[name] = made
        spec = spec_of(project, sides, found, files)
        _add(archive, "labels.csv", [provenance.table(project, sides)])
        _add(archive, SPEC_FILE, [to_yaml(spec)])
        _add(archive, "pipeline.schema.json", [schema_text()])
        _add(archive, "pipeline.md", [spec_text.text(project, spec, sides, found, extra)])
        _add(archive, "README.md", [card.text(project, spec, files)])
        trained = train_files.files(project, _with_side(files, "train"), _with_side(files, "validation"))
        for name, text in trained.items():
            _add(archive, name, [text])
    tell(1.0)


def json_line(value: object) -> str:
    """One line of JSON: any script readable, and no line break inside that a reader could take for the end."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085") + "\n"


def _state(project: Project) -> Iterator[tuple[str, Iterable[str]]]:
    entries = (project.prompts, project.labels, project.gold)
    for name, values in zip(STATE_FILES, entries, strict=True):
        yield name, (json_line(value.model_dump(mode="json")) for value in values)


def _data(found: Examples, sides: Split) -> Iterator[tuple[str, Iterable[str]]]:
    """Every data file that has rows: all of them, then those of each side."""

    def lines(stem: str, side: Side | None) -> Iterator[str]:
        return (json_line(row) for id, row in found.rows(stem) if side is None or sides.sides[id] == side)

    for stem in STEMS:
        present = {sides.sides[id] for id, _ in found.rows(stem)}
        if present:
            yield f"{stem}.jsonl", lines(stem, None)
        for side in SIDES:
            if side in present:
                yield f"data/{stem}/{side}.jsonl", lines(stem, side)


def _with_side(files: Iterable[str], side: Side) -> frozenset[str]:
    """The stems whose files have rows on this side."""
    return frozenset(stem for stem in STEMS if f"data/{stem}/{side}.jsonl" in set(files))


def _add(archive: zipfile.ZipFile, name: str, lines: Iterable[str]) -> DataFile:
    info = zipfile.ZipInfo(name, EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o644 << 16
    digest, number = hashlib.sha256(), 0
    with archive.open(info, "w", force_zip64=False) as member:
        for line in lines:
            data = line.encode()
            member.write(data)
            digest.update(data)
            number += 1
    return DataFile(rows=number, sha256=digest.hexdigest())
