"""The small tools of every lesson page: copy the link, put everything back, larger type for a room."""

from __future__ import annotations

import streamlit as st

from core.lessons.catalogue import lesson as built_lesson
from core.ui import room, settings


def tools() -> None:
    """Draw the row of tools."""
    from core.ui.components import copy_link

    copy_link()
    st.button("Reset", key="tool_reset", on_click=_reset, help="Put this lesson's settings back. Your votes stay.")


def _reset() -> None:
    number = st.query_params.get("lesson", "")
    found = built_lesson(int(number)) if str(number).isdigit() else None
    if found:
        settings.reset(found)


__all__ = ["room", "tools"]
