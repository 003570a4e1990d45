"""The lessons that are built, in the order of the path. Adding one touches its own module and this tuple."""

from __future__ import annotations

from core.lessons import (
    lesson01,
    lesson02,
    lesson03,
    lesson04,
    lesson05,
    lesson06,
    lesson07,
    lesson08,
    lesson09,
    lesson10,
    lesson14,
)
from core.lessons.lesson import Lesson

LESSONS: tuple[Lesson, ...] = (
    lesson01.LESSON,
    lesson02.LESSON,
    lesson03.LESSON,
    lesson04.LESSON,
    lesson05.LESSON,
    lesson06.LESSON,
    lesson07.LESSON,
    lesson08.LESSON,
    lesson09.LESSON,
    lesson10.LESSON,
    lesson14.LESSON,
)


def lesson(number: int) -> Lesson | None:
    """The built lesson of that number, or None."""
    return next((item for item in LESSONS if item.number == number), None)
