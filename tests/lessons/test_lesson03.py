"""Lesson 3: what it shows is what was recorded, what it says follows from that, and a live run goes through the queue."""

from __future__ import annotations

import math

import pytest

from core.lessons.lesson03 import LESSON, MEASURED, STAGES, compute
from core.lessons.lesson03_views import GROUPS
from core.stages import recorded
from core.statistics.difference import beyond_chance, difference
from core.world.behaviour import Behaviour

STEPS = range(len(STAGES))


def result(**changed):
    return compute({**LESSON.defaults(), **{f"l3_{key}": value for key, value in changed.items()}})


@pytest.mark.parametrize(("sft", "rm"), recorded.RUNNERS)
def test_each_pair_of_toggles_shows_its_own_recording(sft, rm):
    found = result(sft=sft, rm=rm, step=4)
    assert (found.run.use_sft, found.run.use_reward_model) == (sft, rm)
    assert found.complete == (sft and rm)
    config = found.live_config
    assert (config.use_sft, config.use_reward_model, config.seed, config.ppo.seed) == (sft, rm, 1, 1)
    assert config.ppo.kl_coef == found.run.settings["ppo"]["kl_coef"]
    assert config.labels.n_prompts == found.run.settings["labels"]["n_prompts"]


@pytest.mark.parametrize(("sft", "rm"), recorded.RUNNERS)
@pytest.mark.parametrize("view", ["gold", "behaviour", "text"])
def test_nothing_is_shown_before_the_baton_has_come(view, sft, rm):
    (chart,) = LESSON.figures(result(sft=sft, rm=rm, view=view))
    assert chart.badge == "recorded"
    assert chart.horizon == len(STAGES) - 1
    measured = [MEASURED[e.name] for e in result(sft=sft, rm=rm).run.evaluations]
    for step, frame in enumerate(chart.frames):
        reached = sum(position <= step for position in measured)
        bars = [arrays["y"] for trace, arrays in frame.items() if chart.figure["data"][int(trace)]["type"] == "bar"]
        for values in bars:
            assert [value is not None for value in values] == [k < reached for k in range(len(values))]


def test_bars_and_whiskers_are_the_recorded_means():
    found = result(step=4)
    (chart,) = LESSON.figures(found)
    held, whiskers, trained, _, _ = chart.figure["data"]
    for k, e in enumerate(found.run.evaluations):
        assert held["y"][k] == pytest.approx(e.gold_held_out, abs=1e-4)
        assert trained["y"][k] == pytest.approx(e.gold_train_items, abs=1e-4)
        low, high = whiskers["y"][3 * k : 3 * k + 2]
        assert (high - low) / 2 == pytest.approx(1.96 * e.gold_held_out_se, abs=1e-4)


def test_every_behaviour_belongs_to_one_band_and_bands_fill_the_bar():
    members = [member for _, _, group, _ in GROUPS for member in group]
    assert sorted(members) == sorted(Behaviour)
    for items in ("held", "trained"):
        (chart,) = LESSON.figures(result(step=4, view="behaviour", items=items))
        stacks = [trace["y"] for trace in chart.figure["data"] if trace["type"] == "bar"]
        for k in range(3):
            assert sum(values[k] for values in stacks) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize(("sft", "rm"), recorded.RUNNERS)
def test_what_it_says_of_the_end_is_true(sft, rm):
    found = result(sft=sft, rm=rm, step=4)
    said = LESSON.says(found)[0]
    after, before = found.run.evaluations[-1], found.run.evaluations[-2]
    gap, half = difference(after.gold_held_out, after.gold_held_out_se, before.gold_held_out, before.gold_held_out_se)
    assert ("beyond chance" in said) == beyond_chance(gap, half)
    assert ("The whole relay ends" in said) == (not found.complete)
    prediction = LESSON.predict(found)
    assert prediction.answer == (2 if not beyond_chance(gap, half) else 0 if gap > 0 else 1)
    assert prediction.revealed
    assert not LESSON.predict(result(sft=sft, rm=rm)).revealed


def test_the_lesson_of_the_relay_stands_in_the_recorded_numbers():
    """Which runners matter is measured; should a new recording say otherwise, the words on the page must be read again."""
    full, no_sft, no_reward, straight = (result(sft=s, rm=r, step=4) for s, r in recorded.RUNNERS)
    for less in (no_sft, no_reward, straight):
        gap, half = less.missing
        assert gap > half
    assert beyond_chance(*full.ppo_gain)
    assert not beyond_chance(*no_reward.ppo_gain)
    assert not beyond_chance(*straight.ppo_gain)


def test_a_leg_that_is_left_out_hands_over_nothing():
    for step in (1, 2, 3):
        found = result(sft=False, rm=False, step=step)
        assert found.reached[-1][1].name == "pretrained"
        assert "stays as it is" in LESSON.says(found)[0]
    table = LESSON.table(result(sft=False, rm=False, step=4))
    assert [row[1] for row in table.rows].count("left out") == 2


def test_counts_in_the_formula_add_up():
    found = result(step=2)
    handed = found.run.handed("reward_model").count
    labels = found.run.settings["labels"]
    possible = math.comb(labels["k"], 2) * labels["n_prompts"]
    text = " ".join(LESSON.formula(found).lines)
    assert f"= {possible}" in text
    assert f"= {handed}" in text
    assert 0 < handed <= possible


def test_ppos_leg_is_the_whole_recorded_leg_wherever_the_baton_is():
    found = result(view="updates", step=0)
    assert found.step == len(STAGES) - 1
    (chart,) = LESSON.figures(found)
    assert len(chart.figure["data"][0]["y"]) == found.run.settings["ppo"]["steps"]
    rows = LESSON.history(found)
    assert len(rows) == len(found.run.legs) + len(found.run.updates)


def test_difference_adds_errors_in_squares():
    gap, half = difference(1.0, 0.03, 0.4, 0.04)
    assert gap == pytest.approx(0.6)
    assert half == pytest.approx(1.96 * 0.05, abs=1e-4)
    assert beyond_chance(gap, half)
    assert not beyond_chance(-0.05, 0.06)
