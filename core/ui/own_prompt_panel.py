"""Lesson 1's line for an own prompt, and what was done with a text that the tiny model cannot read."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.lessons.lesson import Lesson
from core.lessons.lesson01_says import note
from core.lessons.param import Values
from core.lessons.text import plain

KEY = "l1_text"


def own_prompt(lesson: Lesson, result: Any, values: Values) -> None:
    """Draw the text line above the chart; nothing is ever sent to anybody, the tiny model runs here."""
    param = lesson.param(KEY)
    with st.container(key="vote"):
        st.text_input(
            param.label,
            key=KEY,
            max_chars=param.max_characters,
            placeholder="What is the capital of Italy?",
            help=param.help,
        )
        refused = note(result)
        if refused:
            st.caption(f":material/edit_note: {plain(refused)}")
