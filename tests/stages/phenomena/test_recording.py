"""Recordings of effects: what is kept reads back, what no longer fits is said, and a changed sign is a fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.stages.phenomena import recording
from core.stages.phenomena.bench import Bench
from core.stages.phenomena.catalogue import EFFECTS, effect
from core.stages.phenomena.effect import SEEDS, Arm, Contrast, Effect
from core.stages.phenomena.leash import smoothed
from core.stages.phenomena.recording import SeedRun
from core.stages.phenomena.runner import compare

WEIGHTS = {"0": "abc"}


def _run(bench: Bench) -> list[Arm]:
    return []


SMALL = Effect(
    "small",
    "A small effect",
    "nothing is run",
    _run,
    (Contrast("b − a", ("b", "gold"), ("a", "gold"), +1), Contrast("a", ("a", "gold"), None, 0)),
)


def seed_run(seed: int, b: float = 0.5) -> SeedRun:
    arms = (
        Arm("a", {"gold": 0.123456789}),
        Arm("b", {"gold": b}, {"proxy": (0.1, 0.23456789)}, (("Who?", "Nobody."),)),
    )
    return SeedRun(seed, seed % 3, 1.5, arms)


@pytest.fixture
def recorded():
    return recording.make(SMALL, [seed_run(seed) for seed in reversed(SEEDS)], WEIGHTS, seed_run(0))


def test_a_recording_reads_back(recorded, tmp_path):
    path = recording.save(recorded, tmp_path)
    again = recording.load("small", tmp_path)
    assert path.read_text(encoding="utf-8").count("\n") == len(SEEDS) + 2  # one line a seed
    assert again is not None
    assert again.arm("a", "gold") == [0.123457] * len(SEEDS)
    assert again.curves("b", "proxy")[0] == (0.1, 0.2346)
    assert again.runs[3].arms[1].texts == (("Who?", "Nobody."),)
    assert again.cpu_seconds == 15.0
    assert recording.faults(SMALL, again, WEIGHTS) == ()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": "small"}'])
def test_a_missing_or_damaged_file_is_no_recording(text, tmp_path):
    assert recording.load("none", tmp_path) is None
    recording.path_of("small", tmp_path).write_text(text, encoding="utf-8")
    assert recording.load("small", tmp_path) is None
    assert "can be read" in recording.faults(SMALL, None, WEIGHTS)[0]


def test_what_no_longer_fits_is_said(recorded):
    def said(**changes):
        return " ".join(recording.faults(SMALL, replace(recorded, **changes), WEIGHTS))

    assert "other weights" in said(weights={"0": "xyz"})
    assert "stage code" in said(code_version=-1)
    assert "other settings" in said(settings={})
    assert "seed is missing" in said(runs=recorded.runs[1:])
    bare = replace(recorded.runs[0], arms=recorded.runs[0].arms[:1])
    assert "Seed 0 lacks" in said(runs=(bare, *recorded.runs[1:]))
    assert said(runs=(replace(bare, broke="It broke down."), *recorded.runs[1:])) == ""


def test_a_quick_check_is_equal_or_has_the_same_sign():
    assert compare(SMALL, seed_run(0), seed_run(0)) == ("run again: equal in every number", "")
    note, fault = compare(SMALL, seed_run(0, 0.5), seed_run(0, 0.4))
    assert "then" in note
    assert fault == ""
    assert "changed its sign" in compare(SMALL, seed_run(0, 0.5), seed_run(0, 0.0))[1]
    assert "cannot be compared" in compare(SMALL, seed_run(0), SeedRun(0, 0, 1.0, ()))[1]


def test_effects_are_named_once_and_found():
    assert len({found.key for found in EFFECTS}) == len(EFFECTS)
    assert all(effect(found.key) is found for found in EFFECTS)
    for found in EFFECTS:
        assert len({contrast.label for contrast in found.contrasts}) == len(found.contrasts)
    with pytest.raises(ValueError, match="no effect called"):
        effect("magic")


def test_a_smoothed_curve_keeps_its_length_and_its_mean_inside():
    assert smoothed((1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)) == [2.0, 2.5, 3.0, 4.0, 5.0, 5.5, 6.0]
    assert smoothed((1.0,)) == [1.0]
    assert smoothed(()) == []
