"""The recorded walks are what the code walks now; a point of a walk is one policy, digit for digit, wherever it is used."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.lessons.lesson05 import LESSON, walk_code
from core.lessons.shared_params import SHARED, hand_made, prepare, responses
from core.stages import starting_points, walks
from core.stages.data import demonstrations
from core.stages.sequences import response_logps
from core.stages.sft import SftConfig, begin, sft
from core.stages.trace_sft import TraceConfig, raw_steps, scene, trace
from core.stages.walk_policy import WalkPoint, policy, unpack, walked_logps
from core.stages.walks import HORIZON, load, record, trajectory, usual
from core.stages.world_task import load_base, tokenizer, world_task

NORWAY = starting_points.walked_point("norway")


def near(now, then, rel):
    assert now.logps == pytest.approx(then.logps, rel=rel, abs=rel)
    assert now.bars == pytest.approx(then.bars, rel=rel, abs=2e-3)
    assert now.loss == pytest.approx(then.loss, rel=rel, abs=rel)
    assert now.others_loss == pytest.approx(then.others_loss, rel=rel)


def test_the_recording_is_of_these_weights_and_a_walk_of_it_is_walked_again():
    recording = load()
    assert recording is not None
    assert recording.head.weights_sha256 == load_base().sha256
    # Its code version is noted and not compared: that number also rises with gold, which is not in the file.
    assert tuple(recording) == usual()
    for config in (TraceConfig(lr=0.003), TraceConfig(lr=0.001, others=3, quality=0.5)):
        kept = recording.steps(config)
        assert len(kept) == HORIZON + 1
        for now, then in zip(itertools.islice(raw_steps(config), 4), kept, strict=False):
            near(now, then, 2e-3)
        assert [a.batch_loss is None for a in kept[:2]] == [True, False]


def test_recording_and_reading(tmp_path):
    path = tmp_path / "walks.npz"
    configs = (TraceConfig(lr=1.0), TraceConfig(lr=0.0, prompt="Who sells meat?"))
    record(configs, path)
    found = load(path)
    assert tuple(found) == configs
    broken = found.steps(configs[0])
    assert "learning rate" in broken[-1].diverged
    assert all(step.diverged is None for step in broken[:-1])
    fresh = list(itertools.islice(raw_steps(configs[1]), HORIZON + 1))
    for now, then in zip(fresh, found.steps(configs[1]), strict=True):
        near(now, then, 1e-3)
        assert now.answers == then.answers
    path.write_bytes(b"no zip")
    load.cache_clear()
    assert load(path) is None
    assert load(tmp_path / "none.npz") is None


def test_a_walk_is_shared_and_ends_at_the_horizon(monkeypatch):
    config = TraceConfig(lr=0.0, others=1, seed=8)
    assert trajectory(config) is trajectory(config)
    assert len(trajectory(config).upto(99)) == HORIZON + 1
    assert trajectory(config).ended
    monkeypatch.setattr(walks, "load", lambda: None)
    trajectory.cache_clear()
    kept = trajectory(TraceConfig(lr=0.003)).upto(2)
    trajectory.cache_clear()
    assert len(kept) == 2


@pytest.mark.parametrize("others", [0, 3])
def test_lesson_8_starts_from_the_very_policy_of_lesson_5(others):
    """The same log-probabilities, to the last digit, from lesson 5's settings, from the link and from SFT run by hand."""
    l5 = {**LESSON.defaults(), "l5_others": others, "l5_quality": 0.5, "l5_seed": 2, "l5_step": 5}
    code = walk_code(l5)
    point = unpack(code)
    # By hand: five steps of SFT on the demonstration and the others that join it.
    config, task = point.config, world_task()
    state = begin(load_base().model, SftConfig(seed=config.seed))
    for step in range(5):
        rows = (scene(config).demonstration,)
        if others:
            rows += demonstrations(task, others, 0.5, 1009 * config.seed + step)
        settings = SftConfig(
            n_demonstrations=others + 1, quality=config.quality, steps=step + 1, batch_size=others + 1, lr=config.lr,
            warmup=0, decay_from=1.0, seed=config.seed,
        )  # fmt: skip
        list(sft(state, rows, settings))
    by_hand = response_logps(state.model, tokenizer(), NORWAY.prompt, NORWAY.texts).double()
    assert walked_logps(point, NORWAY.prompt, NORWAY.texts) == tuple(by_hand.tolist())
    # What lesson 5 itself shows at that step.
    shown = list(itertools.islice(trace(config), 6))[-1]
    held = scene(config)
    mine = response_logps(policy(point), tokenizer(), config.prompt, [held.answer])
    assert shown.logps[held.n_prompt - 1 :].sum() == pytest.approx(mine.item(), abs=1e-4)
    # And what the whiteboard of lesson 8 begins with.
    values = {p.key: p.default for p in SHARED} | {"start": "walk", "walk": code, "even": False}
    set_ = responses(values)
    expected = torch.log_softmax(by_hand, dim=0)
    kept = expected > np.log(1e-11)  # below, the whiteboard holds a floor
    assert np.array(set_.ref_logps())[kept] == pytest.approx(expected[kept].numpy(), abs=1e-9)
    assert "5 steps of lesson 5" in set_.origin
    assert (set_.recorded, set_.live, hand_made(set_)) == (False, True, ())


def test_a_walk_of_no_steps_is_the_base_model():
    base = response_logps(load_base().model, tokenizer(), NORWAY.prompt, NORWAY.texts).double().tolist()
    assert walked_logps(WalkPoint(steps=0), NORWAY.prompt, NORWAY.texts) == tuple(base)


def test_the_steps_are_done_ahead_once():
    values = {p.key: p.default for p in SHARED} | {"start": "walk", "walk": WalkPoint(TraceConfig(lr=1e-4), 1).pack()}
    work = prepare(values)
    assert list(work.start()) == [1.0]
    assert prepare(values) is None
    assert prepare({**values, "start": "sft"}) is None


@pytest.mark.parametrize(
    "point",
    [
        WalkPoint(),
        WalkPoint(TraceConfig(), 0),
        WalkPoint(TraceConfig("Who sells meat?", "A butcher.", 0.01, 7, 0.5, 3), 11),
    ],
)
def test_a_point_travels_in_a_link(point):
    assert unpack(point.pack()) == point
    assert len(point.pack()) < 300


@pytest.mark.parametrize(
    "code",
    ["x", "steps=", "steps=21", "steps=-1", "steps=3&lr=nan", "steps=3&prompt=xyzzy", "steps=3&others=900", "a=1"],
)
def test_a_damaged_point_is_refused(code):
    assert unpack(code) is None
    assert unpack("") == WalkPoint()
    assert responses({"start": "hand", "walk": code, "own": ""}).key == "norway"


def test_a_walk_that_broke_down_still_gives_a_policy():
    found = starting_points.walked_set("norway", WalkPoint(replace(TraceConfig(), lr=1.0), HORIZON), True)
    assert found is None or min(found.ref_probs) > 0
