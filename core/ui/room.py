"""For a workshop: projector mode, and controls that the maker of a link has locked."""

from __future__ import annotations

import streamlit as st

PROJECTOR = "projector"
HIDE = "hide"
MAX_HIDDEN = 40


def hidden_controls() -> frozenset[str]:
    """Keys named in `?hide=a,b`: those controls are shown but cannot be moved."""
    named = str(st.query_params.get(HIDE, ""))[:400]
    return frozenset(name for name in named.split(",")[:MAX_HIDDEN] if name.isidentifier())


def projector() -> bool:
    """Whether the page is shown in larger type for a room."""
    return str(st.query_params.get(PROJECTOR, "")) in ("1", "true")


def kept() -> dict[str, str]:
    """What the room's settings add to a link."""
    return {name: str(st.query_params[name]) for name in (PROJECTOR, HIDE) if name in st.query_params}
