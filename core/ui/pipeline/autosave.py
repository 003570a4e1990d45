"""When the work is saved and where, told from who runs the app: see `saving.py`."""

from __future__ import annotations

import logging
import time

import streamlit as st

from core.pipeline.model import Project
from core.pipeline.problems import ProjectError
from core.pipeline.worked_examples import EXAMPLES, load
from core.ui.pipeline import saving, work
from core.ui.pipeline.saving import Saves

LOG = logging.getLogger("playground")
KEY, LAST = "pl_save_key", "pl_last_save"
LINK = "work"


def saves() -> Saves | None:
    """Where this visit is saved; None where nothing may be stored."""
    database = _database()
    if database:
        try:
            return Saves(saving.file_of(database))
        except ValueError as error:
            LOG.warning("%s", error)
            return None
    return Saves(saving.local_file()) if _local() else None


def offered() -> tuple[saving.Save, ...]:
    """What can be opened again on an empty page. On a shared host only the link's own save, which `restore` opens."""
    found = saves()
    return found.latest() if found is not None and not _database() else ()


def keep() -> None:
    """Save the project if it has changed, and not so often that it would be felt."""
    now, found = work.project(), saves()
    if now is None or found is None or _untouched(now):
        return
    last: tuple[Project, float, float] | None = st.session_state.get(LAST)
    if last is not None and (last[0] is now or time.monotonic() - last[1] < last[2] / saving.BUSY_SHARE):
        return
    took = found.write(key(), now)
    if took is not None:
        st.session_state[LAST] = (now, time.monotonic(), took)


def is_saved() -> bool:
    """Whether the project stands on the disk as it is."""
    last = st.session_state.get(LAST)
    return last is not None and last[0] is work.project()


def key() -> str:
    """The key of the present project: from the link at first, a new one for every project that takes another's place."""
    held: tuple[int, str] | None = st.session_state.get(KEY)
    if held is None or held[0] != work.version():
        asked = str(st.query_params.get(LINK, "")) if held is None else ""
        st.session_state[KEY] = held = (work.version(), asked if saving.is_key(asked) else saving.new_key())
    return held[1]


def open_save(chosen: str) -> None:
    """Go on with a save, under its own key."""
    found = saves()
    if found is None:
        return
    try:
        project = found.load(chosen)
    except ProjectError as error:
        work.tell(error.sentences, bad=True)
        return
    work.take(project)
    st.session_state[KEY] = (work.version(), chosen)
    st.session_state[LAST] = (project, time.monotonic(), 0.0)


def restore() -> None:
    """On a host with a database: open the save that the link names, once, at the first run of a visit."""
    asked = str(st.query_params.get(LINK, ""))
    if KEY not in st.session_state and work.project() is None and saving.is_key(asked) and _database():
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
