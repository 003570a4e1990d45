"""A lesson's settings in a session: read once from the link, kept while a control is hidden, written back to the link.

Streamlit can bind a widget to the address by itself, but a value that code sets (a preset, a corrected link) does not reach
the address then, and a link copied in that state would open something else. So the frame writes the whole address.
"""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from core.lessons.lesson import Lesson
from core.lessons.outline import PHASES, outline
from core.lessons.param import Param, Value

KEPT = "_kept"
NOTES = "_notes"
TOKEN = "_token"
PENDING = "_pending"
CARRIED = "_carried"


def _kept() -> dict[str, Value]:
    return st.session_state.setdefault(KEPT, {})


def load(lesson: Lesson) -> tuple[str, ...]:
    """Give every setting of the lesson a legal value in this session, before any widget exists.

    The link is read the first time a setting is needed; later the session's own value stands. Returns one line for each
    text in the link that could not be taken as it was (the same lines until the learner moves on).
    """
    for key, value in st.session_state.pop(PENDING, {}).items():
        put(key, value)
    raw = {key: str(st.query_params[key]) for key in st.query_params}
    notes: dict[str, str] = st.session_state.setdefault(NOTES, {})
    for param in lesson.params:
        if param.key in st.session_state:
            continue
        if param.key in _kept():
            st.session_state[param.key] = _kept()[param.key]
            continue
        reading = param.read(raw.get(param.key))
        st.session_state[param.key] = reading.value
        if reading.note:
            notes[param.key] = reading.note
    return tuple(note for key, note in notes.items() if key in {param.key for param in lesson.params})


def forget_notes() -> None:
    """Drop the lines about the link."""
    st.session_state[NOTES] = {}


def values(lesson: Lesson) -> dict[str, Value]:
    """The settings as they stand, also of controls that are hidden now."""
    now = {}
    for param in lesson.params:
        now[param.key] = st.session_state.get(param.key, _kept().get(param.key, param.default))
    _kept().update(now)
    return now


def value(param: Param) -> Value:
    """One setting as it stands, also of a lesson that is not on screen."""
    return st.session_state.get(param.key, _kept().get(param.key, param.default))


def put(key: str, value: Value) -> None:
    """Set one setting from code (a preset, a vote, a click); only before its widget is drawn in this run, or in a callback."""
    st.session_state[key] = value
    _kept()[key] = value


def later(changes: dict[str, Value]) -> None:
    """Set settings at the start of the next run: for code that runs after their widgets were drawn."""
    st.session_state[PENDING] = {**st.session_state.get(PENDING, {}), **changes}


def carry(what: dict[str, str]) -> None:
    """What every link of this session carries from now on, besides the settings."""
    st.session_state[CARRIED] = what


def carried() -> dict[str, str]:
    """What was last given to `carry`."""
    return dict(st.session_state.get(CARRIED, {}))


def set_step(key: str, value: Value) -> None:
    """Set the player's step from the server: the browser then jumps there."""
    put(key, value)
    st.session_state[TOKEN] = token() + 1


def rewind(lesson: Lesson) -> None:
    """Put the player of a lesson back to its start: what it showed was another run."""
    for param in lesson.params:
        if param.widget == "player":
            set_step(param.key, param.default)


def token() -> int:
    """Counts how often the server itself has set a step in this session."""
    return int(st.session_state.get(TOKEN, 0))


def reset(lesson: Lesson, locked: frozenset[str] = frozenset()) -> None:
    """Put every setting of the lesson back, the seed too; the shared ones (votes, prior) and the locked ones stay."""
    for param in lesson.params:
        if param.key not in lesson.carried and param.key not in locked:
            put(param.key, param.default)
    st.session_state[TOKEN] = token() + 1
    forget_notes()


def apply_preset(lesson: Lesson, chosen: dict[str, Value], locked: frozenset[str] = frozenset()) -> None:
    """Named settings; all others go back to their defaults. What is carried and the picked row stay unless they are named,
    and what is locked stays in any case."""
    for param in lesson.params:
        stays = param.key in lesson.carried or param.widget == "table"
        if param.key in locked or (stays and param.key not in chosen):
            continue
        put(param.key, chosen.get(param.key, param.default))
    st.session_state[TOKEN] = token() + 1


def query(lesson: Lesson, also: dict[str, str], only: set[str] | None = None) -> str:
    """The link's parameters for what is on screen: what `also` names, then every setting that is not at its default
    (of those in `only`, if given)."""
    now = values(lesson)
    wanted = [param for param in lesson.params if only is None or param.key in only]
    pairs = {param.key: param.write(now[param.key]) for param in wanted if now[param.key] != param.default}
    return urlencode({**{k: v for k, v in also.items() if v}, **pairs})


def open_lesson(number: int) -> None:
    """Go to another lesson, with everything that this session has set; never returns."""
    phase = PHASES[outline(number).phase - 1]
    st.session_state[f"_goto_{phase.number}"] = number
    st.switch_page(f"pages/{phase.page}.py", query_params={"lesson": str(number)})
