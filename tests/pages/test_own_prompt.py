"""Lesson 1's own prompt on the real page: typed, refused with a sentence, asked, and carried in the link."""

from __future__ import annotations

from core.lessons.catalogue import lesson
from core.lessons.lesson01_lab import DEFAULT_PROMPT
from tests.pages.driver import check, component, link, move, open_lesson, widget


def test_a_text_is_typed_refused_or_asked():
    item = lesson(1)
    at = open_lesson(item)
    assert widget(at, "l1_text") is None
    move(at, "l1_kind", "own")
    check(at)
    move(at, "l1_text", "What is the capital of Norwey?")
    check(at)
    assert any("Norwey" in e.value and "Norway" in e.value for e in at.caption)
    assert DEFAULT_PROMPT in component(at, "l1_behaviours")["text"]
    move(at, "l1_text", "Tell me a story about a dog.")
    check(at)
    assert not any("asked instead" in e.value for e in at.caption)
    assert "Tell me a story about a dog." in component(at, "l1_behaviours")["text"]
    again = open_lesson(item, link(at, item))
    check(again)
    assert component(again, "l1_behaviours")["figure"] == component(at, "l1_behaviours")["figure"]


def test_markup_typed_as_a_prompt_stays_plain():
    at = open_lesson(lesson(1), {"l1_kind": "own"})
    move(at, "l1_text", "<b>x</b> **y** $z$")
    check(at)
    refused = next(e.value for e in at.caption if "asked instead" in e.value)
    assert "<b>" not in refused
    assert "**y**" not in refused
