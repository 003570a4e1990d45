"""When the work is saved and where, told from who runs the app: see `saving.py`."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

import streamlit as st

from core.pipeline.model import Project
from core.pipeline.problems import ProjectError
from core.pipeline.worked_examples import EXAMPLES, load
from core.ui.pipeline import saving, work
from core.ui.pipeline.database import DatabaseError
from core.ui.pipeline.saving import FailedError, Saves, TakenError

LOG = logging.getLogger("playground")
KEY, LAST, PROBLEM = "pl_save_key", "pl_last_save", "pl_save_problem"
VISITED, LINK = "pl_visited", "work"
# After a failure the next try waits, so that a database that is away does not hold up every click.
WAIT_SECONDS = 30.0
LEAST_SECONDS = 1.0


@dataclass(frozen=True)
class Last:
    """What was saved last: the project, the time of its row, and the moment from which on it may be saved again."""

    project: Project
    at: float
    again: float


def saves() -> Saves | None:
    """Where this visit is saved; None where nothing may be stored, or where the owner's database cannot be used."""
    database = _database()
    try:
        if database:
            return Saves(database)
        return Saves(saving.local_file()) if _local() else None
    except DatabaseError as error:
        if st.session_state.get(PROBLEM, ("",))[0] != str(error):
            LOG.warning("%s", error)
            st.session_state[PROBLEM] = (str(error), 0.0)
        return None


def offered() -> tuple[saving.Save, ...]:
    """What can be opened again on an empty page. On a shared host only the link's own save, which `restore` opens."""
    found = saves()
    return found.latest() if found is not None and not _database() else ()


def keep() -> None:
    """Save the project if it has changed, and not so often that it would be felt."""
    now = work.project()
    if now is None or _untouched(now) or is_saved() or waits() > 0:
        return
    found = saves()
    if found is None:
        return
    own = key()
    last: Last | None = st.session_state.get(LAST)
    try:
        try:
            at, took = found.write(own, now, last.at if last is not None else None)
        except TakenError:
            # Another tab has gone on with the same save: both stay, this one under a key of its own.
            st.session_state[KEY] = (work.version(), saving.new_key())
            at, took = found.write(key(), now)
    except FailedError as error:
        st.session_state[PROBLEM] = (str(error), time.monotonic() + WAIT_SECONDS)
        return
    st.session_state.pop(PROBLEM, None)
    st.session_state[LAST] = Last(now, at, time.monotonic() + took / saving.BUSY_SHARE)


def is_saved() -> bool:
    """Whether the project stands in the database as it is."""
    last: Last | None = st.session_state.get(LAST)
    return last is not None and last.project is work.project()


def waits() -> float:
    """For how many seconds nothing may be saved yet; 0 if it may be now."""
    last: Last | None = st.session_state.get(LAST)
    _, retry = st.session_state.get(PROBLEM, ("", 0.0))
    return max(retry, last.again if last is not None else 0.0) - time.monotonic()


def status() -> tuple[str, float | None]:
    """Where the work is now, in a few words, and after how many seconds another look is due because it is not saved yet."""
    now = work.project()
    if now is None or _untouched(now):
        return "", None
    found = saves()
    problem, retry = st.session_state.get(PROBLEM, ("", 0.0))
    if found is None:
        return f"{problem} Kept in this tab only" if problem else "Kept in this tab only", None
    if is_saved():
        return ("Saved: this page's link opens it again" if _database() else "Saved on this computer"), None
    due = max(waits(), LEAST_SECONDS)
    return (f"{problem} Kept in this tab only" if retry else "Not saved yet"), due


def key() -> str:
    """The key of the present project: from the link at first, a new one for every project that takes another's place."""
    held: tuple[int, str] | None = st.session_state.get(KEY)
    if held is None or held[0] != work.version():
        st.session_state[KEY] = held = (work.version(), saving.new_key())
        st.session_state.pop(LAST, None)
    return held[1]


def open_save(chosen: str) -> None:
    """Go on with a save, under its own key."""
    found = saves()
    if found is None:
        return
    try:
        project, at = found.load(chosen)
    except ProjectError as error:
        work.tell(error.sentences, bad=True)
        return
    work.take(project)
    st.session_state[KEY] = (work.version(), chosen)
    st.session_state[LAST] = Last(project, at, 0.0)


def restore() -> None:
    """On a host with a database: open the save that the link names, once, at the first run of a visit."""
    asked = str(st.query_params.get(LINK, ""))
    if st.session_state.get(VISITED):
        return
    st.session_state[VISITED] = True
    if work.project() is None and saving.is_key(asked) and _database():
        open_save(asked)


def for_link() -> dict[str, str]:
    """What the link must carry so that a reload finds the save again: on a shared host its key."""
    return {LINK: key()} if work.project() is not None and _database() else {}


def _local() -> bool:
    return saving.is_local(st.context.url, st.context.ip_address)


def _database() -> str:
    """The owner's database address, if there is one in the secrets."""
    if not st.secrets.load_if_toml_exists():
        return ""
    entry = st.secrets.get("pipeline", {})
    return str(entry.get("database", "")) if hasattr(entry, "get") else ""


def _untouched(project: Project) -> bool:
    """Whether this is a worked example as it came: there is nothing in it to lose."""
    return any(load(example.key) is project for example in EXAMPLES)
