"""Two routes side by side: bars and ticks glide, what stands still stands still."""

from __future__ import annotations

import pytest

from core.figures.step_lines import Line, Panel
from core.figures.two_routes import two_routes

PANELS = (Panel("a", (Line("DPO", (1.0, 0.5), "new"),)), Panel("b", (Line("PPO", (0.0, 64.0), "text", "dot"),)))


def chart(end_point=(0.2, 0.8), step=1):
    return two_routes(
        key="k", title="t", names=("left", "right"), ref_probs=(0.5, 0.5), direct_probs=((0.5, 0.5), (0.25, 0.75)),
        sampled_probs=((0.5, 0.5), (0.375, 0.625)), optimum_probs=(0.1, 0.9), end_point=end_point, panels=PANELS, step=step,
        horizon=60, lit=0, text="words",
    )  # fmt: skip


def test_both_policies_follow_the_frames_in_per_cent():
    shown = chart()
    assert shown.frames[1]["1"]["x"] == [25.0, 75.0]
    assert shown.frames[1]["2"]["x"] == [37.5, 62.5]
    assert [trace["name"] for trace in shown.figure["data"][:5]] == ["reference", "DPO", "PPO", "π*", "DPO's end"]
    assert {"0", "3", "4"}.isdisjoint(shown.frames[1])


def test_without_an_end_point_nothing_is_drawn_for_it():
    last = chart(end_point=None).figure["data"][4]
    assert last["x"] == [None, None]
    assert last["showlegend"] is False


@pytest.mark.parametrize("optimum, top", [((0.1, 0.9), 100), ((0.0, 1.0), 102), ((0.45, 0.55), 80)])
def test_the_axis_holds_every_mark(optimum, top):
    shown = two_routes(
        key="k", title="t", names=("left", "right"), ref_probs=(0.5, 0.5), direct_probs=((0.25, 0.75),), sampled_probs=((0.5, 0.5),),
        optimum_probs=optimum, end_point=None, panels=(Panel("a", (Line("DPO", (1.0,), "new"),)),) * 2, step=0, horizon=60,
        lit=None, text="words",
    )  # fmt: skip
    assert shown.figure["layout"]["xaxis"]["range"] == [0, top]
