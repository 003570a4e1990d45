"""The zip that `export.py` writes, read back: the same project, or a sentence that says why not. Nothing is unpacked to disk."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from core.pipeline import limits, yaml_text
from core.pipeline.decoding import check_size, decode, load_json
from core.pipeline.export import SPEC_FILE, STATE_FILES
from core.pipeline.model import SCHEMA_VERSION, GoldQuestion, Label, Project, Prompt
from core.pipeline.problems import ProjectError, count, quoted, sentences
from core.pipeline.spec import DECISIONS, FORMAT
from core.pipeline.values import Value

MAX_SPEC_BYTES = 1024 * 1024
IGNORED = ("format", "counts", "files")


def is_zip(data: bytes) -> bool:
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def import_zip(data: bytes, name: str) -> Project:
    """The project in an exported or saved zip. Only four of its files are read. Raises ProjectError with plain sentences."""
    check_size(data, name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = _members(archive, name)
            spec = _spec(_read(archive, members[SPEC_FILE], name, MAX_SPEC_BYTES))
            left = limits.MAX_UNPACKED_BYTES
            entries: dict[str, list[Value]] = {}
            for file, kind in zip(STATE_FILES, (Prompt, Label, GoldQuestion), strict=True):
                raw = _read(archive, members[file], name, left) if file in members else b""
                left -= len(raw)
                entries[file.removesuffix(".jsonl")] = list(_lines(raw, file, kind))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise ProjectError([f"{name} is not a zip that can be read: {_reason(error)}."]) from error
    try:
        return Project.model_validate({**spec, **entries})
    except ValidationError as error:
        raise ProjectError([f"{name}: {sentence}" for sentence in sentences(error)]) from error


def _members(archive: zipfile.ZipFile, name: str) -> dict[str, zipfile.ZipInfo]:
    """The four files, also when somebody has packed them again inside a folder."""
    entries = archive.infolist()
    if len(entries) > limits.MAX_ZIP_MEMBERS:
        raise ProjectError([f"{name} holds {count(len(entries), 'file')}; the limit is {limits.MAX_ZIP_MEMBERS}."])
    specs = [entry.filename for entry in entries if entry.filename.rsplit("/", 1)[-1] == SPEC_FILE]
    specs = [path for path in specs if not path.startswith("__MACOSX/")]
    if len(specs) != 1:
        found = f"{len(specs)} files" if specs else "no file"
        raise ProjectError(
            [
                f"{name} holds {found} called {SPEC_FILE}, so it is not an export of this page."
                " A CSV or JSONL file inside a zip has to be unpacked first."
            ]
        )
    folder = specs[0].removesuffix(SPEC_FILE)
    members: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        file = entry.filename.removeprefix(folder)
        if file in (SPEC_FILE, *STATE_FILES):
            if file in members:
                raise ProjectError([f"{name} holds {file} twice."])
            members[file] = entry
    if STATE_FILES[0] not in members:
        raise ProjectError([f"{name} has no {STATE_FILES[0]}, so its prompts and responses are missing."])
    return members


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, limit: int) -> bytes:
    """At most `limit` bytes, whatever the zip says about its size."""
    with archive.open(entry) as member:
        data = member.read(limit + 1)
    if len(data) > limit:
        raise ProjectError(
            [f"{name}: {entry.filename} unpacks to more than {limit / 2**20:.0f} MB, which is the limit."]
        )
    return data


def _spec(raw: bytes) -> dict[str, Any]:
    text, _ = decode(raw, SPEC_FILE)
    data = yaml_text.read(text, SPEC_FILE)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ProjectError(
            [f"{SPEC_FILE} does not begin with “format: {FORMAT}”, so it is not an export of this page."]
        )
    version = data.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ProjectError(
            [
                f"This zip was written in version {quoted(version)} of the format; this page reads version {SCHEMA_VERSION}."
                " Open it with the page that wrote it, and export prompts and pairs as JSONL from there."
            ]
        )
    unknown = [key for key in data if key not in (*DECISIONS, *IGNORED)]
    if unknown:
        raise ProjectError([f"{SPEC_FILE}: {quoted(unknown[0])} is not a field of this format."])
    return {key: data[key] for key in DECISIONS if key in data}


def _lines(raw: bytes, file: str, kind: type[Value]) -> Iterator[Value]:
    text, _ = decode(raw, file)
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield kind.model_validate(load_json(line))
        except ValidationError as error:
            raise ProjectError([f"{file}, line {number}: {sentence}" for sentence in sentences(error)]) from error
        except ValueError as error:
            raise ProjectError([f"{file}, line {number}: {error}."]) from error


def _reason(error: Exception) -> str:
    if isinstance(error, RuntimeError) and "password" in str(error):
        return "it is locked with a password"
    if isinstance(error, NotImplementedError):
        return "it is packed in a way that is not known here"
    text = str(error) or "it ends too early"
    return text[0].lower() + text[1:].rstrip(".")
