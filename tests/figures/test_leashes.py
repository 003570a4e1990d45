"""The chart of the four runs: what tells them apart, and what moves."""

from __future__ import annotations

import plotly.graph_objects as go
import pytest

from core.figures.leashes import RunLine, leashes_chart
from core.figures.palette import resolve

RUNS = (
    RunLine("neither", False, False, (0.0, 0.4, 0.2), (0.0, 0.4, 0.9)),
    RunLine("clip only", True, False, (0.0, 0.1, 0.1), (0.0, 0.1, 0.3)),
    RunLine("KL only", False, True, (0.0, 0.4, 0.1), (0.0, 0.4, 0.5)),
    RunLine("both", True, True, (0.0, 0.1, 0.05), (0.0, 0.1, 0.2)),
)


def chart(step=1, chosen=3, optimum_kl=0.6):
    return leashes_chart(
        key="k", title="t", runs=RUNS, chosen=chosen, optimum_kl=optimum_kl, step=step, horizon=20, text="words"
    )


def test_every_pair_of_runs_differs_in_colour_or_dash_and_in_its_marker():
    data = chart().figure["data"]
    looks = {(trace["line"]["color"], trace["line"]["dash"]) for trace in data[:8]}
    assert len(looks) == 4
    assert len(set(data[8]["marker"]["symbol"])) == 4
    assert data[8]["marker"]["symbol"] == data[9]["marker"]["symbol"]


def test_dots_stand_on_the_lines_at_the_step_shown():
    shown = chart(step=2)
    assert len(shown.frames) == 3
    for k, frame in enumerate(shown.frames):
        assert frame["8"] == {"x": [k] * 4, "y": [run.to_old[k] for run in RUNS]}
        assert frame["9"] == {"x": [k] * 4, "y": [run.to_ref[k] for run in RUNS]}
    assert shown.figure["data"][8]["y"] == shown.frames[2]["8"]["y"]


def test_the_chosen_run_is_the_thickest():
    for chosen in range(4):
        widths = [trace["line"]["width"] for trace in chart(chosen=chosen).figure["data"][:8]]
        assert {number for number, width in enumerate(widths) if width == max(widths)} == {2 * chosen, 2 * chosen + 1}


def test_the_optimum_lies_within_the_second_panel():
    layout = chart(optimum_kl=5.0).figure["layout"]
    assert layout["shapes"][0]["y0"] == 5.0
    assert layout["yaxis2"]["range"][1] > 5.0
    assert layout["yaxis"]["range"][1] < 1.0


def test_runs_that_have_not_moved_still_have_an_axis():
    flat = tuple(RunLine(run.name, run.clip, run.kl, (0.0,), (0.0,)) for run in RUNS)
    shown = leashes_chart(key="k", title="t", runs=flat, chosen=0, optimum_kl=0.0, step=0, horizon=20, text="words")
    for axis in ("yaxis", "yaxis2"):
        low, high = shown.figure["layout"][axis]["range"]
        assert low < 0 < high


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_plotly_accepts_it(theme):
    figure = go.Figure(resolve(chart().figure, theme))
    assert len(figure.data) == 10
    for path, value in chart().compact.items():
        figure.layout[path] = resolve(value, theme)
