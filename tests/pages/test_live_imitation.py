"""Lesson 2's live point on the page: asked for, trained in the queue, a star in the chart, and gone when it is put away."""

from __future__ import annotations

import pytest

from core.lessons.catalogue import lesson
from core.stages import imitation_live, recorded
from core.stages.recorded import Leg
from tests.pages.driver import captions, check, component, move, open_lesson, over, press, widget

pytestmark = pytest.mark.skipif(lesson(2) is None, reason="lesson 2 is not in the catalogue")


def test_a_point_is_trained_shown_and_put_away(monkeypatch):
    wanted = []

    def quick(config):
        wanted.append(config)
        yield Leg("sft", 1, 1, 0.5, 0.5)
        yield recorded.find(True, True).evaluations[0]

    monkeypatch.setattr(imitation_live, "point", quick)
    at = open_lesson(lesson(2), {"l2_n": "128", "l2_quality": "0.8", "l2_seed": "77"})
    check(at)
    assert "128 demonstrations of quality 0.8" in captions(at)
    press(at, "l2_run")
    over(at)
    assert [(c.n, c.quality, c.seed) for c in wanted] == [(128, 0.8, 77)]
    gold = recorded.find(True, True).evaluations[0].gold_held_out
    assert "**Live**, 128 demonstrations" in captions(at)
    assert f"{abs(gold):.2f}" in captions(at)
    shown = component(at, "l2_wall")
    assert (shown["badge"], shown["recordings"]) == ("live", ["all but your run"])
    press(at, "l2_back")
    assert "**Live**" not in captions(at)
    assert component(at, "l2_wall")["badge"] == "recorded"


def test_a_moved_control_leaves_no_point_of_other_settings_on_screen(monkeypatch):
    monkeypatch.setattr(
        imitation_live,
        "point",
        lambda config: iter([Leg("sft", 1, 1, 0.5, 0.5), recorded.find(True, True).evaluations[0]]),
    )
    at = open_lesson(lesson(2), {"l2_seed": "78"})
    press(at, "l2_run")
    over(at)
    assert "**Live**" in captions(at)
    move(at, "l2_seed", 79)
    check(at)
    assert "**Live**" not in captions(at)
    assert "seed 79" in captions(at)


def test_two_modes_have_nothing_to_train():
    at = open_lesson(lesson(2), {"l2_view": "modes"})
    check(at)
    assert widget(at, "l2_run") is None
    assert widget(at, "l2c_run") is None
