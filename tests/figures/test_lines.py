"""Lines over one axis: the names of vertical marks do not run into each other."""

from __future__ import annotations

import pytest

from core.figures.lines import Line, lines


@pytest.mark.parametrize(
    ("places", "log_x", "levels"),
    [
        ((8, 14), False, [0, 1]),
        ((8, 40), False, [0, 0]),
        ((8, 14, 20), False, [0, 1, 2]),
        ((1, 30), True, [0, 0]),
        ((), False, []),
    ],
)
def test_names_of_close_marks_stand_one_below_the_other(places, log_x, levels):
    line = Line("one", (1.0, 30.0, 60.0), (0.0, 1.0, 2.0), "new")
    marks = [(float(place), f"mark {place}") for place in places]
    chart = lines(key="k", title="t", series=[line], x_title="x", y_title="y", text="words", marks=marks, log_x=log_x)
    shifts = [note["yshift"] for note in chart.figure["layout"]["annotations"]]
    assert [shift < 0 for shift in shifts] == [level > 0 for level in levels]
    assert sorted(shifts, reverse=True) == shifts
