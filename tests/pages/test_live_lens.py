"""The tiny LM's run on the page of lesson 8: recorded first, then live in its place, stopped, and put back."""

from __future__ import annotations

import threading

import pytest

from core.lessons.catalogue import lesson
from core.stages import lens, lens_recorded
from core.ui import live_run
from tests.pages.driver import check, component, move, open_lesson, press, widget

WAIT = 10
LM = {"l8_lens": "lm"}


def _sees(at, updates):
    """Wait until the live run has so many updates, and draw the page."""
    ticket, pause = at.session_state[live_run.TICKETS]["l8"], threading.Event()
    for _ in range(200):
        if ticket.status().n_records > updates or ticket.status().over:
            break
        pause.wait(WAIT / 200)
    at.run()
    check(at)
    return component(at, "l8_words")


@pytest.fixture
def trains(monkeypatch):
    """Live runs that yield recorded updates, four at first and the rest when told; no test trains."""
    go_on = threading.Event()

    def slow(config):
        steps = lens_recorded.load()[1].steps
        yield from steps[:5]
        go_on.wait(WAIT)
        yield from steps[5:]

    monkeypatch.setattr(lens, "live", slow)
    yield go_on
    go_on.set()


def test_the_live_run_takes_the_recorded_ones_place_and_gives_it_back(trains):
    at = open_lesson(lesson(8), {**LM, "l8_lm_seed": "5", "l8_lm_step": "20"})
    check(at)
    shown = component(at, "l8_words")
    assert (shown["badge"], shown["step"], len(shown["frames"])) == ("recorded", 20, 41)
    assert any("seed 0 instead of 5" in element.value for element in at.caption)
    press(at, "l8_run")
    shown = _sees(at, 4)
    assert (shown["badge"], shown["step"], len(shown["frames"]), shown["horizon"]) == ("live", 4, 5, 40)
    press(at, "l8_stop")
    at.run()
    check(at)
    assert component(at, "l8_words")["horizon"] == 4
    assert any("Stopped after" in element.value for element in at.caption)
    press(at, "l8_back")
    assert component(at, "l8_words")["badge"] == "recorded"


def test_a_control_moved_in_mid_run_leaves_nothing_of_the_old_run(trains):
    at = open_lesson(lesson(8), {**LM, "l8_lm_seed": "6"})
    press(at, "l8_run")
    _sees(at, 4)
    first = at.session_state[live_run.TICKETS]["l8"]
    move(at, "l8_clip", 0.3)
    check(at)
    trains.set()
    second = at.session_state[live_run.TICKETS]["l8"]
    assert first.status().phase == "stopped"
    assert second.key != first.key
    shown = _sees(at, 40)
    assert (shown["badge"], len(shown["frames"])) == ("live", 41)
    assert any("last 5 of 40 updates" in element.value for element in at.caption)
    move(at, "l8_lens", "board")
    check(at)
    assert component(at, "l8_chart")["badge"] == "live"
    assert widget(at, "l8_run") is None


def test_the_whiteboard_offers_no_run_and_keeps_its_controls():
    at = open_lesson(lesson(8))
    check(at)
    assert widget(at, "l8_run") is None
    assert widget(at, "l8_lm_lr") is None
    assert widget(at, "l8_lr") is not None
    move(at, "l8_lens", "lm")
    check(at)
    assert widget(at, "l8_lm_lr") is not None
    assert widget(at, "l8_lr") is None
    assert widget(at, "l8_pin_button") is None
