"""Lesson 9's first task on the real page: placing, undoing, marking, the link, and "show me"."""

from __future__ import annotations

from core.lessons.catalogue import lesson
from core.lessons.lesson09_flow import POOL, right_order
from tests.pages.driver import check, link, open_lesson, widget

NINE = lesson(9)


def press(at, key):
    widget(at, key).click()
    at.run()
    check(at)


def test_pieces_are_placed_marked_and_travel_in_the_link():
    at = open_lesson(NINE)
    check(at)
    order = right_order()
    for letter in order[:-1]:
        press(at, f"l9_piece_{letter}")
    press(at, "l9_undo")
    assert link(at, NINE)["l9_order"] == order[:-2]
    assert widget(at, f"l9_piece_{order[0]}").disabled
    for letter in order[-2:]:
        press(at, f"l9_piece_{letter}")
    assert any("Every piece stands behind" in element.value for element in at.markdown)
    press(at, "l9_show")
    assert link(at, NINE)["l9_view"] == "diagram"
    assert widget(at, "l9_undo") is None


def test_a_wrong_order_says_what_is_missing_and_can_be_begun_again():
    at = open_lesson(NINE, {"l9_order": POOL})
    check(at)
    assert any("stands before" in element.value for element in at.markdown)
    press(at, "l9_again")
    assert "l9_order" not in link(at, NINE)
    press(at, "l9_show")
    assert at.session_state["l9_view"] == "diagram"
