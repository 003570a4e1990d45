"""Saves of the work: what is written comes back, old ones go, and a broken disk is answered without an exception."""

from __future__ import annotations

import pytest

from core.pipeline.edits import change
from core.pipeline.model import Project
from core.pipeline.problems import ProjectError
from core.ui.pipeline import saving
from core.ui.pipeline.saving import Saves

PROJECT = Project(title="A “title” <b>with</b> marks")


def test_a_save_comes_back_and_the_newest_stands_first(tmp_path):
    saves = Saves(tmp_path / "deep" / "work.sqlite3")
    assert saves.latest() == ()
    keys = [saving.new_key() for _ in range(2)]
    for number, key in enumerate(keys):
        assert saves.write(key, change(PROJECT, title=f"number {number}")) is not None
    assert saves.write(keys[0], PROJECT) is not None
    assert [save.key for save in saves.latest()] == [keys[0], keys[1]]
    assert saves.load(keys[0]) == PROJECT
    with pytest.raises(ProjectError):
        saves.load("nobody's")


def test_old_saves_go(tmp_path):
    saves = Saves(tmp_path / "work.sqlite3")
    for number in range(saving.MOST_SAVES + 3):
        saves.write(str(number), PROJECT)
    found = [save.key for save in saves.latest(100)]
    assert len(found) == saving.MOST_SAVES
    assert "0" not in found


def test_a_file_that_is_no_database_loses_no_work(tmp_path):
    file = tmp_path / "work.sqlite3"
    file.write_bytes(b"no database, and long enough to be taken for one" * 50)
    saves = Saves(file)
    assert saves.write("key", PROJECT) is None
    assert saves.latest() == ()
    with pytest.raises(ProjectError):
        saves.load("key")


@pytest.mark.parametrize(
    ("url", "address", "local"),
    [
        ("http://localhost:8501/x", None, True),
        ("http://127.0.0.1:8501", "127.0.0.1", True),
        ("http://localhost:8501", "192.0.2.7", False),
        ("https://someone.example/app", None, False),
        ("https://localhost.someone.example/", None, False),
        (None, None, False),
    ],
)
def test_only_a_browser_on_the_same_machine_is_local(url, address, local):
    assert saving.is_local(url, address) is local


def test_keys_and_database_addresses():
    assert saving.is_key(saving.new_key())
    assert not any(map(saving.is_key, ("", "short", "x" * 21 + "/", "é" * 22)))
    assert str(saving.file_of("sqlite:////srv/work.sqlite3")) == "/srv/work.sqlite3"
    for wrong in ("postgres://host/x", "sqlite:///", ""):
        with pytest.raises(ValueError, match="must begin"):
            saving.file_of(wrong)
