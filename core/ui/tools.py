"""The small tools of every lesson page: copy the link, put everything back, larger type, keys and symbols."""

from __future__ import annotations

import streamlit as st

from core.lessons import glossary
from core.lessons.catalogue import lesson as built_lesson
from core.lessons.text import plain
from core.ui import components, room, settings

KEYS: tuple[tuple[str, str], ...] = (
    ("N", "one step on"),
    ("B", "one step back"),
    ("P", "play or pause"),
    ("0", "back to the start"),
    ("← →", "move a slider that has the focus; vote left or right in lessons 4 and 6"),
    ("T S U", "tie, skip (lesson 6), undo a vote"),
    ("1 … 7", "rate an answer in lesson 4"),
    ("1 … 8 X", "judge a pair of lesson 14: left by strength, right by strength, both bad"),
    ("Tab", "go to the next control; Enter or space presses it"),
    ("K", "this overlay"),
)


def tools() -> None:
    """Draw the row of tools."""
    components.copy_link()
    if st.button("Keys", key="tool_keys", shortcut="K", help="Keys and symbols"):
        _overlay()
    with st.popover("Tools", key="tool_more"):
        st.button(
            "Reset this lesson", key="tool_reset", on_click=_reset, help="Put its settings back. Your votes stay."
        )
        st.button(
            "Leave projector mode" if room.projector() else "Projector mode",
            key="tool_projector",
            on_click=room.toggle_projector,
            help="Larger type for a room. It travels in the link.",
        )
        st.caption(
            "What is kept, and who can see it: votes, settings and progress live in this tab and in its link. Whoever has the link "
            "sees them. The server forgets a session ten minutes after its tab is closed."
        )


@st.dialog("Keys and symbols", width="large")
def _overlay() -> None:
    keys, symbols = st.columns([1, 1.4], gap="large")
    with keys:
        st.markdown("\n".join(f"- **{plain(key)}** {what}" for key, what in KEYS))
    with symbols:
        st.markdown("\n".join(f"- ${tex}$ {what}" for tex, what in glossary.SYMBOLS))
        st.markdown("\n".join(f"- **{term}** {what}" for term, what in glossary.TERMS))


def _reset() -> None:
    number = st.session_state.get("_open_lesson", 0)
    found = built_lesson(int(number))
    if found:
        settings.reset(found, room.hidden_controls())
