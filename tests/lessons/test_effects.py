"""Sizes of effects: what intervals allow to say, the table in README, and the figures that were promised."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.lessons import effects
from core.stages.phenomena import recording, runner
from core.stages.phenomena.catalogue import EFFECTS, effect
from core.stages.phenomena.effect import SEEDS, Arm, Contrast, Effect
from core.stages.phenomena.recording import SeedRun

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- effects table -->", "<!-- /effects table -->"


def made(differences, expected):
    found = Effect("x", "X", "nothing", lambda bench: [], (Contrast("b − a", ("b", "v"), ("a", "v"), expected),))
    runs = [SeedRun(i, 0, 1.0, (Arm("a", {"v": 1.0}), Arm("b", {"v": 1.0 + d}))) for i, d in enumerate(differences)]
    return effects.sizes(found, recording.make(found, runs, {}, None))[0]


def test_a_verdict_follows_the_interval():
    assert made((0.1, 0.2, 0.15), +1).verdict == "as expected"
    assert made((0.1, 0.2, 0.15), -1).verdict == "the opposite of what was expected"
    assert made((0.1, 0.2, 0.15), 0).verdict == "above 0"
    assert made((0.3, -0.2, 0.1), +1).verdict == "not separable from 0"
    assert made((0.1, 0.2, 0.15), +1).seeds == "3 of 3"
    assert made((0.1, 0.2, 0.15), +1).text.startswith("+0.15 (")


def test_a_band_has_the_length_of_the_shortest_curve():
    means, lows, highs = effects.band([(1.0, 2.0, 3.0), (3.0, 4.0)])
    assert means == [2.0, 3.0]
    assert all(low < mean < high for low, mean, high in zip(lows, means, highs))
    assert effects.band([(1.0, 2.0)]) == ([], [], [])
    assert effects.band([]) == ([], [], [])


# --- the recordings that are shipped --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [found.key for found in EFFECTS])
def test_the_recording_fits_code_and_weights(key):
    found = recording.load(key)
    assert recording.faults(effect(key), found, runner.weights()) == ()
    assert {run.pretrained for run in found.runs} == set(runner.PRETRAINED)
    assert not any(run.broke for run in found.runs)
    assert found.quick is not None


def test_the_recordings_are_small_and_made_within_the_hour():
    total = sum(recording.path_of(found.key).stat().st_size for found in EFFECTS)
    assert total < 2_000_000
    seconds = sum(recording.load(found.key).cpu_seconds for found in EFFECTS)
    assert seconds / 2 < 3600  # on two cores


@pytest.mark.parametrize("key", ["over_optimisation", "over_optimisation_fresh"])
def test_the_recommended_leash_lifts_gold_and_no_leash_ends_below_its_own_start(key):
    lift, fall = (effects.recorded_sizes(key)[place] for place in (0, 2))
    assert "kl_coef 0.1, 40" in lift.contrast.label
    assert lift.interval.above >= 9
    assert "kl_coef 0, 70" in fall.contrast.label
    assert fall.interval.below >= 9
    assert lift.interval.n == fall.interval.n == len(SEEDS)


def test_readme_shows_the_table_as_it_is_now():
    shown = README.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip()
    assert shown == effects.markdown(), "run python -m core.lessons.effects and paste its output between the markers"


def test_a_seed_that_broke_down_is_left_out_of_the_sizes_but_not_of_the_recording():
    found = recording.load("over_optimisation")
    broken = replace(found, runs=(replace(found.runs[0], arms=(), broke="It broke down."), *found.runs[1:]))
    assert effects.sizes(effect("over_optimisation"), broken)[0].interval.n == len(SEEDS) - 1
    assert recording.faults(effect("over_optimisation"), broken, runner.weights()) == ()
