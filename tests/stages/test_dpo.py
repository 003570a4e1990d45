"""DPO and its relatives: margins widen, gold improves, records add up."""

import math

import numpy as np
import pytest

from core.stages import dpo
from core.stages.data import Ranking
from core.stages.evaluate import evaluate
from tests.stages import toy
from tests.stages.test_runs import label

TASK = toy.task()


def last(records):
    for record in records:  # noqa: B007
        pass
    return record


def mean_gold(model) -> float:
    return evaluate("x", model, TASK).gold_train_items


@pytest.mark.parametrize("loss_type", dpo.LOSS_TYPES)
def test_every_preference_loss_widens_the_margin(loss_type):
    # Where the formulas differ in scale, so does the beta that suits them.
    beta = {"simpo": 2.0, "sppo_hard": 0.01}.get(loss_type, 0.1)
    smoothing = 0.1 if loss_type in ("cdpo", "robust", "exo_pair") else 0.0
    config = dpo.DpoConfig(loss_type=loss_type, beta=beta, label_smoothing=smoothing, steps=20, lr=1e-3, batch_size=24)
    records = list(dpo.dpo(dpo.begin(toy.base(), config), toy.base(), config, toy.rankings()))
    margins = [r.margin for r in records]
    # apo_down may push the chosen down faster at first, and DiscoPOP's loss falls towards a negative margin at 0.
    if loss_type not in ("apo_down", "discopop"):
        assert np.mean(margins[-4:]) > np.mean(margins[:4]) + 0.1 * beta
    assert all(np.isfinite(r.loss) for r in records)


def test_dpo_record_adds_up():
    config = dpo.DpoConfig(steps=3, batch_size=8, beta=0.5)
    record = last(dpo.dpo(dpo.begin(toy.base(), config), toy.base(), config, toy.rankings()))
    chosen = 0.5 * (record.logps_chosen - record.ref_logps_chosen)
    rejected = 0.5 * (record.logps_rejected - record.ref_logps_rejected)
    np.testing.assert_allclose(record.rewards_chosen, chosen, atol=1e-6)
    assert record.loss == pytest.approx(np.log1p(np.exp(-(chosen - rejected))).mean(), rel=1e-4)
    assert record.accuracy == pytest.approx((chosen > rejected).mean())


def test_dpo_starts_at_margin_zero():
    config = dpo.DpoConfig(steps=1)
    (record,) = dpo.dpo(dpo.begin(toy.base(), config), toy.base(), config, toy.rankings())
    assert record.loss == pytest.approx(math.log(2), abs=1e-5)


@pytest.mark.parametrize("mode", ["offline", "online", "iterative"])
def test_dpo_improves_gold_in_every_mode(mode):
    config = dpo.DpoConfig(mode=mode, beta=0.5, steps=30, batch_size=16, lr=1e-3, rounds=2, prompts_per_round=64)
    state = dpo.begin(toy.base(), config)
    records = list(dpo.dpo(state, toy.base(), config, toy.rankings(64), label))
    assert mean_gold(state.model) > mean_gold(toy.base()) + 0.2
    assert {r.iteration for r in records} == {"offline": {0}, "iterative": {0, 1}, "online": set(range(30))}[mode]


def test_online_dpo_needs_a_labeller_and_ends_when_nothing_is_left_to_prefer():
    config = dpo.DpoConfig(mode="online", steps=3)
    with pytest.raises(ValueError, match="somebody to label"):
        next(dpo.dpo(dpo.begin(toy.base(), config), toy.base(), config))
    tied = [Ranking(toy.PROMPTS[0], (4,), ((5,), (5,)), (0, 0))]
    records = list(dpo.dpo(dpo.begin(toy.base(), config), toy.base(), config, label=lambda *_: tied))
    assert "nothing is left to prefer" in records[-1].sentence
