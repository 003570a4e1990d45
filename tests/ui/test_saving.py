"""Saves of the work: what is written comes back, old ones go, and a broken disk or database is answered with a sentence."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest

from core.pipeline.edits import change
from core.pipeline.model import Project
from core.pipeline.problems import ProjectError
from core.ui.pipeline import saving
from core.ui.pipeline.database import DatabaseError
from core.ui.pipeline.saving import FailedError, Saves, TakenError

PROJECT = Project(title="A “title” <b>with</b> marks")


@pytest.fixture(params=["file", "address"])
def place(request, tmp_path):
    """A file of one's own with signs that an address would read otherwise, and the same kind of database by its address."""
    return (
        tmp_path / "de ep%20?" / "work.sqlite3" if request.param == "file" else f"sqlite:///{tmp_path}/a/work.sqlite3"
    )


def test_a_save_comes_back_and_the_newest_stands_first(place):
    saves = Saves(place)
    keys = [saving.new_key() for _ in range(2)]
    seen = [saves.write(key, change(PROJECT, title=f"number {n}"))[0] for n, key in enumerate(keys)]
    saves.write(keys[0], PROJECT, seen[0])
    assert [save.key for save in saves.latest()] == [keys[0], keys[1]]
    assert saves.load(keys[0])[0] == PROJECT
    with pytest.raises(ProjectError, match="no longer there"):
        saves.load("nobody's")


def test_a_file_of_ones_own_is_readable_by_nobody_else(tmp_path):
    file = tmp_path / "deep" / "work.sqlite3"
    assert Saves(file).latest() == ()
    assert not file.exists(), "looking for saves has made a file"
    Saves(file).write("key", PROJECT)
    assert file.stat().st_mode & 0o077 == 0


def test_a_save_of_before_is_still_read(tmp_path):
    """The table as the versions without SQLAlchemy made it."""
    file = tmp_path / "work.sqlite3"
    with sqlite3.connect(file) as old:
        old.execute(
            "CREATE TABLE saves (key TEXT PRIMARY KEY, title TEXT, prompts INT, labels INT, at REAL, data BLOB)"
        )
        data = saving.zlib.compress(PROJECT.model_dump_json().encode(), 1)
        old.execute("INSERT INTO saves VALUES ('key', 't', 0, 0, 1.5, ?)", (data,))
    saves = Saves(file)
    assert saves.load("key") == (PROJECT, 1.5)
    assert saves.write("key", PROJECT, 1.5)


def test_another_tab_cannot_overwrite_what_was_not_seen(place):
    saves = Saves(place)
    first, _ = saves.write("key", PROJECT)
    second, _ = saves.write("key", change(PROJECT, title="tab one"), first)
    for seen in (first, None):
        with pytest.raises(TakenError):
            saves.write("key", change(PROJECT, title="tab two"), seen)
    assert saves.load("key") == (change(PROJECT, title="tab one"), second)


def test_old_saves_go_and_those_of_many_visitors_stay(tmp_path):
    for place, kept in ((tmp_path / "own.sqlite3", saving.MOST_SAVES), (f"sqlite:///{tmp_path}/shared.sqlite3", None)):
        saves = Saves(place)
        for number in range(saving.MOST_SAVES + 3):
            saves.write(str(number), PROJECT)
        found = [save.key for save in saves.latest(100)]
        assert len(found) == (kept or saving.MOST_SAVES + 3)
        assert ("0" in found) is (kept is None)


def test_a_file_that_is_no_database_loses_no_work(tmp_path):
    file = tmp_path / "work.sqlite3"
    file.write_bytes(b"no database, and long enough to be taken for one" * 50)
    saves = Saves(file)
    with pytest.raises(FailedError, match="The disk of this computer did not take the work"):
        saves.write("key", PROJECT)
    assert saves.latest() == ()
    with pytest.raises(ProjectError, match="cannot be read"):
        saves.load("key")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nonsense", "cannot be read; it must look like"),
        ("postgresql://me:hush@host:port/x", "cannot be read; it must look like"),
        ("foo://me:hush@host/x", "a kind of database that is not known"),
        ("sqlite:///", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_a_wrong_database_address_is_answered_with_a_sentence_that_keeps_the_password(address, words):
    with pytest.raises(DatabaseError, match=words) as problem:
        Saves(address)
    assert "hush" not in str(problem.value)


def test_a_missing_driver_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg2", None)  # importing it fails, also where it is installed
    with pytest.raises(DatabaseError, match="the Python package “psycopg2”"):
        Saves("postgresql+psycopg2://me:hush@host/x")


def test_a_database_that_is_away_is_answered_with_a_sentence(tmp_path):
    saves = Saves(f"sqlite:////{'proc/nowhere' if sys.platform == 'linux' else tmp_path / 'x' / 'y'}/work.sqlite3")
    with pytest.raises(FailedError, match="The database of this site did not take the work"):
        saves.write("key", PROJECT)


def test_nothing_of_a_database_is_loaded_before_something_is_saved():
    code = "import core.ui.pipeline.autosave, sys; assert 'sqlalchemy' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


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


def test_keys():
    assert saving.is_key(saving.new_key())
    assert not any(map(saving.is_key, ("", "short", "x" * 21 + "/", "é" * 22)))
