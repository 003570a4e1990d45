"""The live lens of lesson 8: its records hold together, the recorded runs are there, and their first updates happen again."""

import itertools
import math

import pytest
import torch

from core.stages import lens, lens_recorded
from core.stages.lens import LensConfig, LensStep, spread
from core.stages.terminal import lens_command


@pytest.fixture(scope="module")
def again():
    """The default run as far as its second update, made now."""
    return list(itertools.islice(lens.live(LensConfig()), 3))


def test_the_recorded_runs_fit_the_stored_models():
    runs = lens_recorded.load()
    assert tuple(run.config for run in runs) == lens_recorded.KEPT
    for run in runs:
        assert lens_recorded.verify(run) == ()
        assert [step.step for step in run.steps] == list(range(run.last + 1))
    assert lens_recorded.RECORDED.stat().st_size <= 400_000


def test_the_first_updates_happen_again(again):
    """The same settings on the same models; another machine may round differently, and a word may be drawn otherwise."""
    kept = lens_recorded.find(LensConfig())
    for now, then in zip(again[1:], kept.steps[1:], strict=False):
        for name in ("proxy", "gold", "kl_exact", "clip_fraction", "entropy", "mean_length"):
            assert getattr(now, name) == pytest.approx(getattr(then, name), rel=0.1, abs=0.1), name
    for now, then in zip(again[1].answers, kept.steps[1].answers, strict=True):
        assert (now.prompt, now.words) == (then.prompt, then.words)
        assert now.logps == pytest.approx(then.logps, abs=2e-3)
        assert now.advantages == pytest.approx(then.advantages, abs=2e-3)
        assert now.after == pytest.approx(then.after, abs=0.05)
    assert [said.text for said in again[0].said] == [said.text for said in kept.steps[0].said]


def test_a_record_holds_together(again):
    step = again[1]
    assert [a.score for a in step.answers] == sorted((a.score for a in step.answers), reverse=True)
    for answer in step.answers:
        n = len(answer.words)
        rows = (answer.ref_logps, answer.kl_exact, answer.values, answer.advantages, answer.after, *answer.passes)
        assert {len(row) for row in (answer.logps, *rows)} == {n}
        assert len(answer.passes) == LensConfig().ppo.epochs - 1
        assert answer.paid == answer.score
        # The policy is the reference still.
        assert answer.logps == pytest.approx(answer.ref_logps, abs=1e-4)
    assert step.first_gap < 1e-3
    assert any(abs(math.expm1(b - a)) > 0.01 for x in step.answers for a, b in zip(x.logps, x.after, strict=True))


def test_what_is_saved_comes_back(again, tmp_path):
    run = lens_recorded.collect(LensConfig(), lens.inputs(), again)
    lens_recorded.save([run], tmp_path / "lens.json")
    (found,) = lens_recorded.load(tmp_path / "lens.json")
    assert found.config == run.config
    assert any("missing" in fault for fault in lens_recorded.verify(found))
    for now, then in zip(found.steps, run.steps, strict=True):
        assert now.proxy == pytest.approx(then.proxy, abs=1e-4)
        assert [said.text for said in now.said] == [said.text for said in then.said]
        for a, b in zip(now.answers, then.answers, strict=True):
            assert a.words == b.words
            for name in ("logps", "ref_logps", "kl_exact", "after", "values", "advantages"):
                assert getattr(a, name) == pytest.approx(getattr(b, name), abs=2e-4)
            assert a.passes[-1] == pytest.approx(b.passes[-1], abs=2e-4)


def test_a_missing_or_damaged_recording_is_none(tmp_path):
    assert lens_recorded.load(tmp_path / "none.json") == ()
    (tmp_path / "bad.json").write_text('{"runs": [{"settings": 3}]}')
    assert lens_recorded.load(tmp_path / "bad.json") == ()


def test_answers_are_spread_over_the_scores():
    assert spread(torch.tensor([0.3, 2.0, -1.0, 0.1, 0.2, 1.0, -0.5])) == [1, 0, 3, 2]
    assert spread(torch.tensor([1.0, 2.0])) == [1, 0]


@pytest.mark.parametrize(("reward", "sign"), [("flipped", -1.0), ("flat", 0.0)])
def test_what_is_paid_is_what_the_setting_says(reward, sign):
    small = LensConfig.from_url(f"reward={reward}&ppo.batch_size=8&ppo.epochs=1")
    step = next(itertools.islice(lens.live(small), 1, 2))
    assert isinstance(step, LensStep)
    assert step.paid == pytest.approx(sign * step.proxy, abs=1e-6)
    for answer in step.answers:
        assert answer.paid == pytest.approx(sign * answer.score, abs=1e-6)


def test_a_run_that_breaks_down_says_so():
    config = LensConfig.from_url("ppo.lr=5&ppo.batch_size=4&ppo.epochs=2")
    run = lens_recorded.collect(config, lens.inputs(), lens.live(config))
    assert "broke down" in run.stopped
    assert run.last < config.ppo.steps


def test_the_command_writes_what_the_page_reads(monkeypatch, tmp_path, capsys, again):
    monkeypatch.setattr(lens_recorded, "record", lambda config: lens_recorded.collect(config, ("a", "b"), again))
    assert lens_command(tmp_path / "lens.json") == 0
    assert "Wrote 3 runs" in capsys.readouterr().out
    assert len(lens_recorded.load(tmp_path / "lens.json")) == 3
