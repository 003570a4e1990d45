"""The next-token chart: outline and bars, one frame a step, everything of its own length."""

from __future__ import annotations

import pytest

from core.figures.next_token import next_token
from core.figures.step_lines import Line, Panel

PROBS = ((0.1, 0.6, 0.3), (0.4, 0.4, 0.2), (0.95, 0.04, 0.01))


def chart(step=1, **changes):
    settings = {
        "key": "k",
        "title": "t",
        "tokens": ("the", "<end>", "9 others"),
        "probs": PROBS,
        "panels": (
            Panel("loss", (Line("this one", (2.3, 0.9, 0.05), "new"), Line("others", (2.0, 1.8, 2.2), "text", "dot"))),
            Panel("gold", (Line("this one", (0.0, 1.0, 1.0), "gold"),), zero=True),
        ),
        "step": step,
        "horizon": 20,
        "lit": 0,
        "text": "words",
    }
    return next_token(**{**settings, **changes})


@pytest.mark.parametrize("step", [0, 1, 2])
def test_the_outline_stays_and_the_bars_follow_the_step(step):
    outline, bars = chart(step).figure["data"][:2]
    assert outline["x"] == pytest.approx([10, 60, 30])
    assert bars["x"] == pytest.approx([100 * p for p in PROBS[step]])


def test_frames_set_the_bars_and_every_marker_and_never_the_outline():
    shown = chart()
    assert len(shown.frames) == len(PROBS)
    markers = [str(i) for i, trace in enumerate(shown.figure["data"]) if trace.get("mode") == "markers"]
    for number, frame in enumerate(shown.frames):
        assert set(frame) == {"1", *markers}
        assert frame["1"]["x"] == pytest.approx([100 * p for p in PROBS[number]])
        assert all(frame[marker]["x"] == [number] for marker in markers)


def test_markup_in_a_token_is_text():
    labels = chart().figure["layout"]["yaxis"]["ticktext"]
    assert labels == ["<b>the</b>", "&lt;end&gt;", "9 others"]


def test_without_a_lit_row_nothing_is_shaded():
    assert len(chart().figure["layout"]["shapes"]) == len(chart(lit=None).figure["layout"]["shapes"]) + 1


def test_certainty_always_has_the_same_length():
    assert chart(0).figure["layout"]["xaxis"]["range"] == chart(2).figure["layout"]["xaxis"]["range"] == [0, 102]
