"""A zip that is not ours, not whole, not of this version or not harmless is answered with a sentence."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.pipeline import export, limits
from core.pipeline.archives import import_zip, is_zip
from core.pipeline.model import Project
from core.pipeline.problems import ProjectError

SAVED = export.save(Project(title="t"))


def _changed(project, folder: str = "", **members: bytes | None) -> bytes:
    """The saved project with some members replaced, added or (None) left out. "__" in a name stands for a dot."""
    out = io.BytesIO()
    renamed = {name.replace("__", "."): data for name, data in members.items()}
    with (
        zipfile.ZipFile(io.BytesIO(export.save(project))) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in dict.fromkeys([*old.namelist(), *renamed]):
            data = renamed[name] if name in renamed else old.read(name)
            if data is not None:
                new.writestr(folder + name, data)
    return out.getvalue()


def _sentence(data: bytes) -> str:
    with pytest.raises(ProjectError) as caught:
        import_zip(data, "x.zip")
    return str(caught.value)


def _yaml(project, old: str, new: str) -> bytes:
    text = zipfile.ZipFile(io.BytesIO(export.save(project))).read("pipeline.yaml").decode()
    assert old in text
    return text.replace(old, new).encode()


def test_a_folder_packed_again_and_a_hand_edited_title_are_read(project):
    assert import_zip(_changed(project, folder="my work/"), "x.zip") == project
    edited = _changed(project, pipeline__yaml=_yaml(project, "title: Passwords", "title: 'New: title'"))
    assert import_zip(edited, "x.zip").title == "New: title"
    assert is_zip(edited)
    assert not is_zip(b"prompt,response\n")


def test_another_version_is_named(project):
    other = _changed(project, pipeline__yaml=_yaml(project, "schema_version: 1", "schema_version: 7"))
    assert _sentence(other).startswith("This zip was written in version “7” of the format; this page reads version 1.")


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"pipeline__yaml": None}, "x.zip holds no file called pipeline.yaml, so it is not an export of this page."),
        ({"prompts__jsonl": None}, "x.zip has no prompts.jsonl"),
        ({"pipeline__yaml": b"a: [1"}, "pipeline.yaml, line 1: "),
        ({"pipeline__yaml": b"- 1"}, "does not begin with “format: preference-data-pipeline”"),
        ({"pipeline__yaml": b"a: &x [1]\nb: [*x, *x]"}, "anchors and aliases are not allowed here"),
        (
            {"pipeline__yaml": b"!!python/object/apply:os.system [ls]"},
            "pipeline.yaml, line 1: could not determine a constructor",
        ),
        ({"pipeline__yaml": b"x" * (1024 * 1024 + 1)}, "unpacks to more than 1 MB"),
        ({"labels__jsonl": b'{"prompt_id": "p1"}\n'}, "labels.jsonl, line 1: Left is missing."),
        ({"labels__jsonl": b"\n{oops\n"}, "labels.jsonl, line 2: "),
        ({"prompts__jsonl": b""}, "x.zip: Label 1 is about prompt “p1”, which does not exist."),
        ({"a/pipeline__yaml": b"x"}, "x.zip holds 2 files called pipeline.yaml"),
        ({f"f{k}": b"" for k in range(limits.MAX_ZIP_MEMBERS)}, "the limit is 64"),
    ],
)
def test_what_is_wrong_is_said(project, members, sentence):
    assert sentence in _sentence(_changed(project, **members))


def test_a_bomb_is_stopped_at_the_limit(project, monkeypatch):
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 2**20)
    bomb = _changed(project, prompts__jsonl=b" " * (8 * 2**20))
    assert len(bomb) < 2**17
    assert "prompts.jsonl unpacks to more than 1 MB, which is the limit." in _sentence(bomb)


def test_broken_archives_are_no_crash(project):
    whole = export.save(project)
    assert "is not a zip that can be read" in _sentence(whole[: len(whole) // 2])
    assert "is not a zip that can be read" in _sentence(b"PK\x03\x04")
    assert "x.zip is empty" in _sentence(b"")


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_flipped_bytes_give_a_project_or_a_sentence(data):
    whole = bytearray(SAVED)
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        outcome = import_zip(bytes(whole), "x.zip").title
    except ProjectError as error:
        outcome = str(error)
    assert outcome
