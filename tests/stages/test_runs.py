"""What every stage promises: the same seed gives the same records, stopping changes nothing, numbers are finite,
divergence is said in a sentence."""

from dataclasses import replace

import pytest

from core import lm_records
from core.lm_records import Diverged, is_finite, same
from core.stages import dpo, grpo, judge, ppo, pretrain, reward_model, rloo, sft
from core.stages.data import LabelConfig, collect_rankings
from core.stages.rollout import constant_reward
from tests.stages import toy

STEPS = 6


def scorer(prompts, samples):
    """The proxy of these tests: gold itself."""
    import torch

    rows = samples.response_ids()
    words = toy.task()
    ends = samples.finished.tolist()
    ids = [[*row, words.tokenizer.end_id] if end else row for row, end in zip(rows, ends, strict=True)]
    return torch.tensor([words.quality(p, row) for p, row in zip(prompts, ids, strict=True)])


def label(policy, n, seed):
    return collect_rankings(
        policy, toy.task(), LabelConfig(n_prompts=n, k=2, noise=0.0, seed=seed % 2**31, max_new_tokens=6)
    )


def marked():
    return judge.exercises(toy.base(), toy.task(), 40, 0)


SHARED = {"steps": STEPS, "batch_size": 8, "max_new_tokens": toy.MAX_NEW_TOKENS, "lr": 1e-3}
RUNS = {
    "pretrain": (
        replace(toy.SIZES, steps=STEPS),
        lambda c: pretrain.begin(c, len(toy.task().tokenizer)),
        lambda s, c: pretrain.pretrain(s, toy.documents(), c),
    ),
    "sft": (
        sft.SftConfig(steps=STEPS, batch_size=5, n_demonstrations=12),
        lambda c: sft.begin(toy.base(), c),
        lambda s, c: sft.sft(s, toy.demos(12), c),
    ),
    "reward_model": (
        reward_model.RewardModelConfig(epochs=2, batch_size=8),
        lambda c: reward_model.begin(toy.base(), c),
        lambda s, c: reward_model.reward_model(s, toy.rankings(), c),
    ),
    "ppo": (
        ppo.PpoConfig(**SHARED),
        lambda c: ppo.begin(toy.base(), c),
        lambda s, c: ppo.ppo(s, toy.base(), toy.task(), scorer, c),
    ),
    "ppo_minibatches_adaptive": (
        ppo.PpoConfig(**SHARED, minibatches=3, kl_target=0.5, kl_horizon=50),
        lambda c: ppo.begin(toy.base(), c),
        lambda s, c: ppo.ppo(s, toy.base(), toy.task(), scorer, c),
    ),
    "rloo": (
        rloo.RlooConfig(**SHARED),
        lambda c: rloo.begin(toy.base(), c),
        lambda s, c: rloo.rloo(s, toy.base(), toy.task(), scorer, c),
    ),
    "grpo": (
        grpo.GrpoConfig(**SHARED, num_generations=4),
        lambda c: grpo.begin(toy.base(), c),
        lambda s, c: grpo.grpo(s, toy.base(), toy.task(), scorer, c),
    ),
    "dpo": (
        dpo.DpoConfig(steps=STEPS, batch_size=8),
        lambda c: dpo.begin(toy.base(), c),
        lambda s, c: dpo.dpo(s, toy.base(), c, toy.rankings()),
    ),
    "dpo_online": (
        dpo.DpoConfig(mode="online", steps=STEPS, batch_size=8),
        lambda c: dpo.begin(toy.base(), c),
        lambda s, c: dpo.dpo(s, toy.base(), c, label=label),
    ),
    "dpo_iterative": (
        dpo.DpoConfig(mode="iterative", steps=STEPS, rounds=2, prompts_per_round=12, batch_size=8),
        lambda c: dpo.begin(toy.base(), c),
        lambda s, c: dpo.dpo(s, toy.base(), c, label=label),
    ),
    "judge": (
        judge.JudgeConfig(exercises=40, epochs=3),
        lambda c: judge.begin_judge(toy.base(), c),
        lambda s, c: judge.train_judge(s, marked(), c),
    ),
}


