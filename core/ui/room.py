"""For a workshop: projector mode, and controls that the maker of a link has locked."""

from __future__ import annotations

import streamlit as st

from core.figures.palette import Theme

PROJECTOR = "projector"
HIDE = "hide"
MAX_HIDDEN = 40


def hidden_controls() -> frozenset[str]:
    """Keys named in `?hide=a,b`: those controls are shown but cannot be moved."""
    named = _text(HIDE)[:400]
    return frozenset(name for name in named.split(",")[:MAX_HIDDEN] if name.isidentifier())


def projector() -> bool:
    """Whether the page is shown in larger type for a room."""
    return _text(PROJECTOR) in ("1", "true")


def toggle_projector() -> None:
    """Switch the larger type on or off."""
    st.session_state["_room_" + PROJECTOR] = "" if projector() else "1"


def kept() -> dict[str, str]:
    """What the room's settings add to a link."""
    return {name: _text(name) for name in (PROJECTOR, HIDE) if _text(name)}


def theme() -> Theme:
    """The theme that the browser shows."""
    return "dark" if st.context.theme.type == "dark" else "light"


def _text(name: str) -> str:
    """The link's text at the first visit, the session's own from then on."""
    key = "_room_" + name
    if key not in st.session_state:
        st.session_state[key] = str(st.query_params.get(name, ""))
    return st.session_state[key]
