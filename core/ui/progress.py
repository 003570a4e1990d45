"""How far a learner has come: two marks a lesson, carried in the link as one short text."""

from __future__ import annotations

import streamlit as st

from core.lessons.outline import OUTLINES

KEY = "done"
PREDICTED, CHECKED = 1, 2
DIGITS = "0123"


def read(text: str) -> dict[int, int]:
    """Marks by lesson number from the link's text; anything that is not such a text means no marks."""
    if not text or len(text) > len(OUTLINES) or any(digit not in DIGITS for digit in text):
        return {}
    return {number + 1: DIGITS.index(digit) for number, digit in enumerate(text)}


def write(marks: dict[int, int]) -> str:
    """The link's text: one digit a lesson, zeros at the end left out."""
    return "".join(DIGITS[marks.get(entry.number, 0)] for entry in OUTLINES).rstrip("0")


def marks() -> dict[int, int]:
    """The session's marks; the first call reads the link."""
    if KEY not in st.session_state:
        st.session_state[KEY] = read(str(st.query_params.get(KEY, "")))
    return st.session_state[KEY]


def mark(lesson: int, what: int) -> None:
    """Note that a lesson's prediction was made, or its two questions answered rightly."""
    marks()[lesson] = marks().get(lesson, 0) | what


def text() -> str:
    """The session's marks as the link carries them."""
    return write(marks())


def done() -> int:
    """How many lessons have both marks."""
    return sum(mark == PREDICTED | CHECKED for mark in marks().values())
