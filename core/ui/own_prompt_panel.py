"""The lines for an own prompt (lesson 1) and an own demonstration (lesson 5), and what was done with a text that the tiny
model cannot read."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.lessons import lesson01_says, lesson05_words
from core.lessons.lesson import Lesson
from core.lessons.param import Values
from core.lessons.text import plain


def own_prompt(lesson: Lesson, result: Any, values: Values) -> None:
    """Draw lesson 1's text line above the chart; nothing is ever sent to anybody, the tiny model runs here."""
    with st.container(key="vote"):
        _line(lesson, "l1_text", "What is the capital of Italy?")
        _refused(lesson01_says.note(result))


def own_demonstration(lesson: Lesson, result: Any, values: Values) -> None:
    """Draw lesson 5's two text lines above the chart."""
    with st.container(key="vote"):
        prompt, answer = st.columns(2, gap="small")
        with prompt:
            _line(lesson, "l5_own", "Who sells meat?")
        with answer:
            _line(lesson, "l5_demo", "A butcher sells meat.")
        _refused(lesson05_words.note(result))


def _line(lesson: Lesson, key: str, example: str) -> None:
    param = lesson.param(key)
    st.text_input(
        param.label,
        st.session_state[key],  # its default too, so that a text that was hidden comes back (see `controls.control`)
        key=key,
        max_chars=param.max_characters,
        placeholder=example,
        help=param.help,
    )


def _refused(note: str) -> None:
    if note:
        st.caption(f":material/edit_note: {plain(note)}")
