"""Saves of the work: a small SQLite file in the user's own data folder, for an app that runs on the user's own machine.

On a host that strangers share nothing is stored, unless its owner names a database in the secrets, any that SQLAlchemy knows:

    [pipeline]
    database = "sqlite:////srv/playground/work.sqlite3"

There a save belongs to a random key in the visitor's own link, and nobody is offered the save of somebody else.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.pipeline.model import Project, read
from core.pipeline.problems import ProjectError
from core.ui.pipeline import database

if TYPE_CHECKING:
    from sqlalchemy import Connection

LOG = logging.getLogger("playground")
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
# How many saves stay: on one's own computer, and in a database that many visitors share.
MOST_SAVES, MOST_SHARED = 30, 5_000
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


class TakenError(Exception):
    """Under this key somebody else (another tab) has saved meanwhile; what they saved must stay."""


class FailedError(Exception):
    """The save did not come about; the text is a sentence for the page."""


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


def new_key() -> str:
    """A key that nobody can guess."""
    return secrets.token_urlsafe(16)


def is_key(text: str) -> bool:
    """Whether a link's text could be such a key."""
    return len(text) == KEY_CHARACTERS and all(c.isascii() and (c.isalnum() or c in "-_") for c in text)


class Saves:
    """The saves in one database. One that is full, locked or away loses no work: the session goes on, and the page says it."""

    def __init__(self, place: Path | str) -> None:
        """`place` is a file of one's own, or the address of a database. Raises DatabaseError for one that cannot be used."""
        self._shared = not isinstance(place, Path)
        self._engine = database.engine(place)
        self._file = database.file_of(self._engine)

    def write(self, key: str, project: Project, seen: float | None = None) -> tuple[float, float]:
        """Save a project under a key, in the place of the save that was last seen there. Returns (its time, seconds it took).

        Raises TakenError if the save under this key is not the one of `seen`, FailedError if it cannot be saved.
        """
        begin, now = time.monotonic(), time.time()
        data = zlib.compress(project.model_dump_json().encode(), 1)
        saves, most = database.table(), MOST_SHARED if self._shared else MOST_SAVES
        row = {"title": project.title, "prompts": len(project.prompts), "labels": len(project.labels), "at": now}
        with self._open("The work could not be saved") as connection:
            there = connection.execute(saves.select().with_only_columns(saves.c.at).where(saves.c.key == key)).scalar()
            if there is None:
                connection.execute(saves.insert().values(key=key, data=data, **row))
            else:
                mine = (saves.c.key == key) & (saves.c.at == there)
                changed = (
                    connection.execute(saves.update().where(mine).values(data=data, **row)) if there == seen else None
                )
                if changed is None or changed.rowcount == 0:
                    raise TakenError
            oldest = saves.select().with_only_columns(saves.c.at).order_by(saves.c.at.desc()).offset(most).limit(1)
            limit = connection.execute(oldest).scalar()
            if limit is not None:
                connection.execute(saves.delete().where(saves.c.at <= limit))
        return now, time.monotonic() - begin

    def latest(self, limit: int = 3) -> tuple[Save, ...]:
        """The newest saves, newest first; none where they cannot be listed."""
        if self._file is not None and not self._file.exists():
            return ()
        saves = database.table()
        columns = (saves.c.key, saves.c.title, saves.c.prompts, saves.c.labels, saves.c.at)
        asked = saves.select().with_only_columns(*columns).order_by(saves.c.at.desc()).limit(limit)
        try:
            with self._open("The saves could not be listed") as connection:
                return tuple(Save(*row) for row in connection.execute(asked))
        except FailedError:
            return ()

    def load(self, key: str) -> tuple[Project, float]:
        """The saved project and the time of its save. Raises ProjectError with a sentence where it cannot be had."""
        saves = database.table()
        try:
            with self._open("A save could not be read") as connection:
                asked = saves.select().with_only_columns(saves.c.data, saves.c.at).where(saves.c.key == key)
                row = connection.execute(asked).first()
            if row is None:
                raise ProjectError(["This save is no longer there."])
            return read(zlib.decompress(row.data)), row.at
        except (FailedError, zlib.error) as error:
            raise ProjectError(["This save cannot be read. Upload the last download instead."]) from error

    @contextmanager
    def _open(self, failure: str) -> Iterator[Connection]:
        """One transaction. Whatever goes wrong in it is logged without the password, and comes back as FailedError."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            if self._file is not None:
                self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._engine.begin() as connection:
                database.table().create(connection, checkfirst=True)
                if self._file is not None and os.name == "posix":
                    self._file.chmod(0o600)
                yield connection
        except (OSError, SQLAlchemyError) as error:
            where = "The database of this site" if self._shared else "The disk of this computer"
            LOG.warning("%s: %s: %s", failure, type(error).__name__, getattr(error, "orig", None) or error)
            raise FailedError(f"{where} did not take the work.") from error
