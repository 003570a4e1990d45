"""The relay on the toy world: hand-overs, runners taken out, stopping and going on."""

from dataclasses import replace

import pytest

from core.lm_records import Diverged, Evaluation, HandOver, PolicyGradientStep, RewardModelReport, is_finite, same
from core.stages.data import LabelConfig
from core.stages.ppo import PpoConfig
from core.stages.relay import RelayConfig, RelayState, relay
from core.stages.reward_model import RewardModelConfig
from core.stages.sft import SftConfig
from tests.stages import toy

CONFIG = RelayConfig(
    sft=SftConfig(n_demonstrations=16, steps=5, batch_size=8, lr=2e-3),
    labels=LabelConfig(n_prompts=12, max_new_tokens=toy.MAX_NEW_TOKENS),
    reward_model=RewardModelConfig(batch_size=4),
    ppo=PpoConfig(steps=4, batch_size=8, max_new_tokens=toy.MAX_NEW_TOKENS),
)


def run(config=CONFIG, state=None):
    state = RelayState(toy.base()) if state is None else state
    return list(relay(state, toy.task(), config))


@pytest.fixture(scope="module")
def records():
    return run()


def of(kind, records):
    return [record for record in records if isinstance(record, kind)]


def test_every_stage_hands_over_and_is_measured(records):
    assert [r.name for r in of(Evaluation, records)] == ["pretrained", "SFT", "PPO"]
    assert [r.data for r in of(HandOver, records)] == ["demonstrations", "comparisons", "scored answers"]
    assert of(HandOver, records)[0].count == 16
    assert len(of(RewardModelReport, records)) == 1
    assert len(of(PolicyGradientStep, records)) == 4
    assert all(map(is_finite, records))
    assert of(Evaluation, records)[2].kl is not None


def test_same_seed_same_relay(records):
    assert all(map(same, run(), records))
    assert not all(map(same, run(replace(CONFIG, seed=1)), records))


@pytest.mark.parametrize("stop", [1, 2, 5, 8, 10, 14, 17, 19])
def test_stopped_anywhere_and_resumed_equals_uninterrupted(records, stop):
    state = RelayState(toy.base())
    generator = relay(state, toy.task(), CONFIG)
    first = [next(generator) for _ in range(stop)]
    generator.close()
    kept = state.copy()
    rest = run(state=state)
    assert len(first) + len(rest) == len(records)
    assert all(map(same, [*first, *rest], records))
    assert all(map(same, run(state=kept), records[stop:]))


def test_without_a_reward_model_nothing_is_ranked():
    found = run(replace(CONFIG, use_reward_model=False))
    assert [r.data for r in of(HandOver, found)] == ["demonstrations", "scored answers"]
    assert all(r.proxy == 0 for r in of(PolicyGradientStep, found))


def test_without_sft_ppo_starts_from_the_pretrained_model():
    found = run(replace(CONFIG, use_sft=False))
    assert [r.name for r in of(Evaluation, found)] == ["pretrained", "PPO"]


def test_a_breakdown_ends_the_relay():
    wild = replace(CONFIG, sft=replace(CONFIG.sft, lr=10.0, warmup=0, steps=60))
    state = RelayState(toy.base())
    found = run(wild, state)
    assert isinstance(found[-1], Diverged)
    assert state.diverged is found[-1]
    assert run(wild, state) == []
