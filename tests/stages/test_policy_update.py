"""PPO, RLOO, GRPO and best-of-n get better by their measure, and their records add up."""

import itertools

import numpy as np
import pytest
import torch

from core.objectives.advantages import gae, whiten
from core.stages import best_of_n, grpo, ppo, rloo
from tests.stages import toy
from tests.stages.test_runs import scorer

TASK = toy.task()


def last(records):
    for record in records:  # noqa: B007
        pass
    return record


SHARED = {"steps": 25, "batch_size": 32, "lr": 2e-3, "max_new_tokens": toy.MAX_NEW_TOKENS, "kl_coef": 0.02}


@pytest.mark.parametrize(
    ("module", "config"),
    [
        (ppo, ppo.PpoConfig(**SHARED)),
        (rloo, rloo.RlooConfig(**SHARED)),
        (grpo, grpo.GrpoConfig(**SHARED)),
    ],
)
def test_policies_get_better(module, config):
    go = getattr(module, module.__name__.rpartition(".")[2])
    state = module.begin(toy.base(), config)
    records = list(go(state, toy.base(), TASK, scorer, config))
    assert np.mean([r.gold for r in records[-3:]]) > records[0].gold + 0.3
    assert records[-1].kl_exact_sum > 0.1


@pytest.fixture(scope="module")
def ppo_record():
    config = ppo.PpoConfig(steps=3, batch_size=8, lr=1e-3, max_new_tokens=toy.MAX_NEW_TOKENS)
    return last(ppo.ppo(ppo.begin(toy.base(), config), toy.base(), TASK, scorer, config)), config


def test_ppo_record_adds_up(ppo_record):
    record, config = ppo_record
    mask = record.answers.mask
    assert record.logps.shape == mask.shape == record.rewards.shape
    np.testing.assert_allclose(record.kl, (record.logps - record.ref_logps) * mask, atol=1e-6)
    lengths = mask.sum(axis=1)
    rows = np.arange(len(lengths))
    expected = -config.kl_coef * record.kl
    expected[rows, lengths - 1] += record.answers.scores
    np.testing.assert_allclose(record.rewards, expected, atol=1e-5)
    advantages, returns = gae(
        torch.from_numpy(record.rewards), torch.from_numpy(record.values), config.gamma, config.lam
    )
    whitened = torch.where(torch.from_numpy(mask), whiten(advantages, torch.from_numpy(mask)), 0.0)
    np.testing.assert_allclose(record.advantages, whitened.numpy(), atol=1e-4)
    np.testing.assert_allclose(record.returns, returns.numpy() * mask, atol=1e-5)
    assert record.objective_kl == pytest.approx(record.kl.sum(axis=1).mean(), abs=1e-5)
    assert record.gold == pytest.approx(record.answers.gold.mean(), abs=1e-6)
    assert (record.kl_exact >= 0).all()
    assert (record.kl_k3 >= 0).all()


def test_first_pass_starts_at_ratio_one_and_the_second_has_moved(ppo_record):
    record, _ = ppo_record
    first, second = record.epochs
    mask = record.answers.mask
    np.testing.assert_allclose(first.ratios[mask], 1.0, atol=1e-4)
    assert first.clip_fraction == 0.0
    assert first.approx_kl < 1e-8
    assert np.abs(second.ratios[mask] - 1).max() > 1e-3
    np.testing.assert_allclose(second.ratios[mask], np.exp(second.logps - record.logps)[mask], rtol=1e-4)
    log_ratios = (second.logps - record.logps)[mask]
    assert second.approx_kl == pytest.approx((0.5 * log_ratios**2).mean(), rel=1e-3)


def test_answers_of_a_record_are_what_was_sampled(ppo_record):
    record, _ = ppo_record
    answers = record.answers
    for i, ids in enumerate(answers.answer_ids):
        assert len(ids) == answers.mask[i].sum()
        assert answers.texts[i] == TASK.tokenizer.decode(ids)
        assert (ids[-1] == TASK.tokenizer.end_id) == bool(answers.finished[i])


def test_first_update_has_no_kl_to_the_reference():
    config = ppo.PpoConfig(steps=1, batch_size=8, max_new_tokens=toy.MAX_NEW_TOKENS)
    (record,) = ppo.ppo(ppo.begin(toy.base(), config), toy.base(), TASK, scorer, config)
    assert record.kl_exact_sum == pytest.approx(0.0, abs=1e-4)


def test_adaptive_coefficient_moves_towards_the_target():
    config = ppo.PpoConfig(**SHARED | {"steps": 5, "kl_coef": 0.1}, kl_target=100.0, kl_horizon=200)
    records = list(ppo.ppo(ppo.begin(toy.base(), config), toy.base(), TASK, scorer, config))
    coefficients = [record.kl_coef for record in records]
    assert coefficients[0] == 0.1
    assert all(b < a for a, b in itertools.pairwise(coefficients))  # far below the target: relax


def test_a_stronger_leash_stays_closer():
    ends = []
    for kl_coef in (0.0, 3.0):
        config = ppo.PpoConfig(**SHARED | {"kl_coef": kl_coef})
        ends.append(last(ppo.ppo(ppo.begin(toy.base(), config), toy.base(), TASK, scorer, config)).kl_exact_sum)
    assert ends[1] < 0.5 * ends[0]


def test_groups_must_fill_the_batch():
    config = rloo.RlooConfig(batch_size=10, num_generations=4)
    with pytest.raises(ValueError, match="whole groups"):
        next(rloo.rloo(rloo.begin(toy.base(), config), toy.base(), TASK, scorer, config))


def test_best_of_n_rises_with_n():
    config = best_of_n.BestOfNConfig(n_max=8, n_prompts=40, max_new_tokens=toy.MAX_NEW_TOKENS)
    records = list(best_of_n.best_of_n(toy.base(), TASK, scorer, config))
    assert [r.n for r in records] == [1, 2, 4, 8]
    proxies = [r.proxy for r in records]
    assert proxies == sorted(proxies)
    assert proxies[-1] > proxies[0] + 0.3
    assert records[0].kl_bound == 0.0
    chosen = records[-1].chosen
    for i, ids in enumerate(chosen.answer_ids):
        assert chosen.mask[i].sum() == len(ids)
        assert chosen.gold[i] == pytest.approx(TASK.gold(_prompt(chosen.prompts[i]), TASK.answer(ids)), abs=1e-6)


def _prompt(text):
    return next(p for p in toy.PROMPTS if p.text == text)
