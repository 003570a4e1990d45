"""Bars of a policy: what moves keeps its number of points, markers stand on their curves, and Plotly takes it."""

import plotly.graph_objects as go

from core.figures.palette import resolve
from core.figures.policy_bars import Curve, policy_bars

PROBS = ((0.5, 0.3, 0.2), (0.6, 0.2, 0.2), (0.7, 0.2, 0.1))


def chart(**other):
    given = {"curves": (Curve("reward", (0.1, 0.3)), Curve("gold", (0.0, -0.2))), **other}
    return policy_bars(
        key="k", title="t", names=("a", "<b>", "c"), probs=PROBS, text="words", badge="recorded", **given
    )


def test_bars_glide_on_the_outline_of_the_reference():
    drawn = chart()
    data = drawn.figure["data"]
    assert data[0]["x"] == [50.0, 30.0, 20.0]
    assert [frame["1"]["x"] for frame in drawn.frames] == [[50.0, 30.0, 20.0], [60.0, 20.0, 20.0], [70.0, 20.0, 10.0]]
    assert drawn.horizon == 2
    assert "<b>" not in drawn.figure["layout"]["yaxis"]["ticktext"]
    go.Figure({"data": resolve(data, "light"), "layout": resolve(drawn.figure["layout"], "light")})


def test_markers_stand_on_their_curves_and_wait_at_the_end():
    drawn = chart()
    assert [frame["3"] for frame in drawn.frames] == [
        {"x": [0], "y": [0.1]}, {"x": [1], "y": [0.3]}, {"x": [1], "y": [0.3]}]  # fmt: skip
    assert set(drawn.wide_only) == {2, 3, 4, 5}


def test_scores_and_optimum_are_drawn_where_they_are_given():
    drawn = chart(curves=(), scores=(1.0, 0.0, -2.0), optimum=(0.9, 0.05, 0.05))
    assert [trace["x"] for trace in drawn.figure["data"][2:]] == [[90.0, 5.0, 5.0], [1.0, 0.0, -2.0]]
    assert drawn.figure["layout"]["xaxis"]["range"][1] >= 90
