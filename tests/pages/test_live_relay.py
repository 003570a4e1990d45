"""The live run of lesson 3 on the page: asked for, followed, stopped, and set beside the recorded one."""

from __future__ import annotations

import threading

import pytest

from core.lessons.catalogue import lesson
from core.stages import recorded
from core.ui import live_run
from tests.pages.driver import captions, check, move, open_lesson, over, press, widget

pytestmark = pytest.mark.skipif(lesson(3) is None, reason="lesson 3 is not in the catalogue")
WAIT = 10


def _recorded_again(config):
    """A live run that yields what was recorded, so that no test trains."""
    run = recorded.find(config.use_sft, config.use_reward_model)
    yield from (run.evaluations[0], *run.legs, *run.evaluations[1:-1], *run.updates, run.evaluations[-1])


def test_a_finished_run_stands_beside_the_recorded_one(monkeypatch):
    monkeypatch.setattr(recorded, "live", _recorded_again)
    at = open_lesson(lesson(3), {"l3_seed": "7", "l3_sft": "false"})
    check(at)
    assert "Live, seed" not in captions(at)
    press(at, "l3_run")
    over(at)
    assert "Live, seed 7" in captions(at)
    assert "no clear difference" in captions(at)
    kept = recorded.find(False, True)
    assert f"{abs(kept.evaluations[-1].gold_held_out):.2f}" in captions(at)


def test_a_run_is_followed_and_stopped(monkeypatch):
    go_on = threading.Event()

    def slow(config):
        run = recorded.find(True, True)
        yield run.evaluations[0]
        yield run.legs[0]
        go_on.wait(WAIT)
        yield run.legs[1]

    monkeypatch.setattr(recorded, "live", slow)
    at = open_lesson(lesson(3))
    press(at, "l3_run")
    assert widget(at, "l3_run") is None
    assert widget(at, "l3_stop") is not None
    assert live_run.training_queue().counts() == (1, 0)
    press(at, "l3_stop")
    go_on.set()
    at.run()
    check(at)
    assert "Stopped after" in captions(at)
    assert widget(at, "l3_run") is not None


def test_a_control_moved_while_it_plays_replaces_the_run(monkeypatch):
    go_on, begun = threading.Event(), []

    def slow(config):
        begun.append(config.seed)
        yield recorded.find(True, True).evaluations[0]
        go_on.wait(WAIT)
        yield from _recorded_again(config)

    monkeypatch.setattr(recorded, "live", slow)
    at = open_lesson(lesson(3), {"l3_seed": "31"})
    press(at, "l3_run")
    first = at.session_state[live_run.TICKETS]["l3"]
    move(at, "l3_seed", 32)
    check(at)
    assert first.status().phase == "stopped"
    assert at.session_state[live_run.TICKETS]["l3"].key != first.key
    go_on.set()
    over(at)
    assert begun == [31, 32]
    assert "Live, seed 32" in captions(at)
    assert "Live, seed 31" not in captions(at)


def test_the_third_waits_and_sees_its_place(monkeypatch):
    go_on = threading.Event()

    def blocked(config):
        go_on.wait(WAIT)
        yield from _recorded_again(config)

    monkeypatch.setattr(recorded, "live", blocked)
    people = [open_lesson(lesson(3), {"l3_seed": str(seed)}) for seed in (11, 12, 13)]
    for at in people:
        press(at, "l3_run")
    assert live_run.training_queue().counts() == (2, 1)
    places = [str(element.proto) for element in people[2].get("progress")]
    assert any("Place 1 in the queue" in text for text in places)
    go_on.set()
    for at in people:
        over(at)
        assert "Live, seed" in captions(at)


def test_a_run_that_fails_says_why_in_one_sentence(monkeypatch):
    def fails(config):
        raise ValueError("The weights base.safetensors are missing; rebuild them.")
        yield

    monkeypatch.setattr(recorded, "live", fails)
    at = open_lesson(lesson(3), {"l3_seed": "21"})
    press(at, "l3_run")
    over(at)
    assert any("weights base.safetensors are missing" in element.value for element in at.warning)
