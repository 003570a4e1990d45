"""Charts of the workbench: numbers arrive where they should, user text stays text, and each chart can be read without seeing it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from core.figures.interval_dots import Dot, interval_dots
from core.figures.palette import resolve
from core.figures.pipeline_agreement import Estimate, agreement_chart
from core.figures.pipeline_bias import Share, gold_chart, length_chart, position_chart
from core.figures.pipeline_budget import budget_chart, nice_ticks
from core.figures.pipeline_effect import effect_chart
from core.figures.pipeline_power import power_chart
from core.figures.pipeline_ranking import Place, ranking_chart

NASTY = "<img src=x onerror=1> & @new"


def dots():
    return [Dot("a", 0.2, (0.1, 0.4)), Dot(NASTY, 2.0, None, "optimum", "12 pairs")]


def agreement():
    rows = [
        Estimate("same label", 0.7, (0.6, 0.8), 40, False),
        Estimate("α", math.nan, None, 40, True),
        Estimate(NASTY, -0.3, None, 1, True),
    ]
    return agreement_chart(rows, sentence="Every pair was a tie.")


def length():
    share = Share("", 3, 4, (0.3, 0.95))
    return length_chart(
        doublings=(-2, 0, 2), chance=(0.2, 0.5, 0.8), bins=[(-1.0, share), (1.5, share)], sentence="Longer wins."
    )


def budget():
    runs = np.linspace(0.6, 0.9, 28).reshape(4, 7)
    amounts = tuple(np.geomspace(48, 2000, 7))
    return budget_chart(
        accuracy={"rows": runs, "overlap": runs - 0.05, "refresh": runs + 0.05},
        places=dict.fromkeys(("rows", "overlap", "refresh"), amounts),
        x_title="budget, EUR",
        labeller=0.8,
    )


def effect(step=2):
    policy = [(0.5, 0.5), (0.6, 0.4), (0.7, 0.3)]
    line = (0.0, 0.1, 0.2)
    return effect_chart(
        names=("good", NASTY), dpo=policy, ppo=policy, optimum=(0.8, 0.2), dpo_end=None,
        dpo_kl=line, ppo_kl=line, dpo_reward=line, ppo_reward=line, step=step,
    )  # fmt: skip


def ranking():
    return ranking_chart(
        [Place(NASTY, 0.5, (-0.2, 1.2), 1, (1, 2), 0.7, 4), Place("b", -0.5, (-1.2, 0.2), 2, (2, 2), 0.3, 0)]
    )


def power():
    return power_chart(
        sizes=(5, 50, 500), power=(0.1, 0.4, 0.9), false_alarm=(0.01, 0.04, 0.05), goal=0.8, planned=383, own=600
    )


CHARTS = {
    "dots": lambda: interval_dots(key="k", title="t", dots=dots(), axis="x", text="words", reach=(0, 1), marks=((0.5, "half"),)),
    "agreement": agreement,
    "position": lambda: position_chart([Share("all", 6, 10, (0.3, 0.83)), Share(NASTY, 1, 2, (0.1, 0.9))]),
    "gold": lambda: gold_chart([Share(NASTY, 2, 2, (0.34, 1.0))], goal=0.8),
    "length": length,
    "budget": budget,
    "ranking": ranking,
    "power": power,
    "effect": effect,
}  # fmt: skip


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_plain_data_with_words_and_without_markup(name):
    chart = CHARTS[name]()
    sent = json.dumps([chart.figure, chart.frames], allow_nan=False)
    assert "<img" not in sent
    assert len(chart.text) > 4
    assert "nan" not in chart.text
    for theme in ("light", "dark"):
        resolve(chart.figure, theme)


def test_dots_cover_their_intervals():
    chart = CHARTS["dots"]()
    low, high = chart.figure["layout"]["xaxis"]["range"]
    assert low <= 0 < 2.0 <= high
    assert chart.figure["data"][0]["x"][:3] == [0.1, 0.4, None]
    assert chart.figure["data"][1]["marker"]["symbol"] == ["pentagon", "diamond"]


def test_what_has_no_value_is_not_drawn():
    chart = agreement()
    assert len(chart.figure["data"][1]["x"]) == 2
    assert "Every pair was a tie." in chart.text
    assert agreement_chart([Estimate("α", math.nan, None, 1, True)]) is None
    assert position_chart([]) is None
    assert gold_chart([Share("a", 0, 0, (0, 1))]) is None


def test_budget_lines_have_the_middle_of_the_seeds():
    chart = budget()
    bands = [trace for trace in chart.figure["data"] if trace.get("fill")]
    assert len(bands) == 3
    assert "one labeller" in [trace.get("name") for trace in chart.figure["data"]]
    assert chart.figure["layout"]["xaxis"]["ticktext"] == ["50", "100", "200", "500", "1,000", "2,000"]


@pytest.mark.parametrize(("low", "high", "ticks"), [(5, 20, [5, 10, 20]), (61, 80, [61, 80]), (0.4, 3, [0.5, 1, 2])])
def test_ticks_are_round(low, high, ticks):
    assert nice_ticks(low, high) == pytest.approx(ticks)


def test_marks_on_the_logarithmic_axis_stand_where_their_lines_do():
    layout = power().figure["layout"]
    assert [note["x"] for note in layout["annotations"]] == pytest.approx([math.log10(383), math.log10(600)])
    assert [shape["x0"] for shape in layout["shapes"]] == [383, 600]


def test_the_effect_can_be_played():
    chart = effect(9)
    assert (chart.step, chart.horizon, len(chart.frames)) == (2, 2, 3)
    assert "70 % with DPO" in chart.text
    assert chart.illustrations == ("starting chances",)


def test_a_candidate_that_nobody_judged_looks_different():
    assert ranking().figure["data"][1]["marker"]["symbol"] == ["pentagon", "square-open"]
    assert "never judged" in ranking().text
