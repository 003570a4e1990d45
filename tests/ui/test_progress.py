"""Progress as the link carries it: one digit a lesson."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.lessons.outline import OUTLINES
from core.ui.progress import read, write

MARKS = st.dictionaries(st.integers(1, len(OUTLINES)), st.integers(1, 3))


@given(MARKS)
def test_marks_come_back(marks):
    text = write(marks)
    assert len(text) <= len(OUTLINES)
    assert {number: mark for number, mark in read(text).items() if mark} == marks


@given(st.text(max_size=40))
def test_any_text_is_read_as_marks_or_as_none(text):
    assert all(1 <= number <= len(OUTLINES) and 0 <= mark <= 3 for number, mark in read(text).items())


@pytest.mark.parametrize("text", ["", "4", "x", "1" * 15, "１", "-1", "<b>"])
def test_what_is_not_progress_is_no_progress(text):
    assert read(text) == {}


def test_no_marks_need_no_text():
    assert write({}) == ""
    assert write({1: 3, 8: 1}) == "30000001"
