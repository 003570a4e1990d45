"""The recorded starting points are what the command measures now, and the page can use every one of them."""

from __future__ import annotations

import json

import pytest

from core.stages import starting_points
from core.stages.record_starts import record
from core.stages.sft import SftConfig
from core.stages.starting_points import candidate_set, load, probabilities, save, stated_temperature
from core.stages.world_task import load_base

RECORDED = load()


def test_recording_is_made_again_by_the_code():
    assert RECORDED is not None
    base = load_base()
    assert RECORDED.weights_sha256 == base.sha256
    again = record(base, SftConfig(**json.loads(RECORDED.sft_config)))
    assert [point.key for point in again.points] == [point.key for point in RECORDED.points]
    for now, then in zip(again.points, RECORDED.points, strict=True):
        assert (now.prompt, now.texts) == (then.prompt, then.texts)
        assert now.base_logps == pytest.approx(then.base_logps, abs=2e-3)
        # Ninety steps of training add up rounding that differs from one processor to the next.
        assert now.sft_logps == pytest.approx(then.sft_logps, abs=0.2)


def test_every_point_becomes_a_policy_with_visible_bars():
    for point in RECORDED.points:
        for model in ("base", "sft"):
            evened = candidate_set(point.key, model, True)
            assert evened.recorded
            assert min(evened.ref_probs) >= 0.0099
            plain = candidate_set(point.key, model, False)
            assert sum(plain.ref_probs) == pytest.approx(1.0)
            logps = point.base_logps if model == "base" else point.sft_logps
            assert probabilities(logps, stated_temperature(logps)) == pytest.approx(evened.ref_probs, abs=1e-9)


def test_save_and_load(tmp_path):
    path = tmp_path / "starts.json"
    save(RECORDED, path)
    assert load(path) == RECORDED
    path.write_text("{", encoding="utf-8")
    starting_points.load.cache_clear()
    assert load(path) is None
    assert load(tmp_path / "nothing.json") is None
    assert candidate_set("no such prompt", "sft", True) is None
