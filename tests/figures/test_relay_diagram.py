"""The relay's drawing: everything has a place on both screens, arrows end at boxes, what is cut looks cut, names are text."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import plotly.graph_objects as go
import pytest

from core.figures.memory_bars import MemoryBar, memory_bars
from core.figures.order_board import BoardPiece, order_board
from core.figures.palette import resolve
from core.figures.relay_diagram import TALL, WIDE, Arrow, Box, relay_diagram
from core.lessons.lesson09_arrows import ARROWS, BOXES


def drawn(picked=2, state="flows", score="last"):
    arrows = [Arrow(a.key, a.name, "12 things", score, state if k == picked else "flows") for k, a in enumerate(ARROWS)]
    boxes = [Box(key, name, "1 MB", kept=True) for key, name in BOXES.items()]
    return relay_diagram(
        key="k", title="t", boxes=boxes, arrows=arrows, picked=picked, text="x", badge="live", illustrations=("the drawing",)
    )  # fmt: skip


def test_boxes_and_arrows_have_a_place_on_both_screens():
    for drawing in (WIDE, TALL):
        assert set(drawing.boxes) == set(BOXES)
        assert set(drawing.routes) == {arrow.key for arrow in ARROWS}


def _away(drawing, box, place):
    """How far a place lies from the edge of a box, in units of the drawing."""
    x, y, half = drawing.boxes[box]
    return math.hypot(max(abs(place[0] - x) - half, 0), max(abs(place[1] - y) - drawing.half_height, 0))


@pytest.mark.parametrize("drawing", [WIDE, TALL], ids=["wide", "tall"])
@pytest.mark.parametrize("arrow", ARROWS, ids=lambda arrow: arrow.key)
def test_an_arrow_runs_from_its_own_box_to_its_own_box(drawing, arrow):
    corners = drawing.routes[arrow.key].corners
    assert _away(drawing, arrow.tail, corners[0]) < 1
    assert _away(drawing, arrow.head, corners[-1]) < 1
    # Its disc lies on it, and no disc lies in a box.
    disc = drawing.routes[arrow.key].disc
    ways = [math.dist(a, disc) + math.dist(disc, b) - math.dist(a, b) for a, b in pairwise(corners)]
    assert min(ways) < 0.5
    assert all(_away(drawing, box, disc) > 0 for box in drawing.boxes)


@pytest.mark.parametrize("drawing", [WIDE, TALL], ids=["wide", "tall"])
def test_boxes_keep_apart_and_inside(drawing):
    places = list(drawing.boxes.values())
    for k, (x, y, half) in enumerate(places):
        assert drawing.x_range[0] < x - half < x + half < drawing.x_range[1]
        assert drawing.y_range[0] < y - drawing.half_height < y + drawing.half_height < drawing.y_range[1]
        for other, above, wide in places[k + 1 :]:
            assert abs(x - other) > half + wide or abs(y - above) > 2 * drawing.half_height


def test_a_click_reports_the_arrow_on_either_screen_and_the_ring_is_there():
    chart = drawn(picked=4)
    discs, ring, small, small_ring = chart.figure["data"]
    assert len(discs["x"]) == len(small["x"]) == len(ARROWS)
    assert chart.pick_trace == 2
    assert chart.wide_only == (0, 1)
    for many, one in ((discs, ring), (small, small_ring)):
        assert (one["x"], one["y"]) == ([many["x"][4]], [many["y"][4]])


def test_only_what_is_cut_looks_cut():
    whole, cut = json.dumps(drawn().figure), drawn(state="cut").figure
    assert "✂" not in whole
    assert "@bad" not in whole
    assert cut["data"][0]["text"].count("✂") == 1
    assert sum("✂" in note["text"] for note in cut["layout"]["annotations"]) == 1


def test_words_are_text_and_plotly_takes_both_screens():
    chart = drawn(score="<b>1 & 2</b>")
    assert "<b>1 & 2" not in json.dumps(chart.figure)
    figure = go.Figure(resolve(chart.figure, "dark"))
    for path, value in chart.compact.items():
        if path != "height":
            figure.layout[path] = resolve(value, "dark")
    assert len(figure.layout.annotations) == len(BOXES) + 2 * len(ARROWS)


def test_a_piece_stands_in_its_slot_or_waits_in_its_row():
    pieces = [
        BoardPiece("a", "x", 1, "placed"),
        BoardPiece("b", "y", None, "waiting"),
        BoardPiece("c", "z", 0, "early"),
    ]
    data = order_board(key="k", title="t", pieces=pieces, text="x").figure["data"]
    assert [trace["y"] for trace in data] == [[1], [1], [0]]
    assert data[0]["x"] == data[2]["x"] != data[1]["x"]
    assert len({trace["marker"]["symbol"] for trace in data}) == 3


def test_bytes_are_drawn_in_the_unit_that_is_named():
    bars = [MemoryBar("a", (4e9, 4e9, 8e9), "16 GB"), MemoryBar("b", (4e9, 0, 0), "4 GB")]
    figure = memory_bars(key="k", title="t", bars=bars, unit=("GB", 1e9), text="x").figure
    assert [trace["x"] for trace in figure["data"]] == [[4, 4], [4, 0], [8, 0], [16, 4]]
    assert figure["layout"]["xaxis"]["title"]["text"] == "GB"
