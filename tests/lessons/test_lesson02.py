"""Lesson 2: what it says follows from intervals over seeds, whatever the seeds hold, and charts show what was reached."""

from __future__ import annotations

import math
import random
import re

import pytest

from core.lessons import lesson02
from core.lessons import lesson02_lab as lab
from core.lessons.lesson02 import LESSON, compute, with_live
from core.lessons.lesson02_params import BUDGETS, FORK
from core.lessons.lesson02_words import MOST, habit, regions
from core.stages.imitation_live import EXTRA, FEW, FIRST
from core.stages.phenomena import recording
from core.stages.phenomena.effect import Arm
from core.stages.phenomena.imitation import SFT_ON_CHOSEN, SFT_WALL
from core.stages.phenomena.recording import SeedRun
from core.statistics.over_seeds import over_seeds

LABELS = (0, *FEW, FIRST, *(FIRST + n for n in EXTRA))
ARMS = [
    "pretrained", "first demonstrations", *(f"{level} {n}" for level in lab.LEVELS for n in (*FEW, *EXTRA)),
    *(f"preferences {n}" for n in EXTRA),
]  # fmt: skip


def made_up(effect, arms, seed, seeds=5):
    """A recording of random numbers: sentences have to be right about any."""
    rng = random.Random(seed)
    centre = {arm: {name: rng.gauss(0, 0.4) for name in names} for arm, names in arms.items()}
    runs = [
        SeedRun(
            s,
            s % 3,
            1.0,
            tuple(Arm(arm, {k: v + rng.gauss(0, 0.2) for k, v in c.items()}) for arm, c in centre.items()),
        )
        for s in range(seeds)
    ]
    return recording.make(effect, runs, {}, None)


@pytest.fixture(params=range(6))
def records(request, monkeypatch):
    shift = ("chosen_before", "rejected_before", "chosen_change", "rejected_change", "rejected_raised")
    found = {
        "sft_wall": made_up(SFT_WALL, dict.fromkeys(ARMS, ("gold", "gold_trained", "tries")), request.param),
        "sft_on_chosen": made_up(SFT_ON_CHOSEN, dict.fromkeys(lesson02.STARTS, shift), request.param),
    }
    monkeypatch.setattr(lesson02, "recorded", {key: lab.Runs(runs) for key, runs in found.items()}.__getitem__)
    return found


def at(**changed):
    return compute({**LESSON.defaults(), **{f"l2_{key}": value for key, value in changed.items()}})


def sign_of(found, first, second, value):
    return over_seeds([run.values()[first][value] - run.values()[second][value] for run in found.runs]).sign


@pytest.mark.parametrize("side", ["held", "trained"])
@pytest.mark.parametrize("level", lab.LEVELS)
def test_who_is_ahead_is_what_the_seeds_say(records, level, side):
    value = "gold" if side == "held" else "gold_trained"
    result = at(level=level, side=side, step=BUDGETS - 1)
    said = LESSON.says(result)[1]
    for words, sign in (("comparisons are ahead at", 1), ("SFT wins** at", -1), ("not separable at", 0)):
        expected = [
            f"{FIRST + n:,}"
            for n in EXTRA
            if sign_of(records["sft_wall"], f"preferences {n}", f"{level} {n}", value) == sign
        ]
        clause = re.search(re.escape(words) + r" ([\d, and]+)[;(]", said)
        assert (re.findall(r"\d[\d,]*\d", clause.group(1)) if clause else []) == expected
    last = sign_of(records["sft_wall"], f"preferences {EXTRA[-1]}", f"{level} {EXTRA[-1]}", value)
    prediction = LESSON.predict(result)
    assert prediction.options[prediction.answer].split()[0] == {1: "comparisons", -1: "demonstrations", 0: "not"}[last]
    marks = [row[-1].endswith("*") for row in LESSON.table(result).rows[FORK + 1 :]]
    assert marks == [sign_of(records["sft_wall"], f"preferences {n}", f"{level} {n}", value) != 0 for n in EXTRA]


def test_a_change_is_named_only_where_the_interval_leaves_out_zero(records):
    result = at(step=BUDGETS - 1, pick=FORK - 1)
    change = sign_of(records["sft_wall"], f"mediocre {EXTRA[-1]}", f"mediocre {FEW[-1]}", "gold")
    said = LESSON.says(result)[2]
    assert ("not separable from where" in said, "gold rises" in said, "gold falls" in said) == (
        change == 0,
        change > 0,
        change < 0,
    )


