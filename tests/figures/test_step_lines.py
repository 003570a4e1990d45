"""Lines over the steps of a run: markers follow the frames, panels keep their places."""

from __future__ import annotations

import pytest

from core.figures.step_lines import Line, Panel, across, down, step_lines


def chart(panels=4, step=1, values=(0.0, 1.0, 4.0)):
    made = tuple(
        Panel(
            f"panel {number}",
            (Line("one", values, "chosen"), Line("two", tuple(-v for v in values), "rejected")),
            zero=True,
        )
        for number in range(panels)
    )
    return step_lines(key="k", title="t", panels=made, columns=2, step=step, horizon=60, text="words")


def test_the_marker_stands_on_its_line_at_every_step():
    shown = chart()
    data = shown.figure["data"]
    for step, frame in enumerate(shown.frames):
        assert len(frame) == 8
        for trace, arrays in frame.items():
            assert arrays["x"] == [step]
            assert arrays["y"] == [data[int(trace) - 1]["y"][step]]


def test_lines_are_told_apart_by_dash_and_marker_too():
    first, _, second, _ = chart(panels=1).figure["data"]
    assert first["line"]["dash"] != second["line"]["dash"]
    markers = [trace["marker"]["symbol"] for trace in chart(panels=1).figure["data"][1::2]]
    assert len(set(markers)) == 2


def test_a_phone_keeps_the_first_row_and_stacks_it():
    shown = chart()
    assert shown.wide_only == tuple(range(8, 16))
    assert shown.compact["xaxis.domain"] == shown.compact["xaxis2.domain"] == [0, 1]
    assert shown.compact["yaxis2.domain"][1] < shown.compact["yaxis.domain"][0]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_panels_do_not_overlap_and_stay_inside(count):
    for places in ([across(i, count) for i in range(count)], [down(i, count)[::-1] for i in range(count)][::-1]):
        ordered = [tuple(sorted(place)) for place in places]
        flat = [edge for place in sorted(ordered) for edge in place]
        assert flat == sorted(flat)
        assert flat[0] >= -1e-9
        assert flat[-1] <= 1 + 1e-9


def test_the_axis_holds_every_value_and_zero_where_it_is_asked_for():
    low, high = chart(values=(5.0, 6.0, 7.0)).figure["layout"]["yaxis"]["range"]
    assert low < -7 < 7 < high
    flat = step_lines(
        key="k", title="t", panels=(Panel("p", (Line("one", (3.0, 3.0), "text", "dot"),)),), columns=1, step=0, horizon=9, text="w"
    )  # fmt: skip
    low, high = flat.figure["layout"]["yaxis"]["range"]
    assert low < 3 < high
