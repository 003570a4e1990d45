"""The simulated label budget: its parts in closed form and against the slow fit, its direction, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from core.objectives.bradley_terry_fit import fit_feature_weights
from core.statistics import label_budget
from core.statistics.label_budget import (
    PLANS,
    BudgetSetup,
    agreement_of,
    fit,
    labeller_accuracy,
    sharpness_for,
    shown_accuracy,
    simulate,
    true_accuracy,
)

QUICK = BudgetSetup(budget=800, features=8)


@pytest.mark.parametrize("sharpness", [0.3, 1.5, 4.0, 12.0])
def test_agreement_and_accuracy_by_drawing(sharpness):
    rng = np.random.default_rng(0)
    gap = rng.standard_normal(400_000)
    chance = 1 / (1 + np.exp(-sharpness * gap))
    one, other = rng.random((2, len(gap))) < chance
    assert agreement_of(sharpness) == pytest.approx((one == other).mean(), abs=0.003)
    assert labeller_accuracy(sharpness) == pytest.approx((one == (gap > 0)).mean(), abs=0.003)
    score = 0.6 * gap + 0.8 * rng.standard_normal(len(gap))
    assert float(shown_accuracy(0.6, sharpness)) == pytest.approx(((score > 0) == one).mean(), abs=0.003)
    assert float(true_accuracy(0.6)) == pytest.approx(((score > 0) == (gap > 0)).mean(), abs=0.003)


def test_sharpness_gives_back_the_agreement():
    for agreement in (0.51, 0.63, 0.73, 0.9, 0.97):
        assert agreement_of(sharpness_for(agreement)) == pytest.approx(agreement, abs=1e-9)
    assert sharpness_for(1.0) == label_budget.SHARPEST


@pytest.mark.parametrize(("n", "sharpness"), [(10, 1.0), (60, 13.0), (600, 2.4)])
def test_the_fit_of_all_seeds_is_the_fit_of_each(n, sharpness):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((3, n, 6)).astype(np.float32)
    y = np.where(rng.random((3, n)) < 1 / (1 + np.exp(-sharpness * x[..., 0])), 1, -1).astype(np.float32)
    found = fit(x, y, 1.0)
    for seed in range(3):
        slow = fit_feature_weights(x[seed], (y[seed] + 1) / 2, 1.0).weights
        assert found[seed] == pytest.approx(slow, abs=2e-3)


def test_more_money_and_better_agreement_teach_more():
    low, high = simulate(QUICK), simulate(BudgetSetup(agreement=0.95, budget=800, features=8))
    for plan in PLANS:
        mean = low.accuracy[plan].mean(axis=0)
        assert mean[-1] > mean[0] + 0.02
        assert high.accuracy[plan].mean() > low.accuracy[plan].mean()
    shown = low.against_labels(low.accuracy["rows"])
    assert shown.shape == low.accuracy["rows"].shape
    assert shown.max() < low.labeller < 1


def test_without_anything_new_refreshing_is_the_same_as_rows():
    found = simulate(BudgetSetup(budget=400, features=6, new_share=0.0))
    assert np.array_equal(found.accuracy["rows"], found.accuracy["refresh"])


def test_what_an_amount_buys():
    setup = BudgetSetup(budget=1000, label_cost=2, pair_cost=4)
    assert (setup.pairs_for(1000, "rows"), setup.labels_for(1000, "rows")) == (166, 166)
    assert (setup.pairs_for(1000, "overlap"), setup.labels_for(1000, "overlap")) == (100, 300)
    found = simulate(setup)
    assert found.amounts[-1] == pytest.approx(1000)
    assert found.pairs["overlap"][-1] == 100
    assert not found.capped
    assert simulate(BudgetSetup(budget=10_000, features=2)).capped


def test_labels_to_reach_lie_on_the_curve():
    found = simulate(QUICK)
    mean = found.accuracy["rows"].mean(axis=0)
    assert found.labels_to_reach("rows", mean[0] - 0.01) == found.labels["rows"][0]
    assert (
        found.labels["rows"][-2] < found.labels_to_reach("rows", (mean[-2] + mean[-1]) / 2) <= found.labels["rows"][-1]
    )
    assert found.labels_to_reach("rows", 0.9999) is None


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"agreement": 0.5}, "above 50 %"),
        ({"agreement": 1.2}, "at most 100 %"),
        ({"budget": 10}, "at least 16 pairs"),
        ({"label_cost": 0}, "must cost something"),
        ({"features": 1}, "features"),
        ({"new_share": 2}, "between 0 and 1"),
        ({"budget": float("nan")}, "finite"),
    ],
)
def test_impossible_settings_are_refused(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        BudgetSetup(**settings)
