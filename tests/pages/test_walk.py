"""Lesson 5's own demonstration on the page, and its walk as the start of lesson 8, carried by session and link."""

from __future__ import annotations

import re
import threading
from dataclasses import replace

import pytest

from core.lessons.catalogue import lesson
from core.stages.walk_policy import WalkPoint, unpack
from core.ui import patience
from tests.pages.driver import captions, check, component, link, move, open_lesson, widget


def test_own_texts_are_refused_by_name_or_walked():
    at = open_lesson(lesson(5), {"l5_kind": "own", "l5_own": "Who sells meat?", "l5_lr": "0.0"})
    check(at)
    move(at, "l5_demo", "A butcherr.")
    check(at)
    assert any("butcherr" in e.value and "walked instead" in e.value for e in at.caption)
    move(at, "l5_demo", "A butcher.")
    check(at)
    assert not any("walked instead" in e.value for e in at.caption)
    assert [row[0] for row in component(at, "l5_table")["rows"]][-4:] == ["a", "butcher", ".", "<end>"]


def test_lesson_8_starts_from_the_walk_and_its_link_brings_it_back():
    at = open_lesson(lesson(5), {"l5_lr": "0.01", "l5_step": "2"})
    check(at)
    point = unpack(at.session_state["walk"])
    assert (point.config.lr, point.steps) == (0.01, 2)
    code = WalkPoint(point.config, 2).pack()
    at = open_lesson(lesson(8), {"start": "walk", "walk": code})
    check(at)
    assert "2 steps of lesson 5" in component(at, "l8_table")["notes"]
    assert link(at, lesson(8))["walk"] == code
    bars = component(at, "l8_chart")["figure"]["data"][0]["x"]
    move(at, "l8_more", "own")
    check(at)
    assert any("learning rate 0.01" in e.value for e in at.caption)
    other = open_lesson(lesson(8), {"start": "base"})
    assert component(other, "l8_chart")["figure"]["data"][0]["x"] != bars


def test_lesson_5_offers_its_policy_to_lesson_8_and_both_name_the_same_loss():
    at = open_lesson(lesson(5), {"l5_lr": "0.001", "l5_step": "3"})
    check(at)
    loss = re.search(r"costs \*\*([\d.]+) nats\*\*", next(e.value for e in at.markdown if "What you see" in e.value))[1]
    assert widget(at, "l5_onward").label == "Start lesson 8 from step 3"
    widget(at, "l5_onward").click().run()
    assert (at.session_state["start"], at.session_state["l8_lens"]) == ("walk", "board")
    point = unpack(at.session_state["walk"])
    assert (point.config.lr, point.steps) == (0.001, 3)
    at = open_lesson(lesson(8), {"start": "walk", "walk": point.pack()})
    move(at, "l8_more", "own")
    check(at)
    assert f"costs this model {loss} nats per token" in captions(at)
    # Of another prompt than the walked one lesson 5 says nothing.
    other = next(key for key, _ in lesson(8).param("example").options if key != at.session_state["example"])
    at = open_lesson(lesson(8), {"start": "walk", "walk": point.pack(), "example": other})
    move(at, "l8_more", "own")
    check(at)
    assert "nats per token" not in captions(at)


@pytest.mark.parametrize("query", [{"l5_view": "long"}, {"l5_kind": "own"}])
def test_the_longer_walk_has_no_policy_to_offer(query):
    at = open_lesson(lesson(5), query)
    check(at)
    assert (widget(at, "l5_onward") is None) == ("l5_view" in query)


def test_while_work_is_under_way_the_last_result_stays(monkeypatch):
    at = open_lesson(lesson(1), {"l1_n": "8"})
    before = component(at, "l1_behaviours")["text"]
    go_on, submit = threading.Event(), patience._submit

    def held(work):
        def start():
            go_on.wait(30)
            yield from work.start()

        return submit(replace(work, start=start))

    monkeypatch.setattr(patience, "_submit", held)
    monkeypatch.setattr(patience, "WAIT", 0.0)
    kind = lesson(1).param("l1_fact")
    move(at, "l1_fact", kind.suggestions()[-1])
    check(at)
    assert component(at, "l1_behaviours")["text"] == before
    assert any("Shown meanwhile" in str(e.proto) for e in at.get("progress"))
    assert link(at, lesson(1))["l1_fact"] == kind.suggestions()[-1]
    go_on.set()
    monkeypatch.setattr(patience, "WAIT", 30.0)
    at.run()
    check(at)
    assert kind.suggestions()[-1] in component(at, "l1_behaviours")["text"]
    assert not at.get("progress")
    assert widget(at, "l1_fact") is not None
