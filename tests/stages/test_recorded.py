"""Recorded relays: what is kept is what ran, it reads back whole, and it says when it no longer fits."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from core.lm_records import Diverged, is_finite
from core.stages import recorded
from core.stages.evaluate import evaluate
from core.stages.relay import RelayConfig, RelayState, relay
from core.stages.world_task import load_base, world_task
from tests.stages import toy

SMALL = RelayConfig.from_url(
    "sft.steps=3&sft.n_demonstrations=8&labels.n_prompts=8&reward_model.epochs=1&ppo.steps=2&ppo.batch_size=4&seed=5"
)


@pytest.fixture(scope="module")
def run():
    """A relay of a few steps in the toy world, in short."""
    return recorded.collect(SMALL, "abc", recorded.in_short(relay(RelayState(toy.base()), toy.task(), SMALL)))


def test_a_run_in_short_holds_every_leg(run):
    assert [found.name for found in run.evaluations] == ["pretrained", "SFT", "PPO"]
    assert [found.stage for found in run.hand_overs] == ["sft", "reward_model", "ppo"]
    assert len(run.losses("sft")) == 3
    assert len(run.losses("reward_model")) >= 1
    assert [update.step for update in run.updates] == [1, 2]
    assert run.report is not None
    assert recorded.verify(run, "abc") == ()
    assert run.config() == SMALL
    assert (run.use_sft, run.use_reward_model, run.seed) == (True, True, 5)


def test_short_steps_are_the_steps_themselves():
    whole = [r for r in relay(RelayState(toy.base()), toy.task(), SMALL) if hasattr(r, "answers")]
    short = [r for r in recorded.in_short(whole) if isinstance(r, recorded.Update)]
    assert [(u.proxy, u.gold, u.kl_exact_sum) for u in short] == [(r.proxy, r.gold, r.kl_exact_sum) for r in whole]


def test_a_file_reads_back(run, tmp_path):
    path = tmp_path / "relay.json"
    recorded.save([run], path)
    (again,) = recorded.load(path)
    assert again.config() == SMALL
    assert [e.samples for e in again.evaluations] == [e.samples for e in run.evaluations]
    assert again.updates[-1].gold == pytest.approx(run.updates[-1].gold, rel=1e-5)
    assert recorded.find(True, True, path) is again
    assert recorded.find(False, True, path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"relays": [{}]}', '{"relays": [{"legs": 3}]}'])
def test_a_missing_or_damaged_file_is_no_recording(text, tmp_path):
    path = tmp_path / "relay.json"
    assert recorded.load(path.with_name("none.json")) == ()
    path.write_text(text, encoding="utf-8")
    assert recorded.load(path) == ()


def test_what_no_longer_fits_is_said(run):
    assert "other weights" in recorded.verify(run, "xyz")[0]
    assert "stage code" in recorded.verify(replace(run, code_version=-1), "abc")[0]
    assert "updates are missing" in recorded.verify(replace(run, updates=run.updates[:1]), "abc")[0]
    assert "measurement is missing" in recorded.verify(replace(run, evaluations=run.evaluations[:1]), "abc")[0]
    foreign = replace(run, settings={**run.settings, "warp": 9})
    assert "record it anew" in recorded.verify(foreign, "abc")[0]


def test_a_run_that_broke_down_says_so(run):
    found = recorded.collect(SMALL, "abc", [*run.evaluations[:1], Diverged(3, "sft", "It broke down.")])
    assert found.stopped == "It broke down."
    assert recorded.verify(found, "abc") == ()


# --- the recording that is shipped ---------------------------------------------------------------------------------


def test_the_four_relays_are_there_and_fit_the_shipped_weights():
    base = load_base()
    assert {(run.use_sft, run.use_reward_model) for run in recorded.load()} == set(recorded.RUNNERS)
    for run in recorded.load():
        assert recorded.verify(run, base.sha256) == ()
        assert all(map(is_finite, (*run.evaluations, *run.updates, *run.legs)))
        assert (run.report is not None) == run.use_reward_model
        assert bool(run.losses("sft")) == (run.use_sft and run.whole)
    assert recorded.RECORDED.stat().st_size <= 300_000


def test_each_relay_has_the_same_seeds_and_the_first_its_steps():
    seeds = [[run.seed for run in recorded.over_seeds(*use)] for use in recorded.RUNNERS]
    assert all(found == seeds[0] == sorted(set(found)) for found in seeds)
    for use in recorded.RUNNERS:
        assert [run.whole for run in recorded.over_seeds(*use)] == [True] + [False] * (len(seeds[0]) - 1)
        assert recorded.find(*use) is recorded.over_seeds(*use)[0]


def test_the_relays_differ_in_their_runners_and_seeds_alone():
    stages = ("sft", "labels", "reward_model", "ppo")
    settings = []
    for run in recorded.load():
        unseeded = {name: {**run.settings[name], "seed": None} for name in stages}
        settings.append({**run.settings, **unseeded, "seed": None, "use_sft": None, "use_reward_model": None})
    assert all(json.dumps(found) == json.dumps(settings[0]) for found in settings)


def test_runs_are_kept_by_runners_and_seeds_and_without_steps_they_still_fit(run, tmp_path):
    second = replace(run, settings={**run.settings, "seed": 6}, legs=(), updates=(), whole=False)
    other = replace(run, settings={**run.settings, "use_sft": False})
    assert recorded.in_order([other, second, run]) == (run, second, other)
    assert recorded.verify(second, "abc") == ()
    assert "updates are missing" in recorded.verify(replace(second, whole=True), "abc")[0]
    path = tmp_path / "relay.json"
    recorded.save(recorded.in_order([second, run]), path)
    assert [found.seed for found in recorded.over_seeds(True, True, path)] == [5, 6]
    assert recorded.find(True, True, path).updates


def test_the_recorded_start_can_be_measured_again():
    """One measurement made again, on the shipped weights; another machine may draw a few answers differently."""
    kept = recorded.load()[0]
    now = evaluate("pretrained", load_base().model, world_task(), seed=kept.seed)
    then = kept.evaluation("pretrained")
    assert now.gold_held_out == pytest.approx(then.gold_held_out, abs=3 * then.gold_held_out_se)
    assert now.gold_train_items == pytest.approx(then.gold_train_items, abs=3 * then.gold_train_items_se)
