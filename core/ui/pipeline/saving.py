"""Saves of the work: a small SQLite file in the user's own data folder, for an app that runs on the user's own machine.

On a host that strangers share nothing is stored, unless its owner names a database in the secrets:

    [pipeline]
    database = "sqlite:////srv/playground/work.sqlite3"

There a save belongs to a random key in the visitor's own link, and nobody is offered the save of somebody else.
"""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from core.pipeline.model import Project, read
from core.pipeline.problems import ProjectError

LOG = logging.getLogger("playground")
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
SCHEME = "sqlite:///"
MOST_SAVES = 30
KEY_CHARACTERS = 22
# A save may take this share of a person's time at most; so a project of ten thousand pairs is saved less often.
BUSY_SHARE = 0.1


@dataclass(frozen=True)
class Save:
    """One saved project, without its content. `at` counts seconds since 1970."""

    key: str
    title: str
    prompts: int
    labels: int
    at: float


def is_local(url: str | None, ip_address: str | None) -> bool:
    """Whether the browser runs on the machine of the app: both the address that it asked for and its own say so."""
    return url is not None and urlsplit(url).hostname in LOCAL_HOSTS and ip_address in (None, *LOCAL_HOSTS)


def local_file() -> Path:
    """The file in the user's data folder, where each system keeps such things."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "rlhf-playground" / "work.sqlite3"


def file_of(database: str) -> Path:
    """The file that a database address names. Raises ValueError for any other kind of database."""
    if not database.startswith(SCHEME) or len(database) == len(SCHEME):
        raise ValueError(f"The database address in the secrets must begin with {SCHEME} and name a file.")
    return Path(database.removeprefix(SCHEME))


def new_key() -> str:
    """A key that nobody can guess."""
    return secrets.token_urlsafe(16)


def is_key(text: str) -> bool:
    """Whether a link's text could be such a key."""
    return len(text) == KEY_CHARACTERS and all(c.isascii() and (c.isalnum() or c in "-_") for c in text)


class Saves:
    """The saves in one file. A disk that is full or locked loses no work: the session goes on, and the log says what happened."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def write(self, key: str, project: Project) -> float | None:
        """Save a project under a key, in the place of its last save. Returns the seconds that it took, None if it failed."""
        begin = time.monotonic()
        data = zlib.compress(project.model_dump_json().encode(), 1)
        row = (key, project.title, len(project.prompts), len(project.labels), time.time(), data)
        try:
            with self._open() as database:
                database.execute("INSERT OR REPLACE INTO saves VALUES (?, ?, ?, ?, ?, ?)", row)
                database.execute(
                    "DELETE FROM saves WHERE key NOT IN (SELECT key FROM saves ORDER BY at DESC LIMIT ?)", (MOST_SAVES,)
                )
        except (OSError, sqlite3.Error):
            LOG.exception("The work could not be saved")
            return None
        return time.monotonic() - begin

    def latest(self, limit: int = 3) -> tuple[Save, ...]:
        """The newest saves, newest first."""
        if not self._file.exists():
            return ()
        try:
            with self._open() as database:
                rows = database.execute(
                    "SELECT key, title, prompts, labels, at FROM saves ORDER BY at DESC LIMIT ?", (limit,)
                )
                return tuple(Save(*row) for row in rows)
        except (OSError, sqlite3.Error):
            LOG.exception("The saves could not be listed")
            return ()

    def load(self, key: str) -> Project:
        """The saved project. Raises ProjectError with a sentence where it cannot be had."""
        try:
            with self._open() as database:
                row = database.execute("SELECT data FROM saves WHERE key = ?", (key,)).fetchone()
            if row is None:
                raise ProjectError(["This save is no longer there."])
            return read(zlib.decompress(row[0]))
        except (OSError, sqlite3.Error, zlib.error) as error:
            LOG.exception("A save could not be read")
            raise ProjectError(["This save cannot be read. Upload the last download instead."]) from error

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._file, timeout=2)) as database, database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS saves (key TEXT PRIMARY KEY, title TEXT, prompts INT, labels INT, at REAL, data BLOB)"
            )
            if os.name == "posix":
                self._file.chmod(0o600)
            yield database
