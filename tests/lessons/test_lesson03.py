"""Lesson 3: what it shows is what was recorded, what it says follows from that, and a live run goes through the queue."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from core.lessons import lesson03_words as words
from core.lessons.lesson03 import LESSON, MEASURED, STAGES, compute
from core.lessons.lesson03_views import GROUPS
from core.lessons.text import plain
from core.stages import recorded
from core.statistics.difference import beyond_chance, difference
from core.statistics.over_seeds import over_seeds
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
    held, whiskers, trained = chart.figure["data"][:3]
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


def made_up(seeds, spread, seed=0):
    """The recorded relays at more seeds, their measurements moved at random: sentences have to be right about any."""
    rng = random.Random(seed)
    runs = []
    for run in [recorded.find(*use) for use in recorded.RUNNERS]:
        for number in range(seeds):
            moved = tuple(
                replace(e, gold_held_out=e.gold_held_out + rng.gauss(0, spread) * (number > 0)) for e in run.evaluations
            )
            settings = {**run.settings, "seed": number}
            runs.append(replace(run, settings=settings, evaluations=moved, whole=number == 0))
    return tuple(runs)


@pytest.fixture(params=[(1, 0.0), (5, 0.05), (5, 1.0), (2, 0.5)])
def relays(request, monkeypatch):
    runs = made_up(*request.param)
    monkeypatch.setattr(recorded, "load", lambda path=recorded.RECORDED: runs)
    return runs


@pytest.mark.parametrize(("sft", "rm"), recorded.RUNNERS)
def test_what_it_says_of_the_end_is_what_the_seeds_allow(relays, sft, rm):
    found = result(sft=sft, rm=rm, step=4)
    said = LESSON.says(found)
    mine = [run for run in relays if (run.use_sft, run.use_reward_model) == (sft, rm)]
    gains = [run.evaluations[-1].gold_held_out - run.evaluations[-2].gold_held_out for run in mine]
    if len(mine) > 1:
        interval = over_seeds(gains)
        gap, half = interval.mean, interval.half
        assert f"({len(mine)} seeds: " in said[0]
        assert ("not separable from 0)" in said[0].split(" The followed")[0]) == (not interval.separable)
        assert f"over {len(mine)} seeds “PPO”" in said[2]
    else:
        gap, half = found.ppo_gain
        assert ("beyond chance" in said[0]) == beyond_chance(gap, half)
        assert "by sampling alone" in said[2]
    assert ("The whole relay ends" in said[0]) == (not found.complete)
    prediction = LESSON.predict(found)
    assert prediction.answer == (2 if not beyond_chance(gap, half) else 0 if gap > 0 else 1)
    assert prediction.revealed
    assert not LESSON.predict(result(sft=sft, rm=rm)).revealed


def test_every_seed_has_its_ring_where_its_stage_was_reached(relays):
    found = result(step=1)
    (chart,) = LESSON.figures(found)
    rings = [trace for trace in chart.figure["data"] if trace.get("name") == "one seed"]
    seeds = len(relays) // len(recorded.RUNNERS)
    assert len(rings) == (2 if seeds > 1 else 0)
    for trace, side in zip(rings, ("gold_held_out", "gold_train_items")):
        drawn = [value for value in trace["y"] if value is not None]
        expected = [getattr(run.evaluations[stage], side) for stage in (0, 1) for run in found.seeds]
        assert drawn == pytest.approx(expected, abs=1e-4)


def test_what_a_missing_runner_costs_is_paired_by_seed(relays):
    found = result(rm=False, step=4)
    if found.missing_over_seeds is None:
        return
    ends = [
        full.evaluations[-1].gold_held_out - cut.evaluations[-1].gold_held_out
        for full, cut in zip(found.full_seeds, found.seeds, strict=True)
    ]
    assert found.missing_over_seeds == over_seeds(ends)
    said = LESSON.says(found)[0].split("The whole relay ends ")[1]
    assert said.startswith("no higher") == (not over_seeds(ends).separable)


def test_the_lesson_of_the_relay_stands_in_the_recorded_numbers():
    """Which runners matter is measured; should a new recording say otherwise, the words on the page must be read again."""
    full, no_sft, no_reward, straight = (result(sft=s, rm=r, step=4) for s, r in recorded.RUNNERS)
    for less in (no_sft, no_reward, straight):
        gap, half = less.missing
        assert gap > half
    assert beyond_chance(*full.ppo_gain)
    assert not beyond_chance(*no_reward.ppo_gain)
    assert not beyond_chance(*straight.ppo_gain)


@pytest.mark.parametrize(("sft", "rm"), recorded.RUNNERS)
def test_what_each_stage_did_to_the_followed_prompt_is_told_with_its_own_texts(sft, rm):
    for step in range(5):
        found = result(sft=sft, rm=rm, step=step)
        said = LESSON.says(found)[0]
        (prompt, now, _), changed = words.followed(found, found.now), "and is “" in said
        assert changed == (step == 4 or (step == 1 and sft))
        if step == 0:
            assert plain(prompt) in said
        if changed:
            assert f"was “{plain(words.followed(found, found.before)[1] or '(nothing)')}”" in said
            assert f"and is “{plain(now or '(nothing)')}”" in said
        assert ("high scores likelier" in said) == (step == 4 and rm)
        assert "and is “" not in LESSON.says(result(sft=sft, rm=rm, step=step, view="text"))[0]


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
