"""Every control of every lesson at its low, default and high end, on the real page."""

from __future__ import annotations

import pytest

from core.lessons.catalogue import LESSONS
from core.ui.lesson_frame import MORE
from tests.lessons.states import VOTES
from tests.pages.driver import check, component, link, move, open_lab, widget

CONTROLS = [
    pytest.param(lesson, param, id=param.key if param.key.startswith("l") else f"l{lesson.number}-{param.key}")
    for lesson in LESSONS
    for param in lesson.params
    if param.widget in ("control", "slot")
]


def _need(lesson, param):
    """Settings under which a control is on the page: the choice it depends on, and what that depends on."""
    query = {}
    while param.shown_if:
        key, wanted = param.shown_if
        param = lesson.param(key)
        query[key] = param.write(wanted[0])
    return query


@pytest.mark.parametrize(("lesson", "param"), CONTROLS)
def test_a_control_at_its_ends(lesson, param):
    player = {p.key: p.write(p.nearest(2)) for p in lesson.params if p.widget == "player"}
    at = open_lab(lesson, {**player, **_need(lesson, param)})
    check(at)
    for value in param.ends():
        if param.limit_key:
            value = min(value, at.session_state[param.limit_key])
        move(at, param.key, value)
        check(at)
        assert at.session_state[param.key] == value
        shown = link(at, lesson)
        assert shown["lesson"] == str(lesson.number)
        assert param.read(shown.get(param.key)).value == value
        assert widget(at, param.key) is not None


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda item: item.number)
def test_presets_are_applied_and_travel_in_the_link(lesson):
    at = open_lab(lesson)
    chooser = f"l{lesson.number}_preset"
    if widget(at, chooser) is None:
        assert len(lesson.presets) <= 1
        return
    for preset in lesson.presets:
        move(at, chooser, preset.key)
        check(at)
        for key, value in preset.values.items():
            assert at.session_state[key] == value
        shown = link(at, lesson)
        for param in lesson.params:
            if param.widget != "table":
                assert param.read(shown.get(param.key)).value == at.session_state[param.key]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda item: item.number)
def test_every_tab_below_the_lab(lesson):
    at = open_lab(lesson)
    seen = set()
    labels = widget(at, f"l{lesson.number}_more").options
    offered = [tab for tab, label in MORE.items() if label in labels]
    assert len(offered) == len(labels)
    for tab in offered:
        move(at, f"l{lesson.number}_more", tab)
        check(at)
        seen.add(tuple(str(element.proto) for element in at.main if hasattr(element, "proto")))
    assert len(seen) == len(offered) >= 4


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda item: item.number)
def test_questions_are_marked_and_progress_travels(lesson):
    at = open_lab(lesson)
    move(at, f"l{lesson.number}_more", "check")
    state = {p.key: at.session_state[p.key] for p in lesson.params}
    questions = lesson.quiz(lesson.result(state))
    for number, question in enumerate(questions):
        wrong = (question.answer + 1) % len(question.options)
        move(at, f"l{lesson.number}_quiz{number}", wrong)
        check(at)
        assert any("Not quite" in element.value for element in at.markdown)
        move(at, f"l{lesson.number}_quiz{number}", question.answer)
    check(at)
    assert sum(element.value.startswith(":green[Right.]") for element in at.markdown) == len(questions)
    assert int(link(at, lesson)["done"][lesson.number - 1]) & 2


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda item: item.number)
def test_a_prediction_is_kept_and_marked(lesson):
    for votes in ("", VOTES["all"]):
        at = open_lab(lesson, {"votes": votes} if votes else {})
        if widget(at, f"l{lesson.number}_predicted_widget") is None:
            continue
        move(at, f"l{lesson.number}_predicted_widget", 0)
        check(at)
        assert int(link(at, lesson)["done"][lesson.number - 1]) & 1
        return
    pytest.fail("the lesson never asks for a prediction")


def test_a_prediction_is_marked_only_where_that_question_was_asked():
    lesson = next(item for item in LESSONS if item.number == 5)
    at = open_lab(lesson, {"l5_step": "0"})
    move(at, "l5_predicted_widget", 1)
    at.session_state["l5_step"] = 8
    at.run()
    assert any("predicted" in element.value for element in at.markdown)
    move(at, "l5_view", "long")  # another question, whose options have the same numbers
    check(at)
    assert not any("predicted" in element.value for element in at.markdown)
    move(at, "l5_view", "walk")
    assert any("predicted" in element.value for element in at.markdown)
    at.session_state["l5_step"] = 0
    move(at, "l5_others", 15)
    check(at)
    assert widget(at, "l5_predicted_widget").value is None
    move(at, "l5_predicted_widget", 0)
    assert widget(at, "l5_predicted_widget").value == 0


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda item: item.number)
def test_the_chart_is_sent_with_words_and_badge(lesson):
    at = open_lab(lesson, {"votes": VOTES["few"]})
    result = lesson.result({p.key: at.session_state[p.key] for p in lesson.params})
    for chart in lesson.figures(result):
        sent = component(at, chart.key)
        assert sent["text"] == chart.text
        assert sent["badge"] == chart.badge
        assert len(sent["frames"]) == len(chart.frames)
        assert len(sent["figure"]["data"]) == len(chart.figure["data"])


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda item: item.number)
def test_reset_puts_everything_back_but_the_votes(lesson):
    moved = {p.key: p.write(p.ends()[-1]) for p in lesson.params if p.widget in ("control", "player")}
    carried = {"votes": VOTES["few"]} if "votes" in lesson.carried else {}
    at = open_lab(lesson, {**moved, **carried})
    widget(at, "tool_reset").click()
    at.run()
    check(at)
    for param in lesson.params:
        if param.key not in lesson.carried:
            assert at.session_state[param.key] == param.default, param.key
    assert all(at.session_state[key] == value for key, value in carried.items())
