"""The grid of pairs and the raters' lines, by number."""

import numpy as np
import pytest

from core.figures.pair_grid import MarkKind, PairMark, pair_grid
from core.figures.rating_lines import rating_lines

KINDS = (MarkKind("agrees", "chosen"), MarkKind("clashes", "rejected", "star", 18), MarkKind("open", "muted"))


def _grid(kinds_of_marks):
    places = [(0, 1), (0, 2), (1, 2)]
    return pair_grid(
        key="k",
        title="t",
        rows=[("A <b>", "rated 3"), ("B", "rated 2"), ("C", "rated 1")],
        kinds=KINDS,
        marks=[PairMark(row, column, kind, "A & B") for (row, column), kind in zip(places, kinds_of_marks)],
        bars=[1.0, 0.0, -1.0],
        half_widths=[0.5, 0.25, 0.5],
        bar_title="strength",
        text="words",
    )


def test_every_kind_keeps_its_number_of_points():
    first, second = _grid([0, 0, 0]), _grid([1, 2, 0])
    for one, other in zip(first.figure["data"], second.figure["data"]):
        assert len(one["x"]) == len(other["x"])
    assert [trace["x"] for trace in second.figure["data"][:3]] == [[None, None, 2], [1, None, None], [None, 2, None]]
    assert [trace["showlegend"] for trace in first.figure["data"][:3]] == [True, False, False]


def test_whiskers_span_the_interval():
    whisker = _grid([0, 0, 0]).figure["data"][4]
    assert whisker["x"] == [0.5, 1.5, None, -0.25, 0.25, None, -1.5, -0.5, None]
    assert whisker["y"] == [0, 0, None, 1, 1, None, 2, 2, None]


def test_labels_are_harmless_and_bars_leave_the_phone():
    chart = _grid([0, 0, 0])
    assert chart.figure["layout"]["yaxis"]["ticktext"][0] == "1 A &lt;b&gt;<br>rated 3"
    assert chart.figure["data"][0]["text"][0] == "A &amp; B"
    assert chart.wide_only == (3, 4)
    assert chart.compact["xaxis.domain"] == [0, 1]


@pytest.mark.parametrize("picked", [0, 1])
def test_raters_stand_at_the_rating_they_give(picked):
    latent = np.array([[1.2, 2.2, 3.2], [4.0, 4.6, 5.2]])
    ratings = np.rint(latent)
    chart = rating_lines(
        key="k", title="t", utilities=(-1, 0, 1), items=("A", "B", "C"), latent=latent, ratings=ratings, picked=picked,
        pair=(2, 0), scale=(1, 7), text="words",
    )  # fmt: skip
    lines, dots, better, worse = chart.figure["data"][:2], *chart.figure["data"][2:]
    assert [line["y"] for line in lines] == latent.tolist()
    assert [line["showlegend"] for line in lines] == [picked == 0, picked == 1]
    assert dots["y"] == ratings[picked].tolist()
    assert better["text"] == ["", "", "1", "", "2", "", ""]
    assert worse["text"] == ["1", "", "", "2", "", "", ""]
    assert better["x"] == [1.0] * 7
