"""The project of this visit: one value in the session, replaced by every change. Widgets write into it and never own it.

Streamlit forgets a widget that is not on screen; the project stays, so a step that is opened again shows what was there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from core.lessons.text import plain
from core.pipeline.edits import Edit
from core.pipeline.model import Project
from core.pipeline.problems import ProjectError

PROJECT, BEFORE, SAID, VERSION = "pl_project", "pl_before", "pl_said", "pl_version"
SHOWN_SENTENCES = 4

Change = Callable[[Project], Project | Edit]


def project() -> Project | None:
    """The project as it stands; None on an empty page."""
    return st.session_state.get(PROJECT)


def put(changed: Project) -> None:
    """The project after a change of its own."""
    st.session_state[PROJECT] = changed


def take(other: Project | None) -> None:
    """Another project in the place of this one, which can be brought back."""
    now = project()
    if now is not None:
        st.session_state[BEFORE] = now
    st.session_state[PROJECT] = other
    st.session_state[VERSION] = version() + 1
    tell(())


def before() -> Project | None:
    """The project that the present one has replaced."""
    return st.session_state.get(BEFORE)


def bring_back() -> None:
    """Swap the present project with the one before."""
    other = st.session_state.pop(BEFORE, None)
    if other is not None:
        take(other)


def change(make: Change) -> bool:
    """Apply a change. One that does not fit is answered with its sentences, and the project stays as it was."""
    now = project()
    if now is None:
        return False
    try:
        made = make(now)
    except ProjectError as error:
        tell(error.sentences, bad=True)
        return False
    changed, sentence = (made.project, made.sentence) if isinstance(made, Edit) else (made, "")
    put(changed)
    tell([sentence] if sentence else ())
    return True


def tell(sentences: Iterable[str], bad: bool = False) -> None:
    """What the next run says above the step; replaces what was said before."""
    st.session_state[SAID] = [(bad, sentence) for sentence in sentences]


def add_to_said(sentences: Iterable[str], bad: bool = False) -> None:
    """Say more, behind what is said already."""
    st.session_state[SAID] = [*st.session_state.get(SAID, []), *((bad, sentence) for sentence in sentences)]


def draw_said() -> None:
    """The sentences about the last change: problems as a warning, the rest in small type, the tail on demand."""
    said: list[tuple[bool, str]] = st.session_state.get(SAID, [])
    for bad in (True, False):
        sentences = [plain(" ".join(sentence.split())) for kind, sentence in said if kind is bad]
        if not sentences:
            continue
        first, rest = sentences[:SHOWN_SENTENCES], sentences[SHOWN_SENTENCES:]
        if bad:
            st.warning("  \n".join(first))
        else:
            st.caption(":material/info: " + " ".join(first))
        if rest:
            with st.expander(f"{len(rest)} more"), st.container(height=180, border=False):
                st.markdown("\n".join(f"- {sentence}" for sentence in rest[:500]))


def key(name: str) -> str:
    """A widget's key for this project: another project gets new widgets."""
    return f"pl{version()}_{name}"


def bound(
    widget: Callable[..., Any],
    name: str,
    label: str,
    value: Any,
    commit: Callable[[Project, Any], Project | Edit],
    **extra: Any,
) -> Any:
    """A widget that shows `value` and hands what is entered to `commit`. What is refused stays in the widget, with a sentence."""
    own = key(name)
    if own not in st.session_state:
        st.session_state[own] = value

    def changed() -> None:
        entered = st.session_state[own]
        change(lambda now: commit(now, entered))

    return widget(label, key=own, on_change=changed, **extra)


def forget(*names: str) -> None:
    """Let widgets show the project's value again, after code has changed it."""
    for name in names:
        st.session_state.pop(key(name), None)


def version() -> int:
    """Counts the projects of this visit."""
    return int(st.session_state.get(VERSION, 0))
