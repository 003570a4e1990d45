"""The chart of the clipped objective: it shows what it is given, and moves only by its points."""

from __future__ import annotations

import plotly.graph_objects as go
import pytest

from core.figures.palette import resolve
from core.figures.surrogate import Branches, surrogate_chart

NAMES = ("good", "<b>bad</b>", "never drawn")
RATIOS = (0.5, 0.8, 1.0, 1.2, 1.6)
FAN = ((1.0, 1.6, 2.0, 2.4, 2.4), (-0.8, -0.8, -1.0, -1.2, -1.6), (0.5, 0.8, 1.0, 1.2, 1.2))
POINTS_SEEN = (
    ((1.0, 1.0, 1.0), (2.0, -1.0, 1.0)),
    ((1.3, 0.7, 1.1), (2.4, -0.8, 1.1)),
    ((1.5, 0.6, 1.1), (2.4, -0.8, 1.1)),
)


def chart(picked=0, step=1, flat=((1.2, 1.6),), edges=(0.8, 1.2)):
    return surrogate_chart(
        key="k",
        title="t",
        names=NAMES,
        picked=picked,
        drawn=(True, True, False),
        advantages=(2.0, -1.0, 1.0),
        fan_ratios=RATIOS,
        fan=FAN,
        branches=Branches(RATIOS, (1.0, 1.6, 2.0, 2.4, 3.2), (1.6, 1.6, 2.0, 2.4, 2.4), FAN[picked], flat),
        points=POINTS_SEEN,
        reach=(-1.6, 3.2),
        edges=edges,
        step=step,
        horizon=2,
        text="words",
    )


@pytest.mark.parametrize("picked", [0, 1, 2])
@pytest.mark.parametrize("step", [0, 1, 2])
def test_frames_hold_every_response_and_the_picked_one_apart(picked, step):
    shown = chart(picked, step)
    assert len(shown.frames) == 3
    for frame, (ratios, values) in zip(shown.frames, POINTS_SEEN):
        assert frame["5"] == {"x": list(ratios), "y": list(values)}
        assert frame["6"] == {"x": [ratios[picked]], "y": [values[picked]]}
    data = shown.figure["data"]
    assert {axis: data[5][axis] for axis in "xy"} == shown.frames[step]["5"]
    assert {axis: data[6][axis] for axis in "xy"} == shown.frames[step]["6"]


def test_the_picked_curve_has_both_branches_and_the_others_are_behind_it():
    lines = {trace["name"]: trace for trace in chart().figure["data"] if trace["mode"] == "lines"}
    assert lines["free: ρA"]["y"][-1] == 3.2
    assert lines["held: clip(ρ)A"]["y"][0] == 1.6
    assert lines["the smaller one"]["y"] == list(FAN[0])
    others = [trace["y"] for trace in lines.values() if not trace["showlegend"]]
    assert others == [list(FAN[1]), list(FAN[2])]


def test_a_click_on_a_point_names_a_response_and_no_line_can_be_clicked():
    shown = chart()
    assert shown.pick_trace == 5
    for number, trace in enumerate(shown.figure["data"]):
        assert (trace.get("hoverinfo") == "skip") == (number != 5)


def test_flat_regions_are_shaded_as_given():
    def bands(shown):
        return [(shape["x0"], shape["x1"]) for shape in shown.figure["layout"]["shapes"] if shape["type"] == "rect"]

    assert bands(chart()) == [(1.2, 1.6)]
    assert bands(chart(flat=())) == []
    assert bands(chart(flat=((0.5, 1.6),))) == [(0.5, 1.6)]
    words = [note["text"] for note in chart().figure["layout"]["annotations"]]
    assert words.count("flat: gradient 0") == 1
    narrow = [note["text"] for note in chart(flat=((1.5, 1.6),)).figure["layout"]["annotations"]]
    assert "flat:<br>gradient 0" in narrow


def test_edges_outside_the_picture_are_left_out():
    assert [n["text"] for n in chart(edges=(0.2, 1.8), flat=()).figure["layout"]["annotations"]] == []
    assert [n["text"] for n in chart(flat=()).figure["layout"]["annotations"]] == ["1 − ε", "1 + ε"]


def test_what_was_not_drawn_is_hollow_and_names_are_harmless():
    points = chart().figure["data"][5]
    assert points["marker"]["symbol"] == ["circle", "circle", "circle-open"]
    assert points["text"] == ["<b>good</b>", "&lt;b&gt;bad&lt;/b&gt;", "never drawn"]
    assert chart(picked=2).figure["data"][6]["marker"]["symbol"] == "circle-open"


def test_names_stand_where_there_is_room_at_every_step():
    sides = chart().figure["data"][5]["textposition"]
    # The good answer walks to the right, so its name is on its left; the bad one the other way round.
    assert sides == ["top left", "top right", "top left"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_plotly_accepts_it(theme):
    figure = go.Figure(resolve(chart().figure, theme))
    assert len(figure.data) == 7
