"""The home page: what this is, where to start, and the map of the path."""

from __future__ import annotations

import streamlit as st

from core.lessons.outline import PHASES, in_phase


def show() -> None:
    """Draw the home page."""
    st.title("RLHF Playground")
    for phase in PHASES:
        st.subheader(phase.title)
        for entry in in_phase(phase.number):
            st.markdown(f"{entry.number} · {entry.title}")