@pytest.fixture(params=RUNS, scope="module")
def run(request):
    config, begin, go = RUNS[request.param]
    return request.param, config, begin, go, list(go(begin(config), config))


def test_records_are_finite_and_numbered(run):
    _, _, _, _, records = run
    assert len(records) == STEPS
    assert [record.step for record in records] == list(range(1, STEPS + 1))
    assert all(map(is_finite, records))


def test_same_seed_same_records(run):
    _, config, begin, go, records = run
    again = list(go(begin(config), config))
    assert all(map(same, again, records))


def test_other_seed_other_records(run):
    _, config, begin, go, records = run
    other = replace(config, seed=config.seed + 1)
    assert not all(map(same, go(begin(other), other), records))


@pytest.mark.parametrize("stop", [1, 4])
def test_stopped_and_resumed_equals_uninterrupted(run, stop):
    _, config, begin, go, records = run
    state = begin(config)
    generator = go(state, config)
    first = [next(generator) for _ in range(stop)]
    generator.close()
    kept = state.copy()
    rest = list(go(state, config))
    assert all(map(same, [*first, *rest], records))
    assert len(first) + len(rest) == STEPS
    # A copy taken at the stop goes the same way, untouched by what the original did since.
    assert all(map(same, go(kept, config), records[stop:]))


def test_a_finished_state_has_nothing_left(run):
    _, config, begin, go, _ = run
    state = begin(config)
    list(go(state, config))
    assert list(go(state, config)) == []


def test_learning_rate_ten_ends_in_a_sentence(run):
    name, config, begin, go, _ = run
    wild = replace(config, lr=10.0)
    if hasattr(wild, "warmup"):
        wild = replace(wild, warmup=0)
    if name == "reward_model" or name == "judge":
        wild = replace(wild, epochs=20)
    elif name != "pretrain":
        wild = replace(wild, steps=60)
    state = begin(wild)
    records = list(go(state, wild))
    assert all(map(is_finite, records))
    assert isinstance(records[-1], Diverged), name
    assert records[-1].sentence.endswith(".")
    assert list(go(state, wild)) == []  # it does not go on from there


def test_the_start_is_left_untouched(run):
    name, config, begin, go, _ = run
    before = toy._base().embedding.weight.clone()
    list(go(begin(config), config))
    assert bool((toy._base().embedding.weight == before).all()), name


def test_not_a_number_in_the_weights_is_noticed():
    import torch

    state = sft.begin(toy.base(), sft.SftConfig(steps=3))
    with torch.no_grad():
        state.model.embedding.weight[3, 3] = float("nan")
    records = list(sft.sft(state, toy.demos(8), sft.SftConfig(steps=3)))
    assert [type(record) for record in records] == [Diverged]


def test_constant_reward_is_no_reward():
    config = ppo.PpoConfig(**SHARED, kl_coef=0.0, whiten=False, vf_coef=0.0)
    records = list(ppo.ppo(ppo.begin(toy.base(), config), toy.base(), toy.task(), constant_reward, config))
    assert all(record.proxy == 0.0 for record in records)
    assert all(abs(record.kl_exact_sum) < 1e-6 for record in records)


def test_saved_pretraining_goes_on_where_it_stopped(tmp_path):
    config, begin, go = RUNS["pretrain"]
    state = begin(config)
    generator = go(state, config)
    first = [next(generator) for _ in range(3)]
    state.save(tmp_path / "x.pt")
    fresh = begin(config)
    fresh.load(tmp_path / "x.pt")
    rest = list(go(fresh, config))
    assert all(map(same, [*first, *rest], go(begin(config), config)))
    (tmp_path / "x.pt").write_bytes(b"no")
    with pytest.raises(ValueError, match="start it again"):
        begin(config).load(tmp_path / "x.pt")


def test_records_compare_by_content():
    a = lm_records.HandOver(0, "sft", "demonstrations", 3, "x")
    assert a == lm_records.HandOver(0, "sft", "demonstrations", 3, "x")
    assert a != lm_records.HandOver(0, "sft", "demonstrations", 4, "x")
    assert not is_finite(lm_records.BestOfNStep(1, 2, None, float("nan"), 0.0, 0.0, 0.0, 0.0))