@pytest.mark.parametrize("start", [0, 1])
def test_the_second_view_says_where_the_effect_is_not_there(records, start):
    name = lesson02.STARTS[start]
    change = over_seeds([run.values()[name]["rejected_change"] for run in records["sft_on_chosen"].runs])
    result = at(view="chosen", reveal=1, pair=2 * start + 1)
    said = " ".join(LESSON.says(result))
    assert ("rise too" in said, "**not there**" in said) == (change.sign > 0, change.sign < 0)
    assert LESSON.predict(result).answer == {1: 0, -1: 1, 0: 2}[change.sign]
    assert LESSON.table(result).lit == 2 * start + 1
    hidden = at(view="chosen", reveal=0, pair=2 * start + 1)
    assert hidden.picked == (name, "chosen")
    assert not LESSON.predict(hidden).revealed
    (chart,) = LESSON.figures(hidden)
    assert [trace["x"] for trace in chart.figure["data"] if trace.get("name") == "rejected"] == [[None], [None]]


def test_no_budget_is_drawn_before_its_step_and_numbers_are_the_means(records):
    result = at(level="both", dots=True)
    (chart,) = LESSON.figures(result)
    names = {trace.get("name"): k for k, trace in enumerate(chart.figure["data"])}
    for key in (*lab.LEVELS, "preferences"):
        road = result.roads[key]
        for step, frame in enumerate(chart.frames):
            arrays = frame[str(names[road.name])]
            seen = [k for k in road.at if k <= step]
            drawn = sorted({(x, y) for x, y in zip(arrays["x"], arrays["y"]) if y is not None})
            means = [sum(run.values()[road.arms[k]]["gold"] for run in records["sft_wall"].runs) / 5 for k in seen]
            assert [y for _, y in drawn] == pytest.approx(means, abs=1e-4)
    assert result.budgets == LABELS


def test_a_live_point_stands_at_its_place_and_nothing_else_moves(records):
    from core.stages import recorded

    measured = recorded.find(True, True).evaluations[0]
    for side, value in (("held", measured.gold_held_out), ("trained", measured.gold_train_items)):
        before = at(n=128, side=side)
        after = with_live(before, (measured,))
        star = LESSON.figures(after)[0].figure["data"][-1]
        assert star["marker"]["symbol"] == "star"
        assert (star["x"], star["y"]) == ([pytest.approx(math.log2(128))], [pytest.approx(value, rel=1e-4)])
        assert LESSON.figures(after)[0].figure["data"][:-1] == LESSON.figures(before)[0].figure["data"]
        assert LESSON.says(after) == LESSON.says(before)
    arm = Arm("from SFT", {"chosen_change": 1.5, "rejected_change": -2.5})
    stars = [t["x"] for t in LESSON.figures(with_live(at(view="chosen", reveal=1), (arm,)))[0].figure["data"]
             if t.get("marker", {}).get("symbol") == "star"]  # fmt: skip
    assert stars == [[1.5], [-2.5]]


def test_a_missing_recording_is_said_with_its_command(monkeypatch, tmp_path):
    monkeypatch.setattr(lab.recording, "load", lambda key: recording._load(tmp_path / f"{key}.json"))
    with pytest.raises(ValueError, match=r"core\.stages record sft_wall"):
        at()
    assert LESSON.figures(at(view="modes"))


def test_demonstrators_are_worth_a_mixture_of_ideal_and_flawed_answers():
    for held in (True, False):
        flawed, half, ideal = (lab.demonstrators(q, held) for q in (0.0, 0.5, 1.0))
        assert flawed.mean < half.mean < ideal.mean
        assert half.mean == pytest.approx((flawed.mean + ideal.mean) / 2)
        direct, error, _ = lab._demonstrated(0.5, held)
        assert abs(half.mean - direct) < 3 * math.hypot(error, half.half / 1.96)


@pytest.mark.parametrize("start", [-2.0, 0.0, 0.5, 2.0])
@pytest.mark.parametrize("separation", [0.0, 2.0, 5.0])
def test_committed_is_said_of_a_policy_with_nine_tenths_on_one_side(separation, start):
    result = at(view="modes", sep=separation, start=start, descent=30)
    for said, step in zip(LESSON.says(result), (result.forward, result.reverse)):
        left, _, right = regions(result, step.probs)
        assert ("committed to the left" in said, "committed to the right" in said) == (left >= MOST, right >= MOST)
    assert sum(regions(result, result.descents.target)) == pytest.approx(1.0)
    assert LESSON.predict(result).answer == habit(result, result.descents.reverse[-1])


@pytest.mark.parametrize("state", [{"view": "modes", "descent": 7}, {"view": "chosen", "reveal": 1}])
def test_the_other_views_scripts_print_their_numbers(records, state, capsys):
    result = at(**state)
    exec(compile(LESSON.snippet(result), "snippet", "exec"), {"__name__": "__main__"})
    printed = capsys.readouterr().out
    numbers = (
        [result.forward.kl, result.reverse.kl, result.reverse.mean]
        if state["view"] == "modes"
        else [result.change(*row).interval.low for row in result.rows]
    )
    assert all(f"{number:.6f}" in printed for number in numbers)
