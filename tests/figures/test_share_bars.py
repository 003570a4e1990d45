"""Bars of shares: intervals, labels and axes follow the numbers."""

from __future__ import annotations

import pytest

from core.figures.share_bars import SHAPES, ShareBar, share_bars


def chart(bars, **more):
    return share_bars(key="k", title="t", bars=bars, text="words", axis="share", **more)


def test_each_interval_stands_on_its_own_bar():
    data = chart([ShareBar("a", 0.5, "good", (0.3, 0.7)), ShareBar("b", 0.1, "bad", (0.0, 0.4))]).figure["data"]
    assert data[0]["x"] == [0.5, 0.1]
    for whisker in data[1:3]:
        assert whisker["x"] == [0.3, 0.7, None, 0.0, 0.4, None]
        assert whisker["y"] == [0, 0, None, 1, 1, None]
    assert data[3]["x"] == [0.7, 0.4]
    assert data[3]["text"] == [" 50.0 %", " 10.0 %"]


def test_roles_are_told_apart_without_colour():
    bars = [ShareBar(role, 0.5, role) for role in SHAPES]
    assert len(set(chart(bars).figure["data"][0]["marker"]["pattern"]["shape"])) == len(SHAPES)


def test_a_mark_is_a_trace_of_its_own_and_the_label_keeps_clear_of_it():
    shown = chart([ShareBar("a", 0.1, mark=0.2), ShareBar("b", 0.05)], whole=False)
    assert shown.figure["data"][4]["x"] == [0.2]
    assert shown.figure["data"][3]["x"][0] > 0.2
    assert shown.figure["layout"]["xaxis"]["range"][1] > 0.2


@pytest.mark.parametrize(
    ("share", "written"), [(0, " 0 %"), (1, " 100.0 %"), (0.0123, " 1.2 %"), (1e-4, " 0.01 %"), (1e-9, " < 0.001 %")]
)
def test_little_is_not_shown_as_nothing(share, written):
    assert chart([ShareBar("a", share)]).figure["data"][3]["text"] == [written]
