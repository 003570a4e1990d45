"""Lesson 2's live runs: the steps of the recorded runs, and records that end with what was measured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.lm_records import Evaluation
from core.stages import imitation_live
from core.stages.imitation_live import FIRST, MARKS, STEPS, PointConfig, point, steps_for
from core.stages.phenomena.imitation import EXTRA, FEW, SFT_STEPS
from core.stages.recorded import Leg
from core.stages.sft import SftConfig
from core.stages.world_task import world_task


def test_recorded_numbers_of_demonstrations_take_the_recorded_steps():
    assert [steps_for(n) for n in FEW] == [SFT_STEPS[n] for n in FEW]
    assert [steps_for(FIRST + n) for n in EXTRA] == [SFT_STEPS[n] for n in EXTRA]
    assert steps_for(FIRST) == SftConfig.steps
    found = [steps_for(n) for n in range(min(STEPS), max(STEPS) + 1, 7)]
    assert found == sorted(found)
    assert {min(MARKS), max(MARKS)} == {min(STEPS), max(STEPS)}
    with pytest.raises(ValueError, match="must lie between"):
        steps_for(3)


@pytest.mark.parametrize("wrong", [{"n": 1}, {"n": 10**6}, {"quality": 1.1}, {"seed": -1}])
def test_a_point_outside_the_chart_is_refused(wrong):
    with pytest.raises(ValueError, match="must lie between"):
        PointConfig(**wrong)


def test_a_point_is_trained_step_by_step_and_then_measured(monkeypatch):
    task = world_task()
    small = replace(task, held_out=task.held_out[:8], train_items=task.train_items[:8])
    monkeypatch.setattr(imitation_live, "world_task", lambda: small)
    monkeypatch.setattr(imitation_live, "steps_for", lambda n: 3)
    *legs, end = point(PointConfig(16, 1.0, 12))
    assert [leg.step for leg in legs] == [1, 2, 3]
    assert all(isinstance(leg, Leg) and leg.stage == "sft" for leg in legs)
    assert isinstance(end, Evaluation)
    assert end.n_held_out == 8
    assert [leg.loss for leg in legs] == [leg.loss for leg in list(point(PointConfig(16, 1.0, 12)))[:-1]]
    assert PointConfig(16, 1.0, 12).cache_key() != PointConfig(16, 1.0, 13).cache_key()
