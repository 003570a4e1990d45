"""Time and money, the ranking of candidates, and the regression suite: closed forms, libraries, simulations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.statistics.candidate_ranking import rank
from core.statistics.label_cost import CostPlan, cost, price_of_a_label, typical_seconds
from core.statistics.regression_suite import (
    approximate_size,
    canary,
    lower_bound,
    power_curve,
    power_of,
    refresh_cadence,
    release_gate,
    release_gate_paired,
    suite_size,
)


def test_cost_by_hand():
    plan = CostPlan(
        pairs=850, labels_per_pair=2, seconds=90, wage=20, labellers=4, hours_a_week=10, usable=0.85, gold_share=0.2,
        onboarding_hours=3, overhead=0.1, pair_cost=0.05,
    )  # fmt: skip
    found = cost(plan)
    assert found.labels == 1000 * 2 / 0.8
    assert found.labelling_hours == 62.5
    assert (found.labelling, found.onboarding, found.overhead) == (1250, 240, 125)
    assert found.making_pairs == pytest.approx(50)
    assert found.total == pytest.approx(1665)
    assert found.weeks == pytest.approx((62.5 + 12) / 40)
    assert found.a_pair(850) == pytest.approx(1665 / 850)
    assert price_of_a_label(plan) == pytest.approx(90 / 3600 * 20 * 1.1 / 0.85 / 0.8)
    assert cost(CostPlan(pairs=0)).total == 0


@pytest.mark.parametrize(
    "wrong",
    [{"usable": 0}, {"wage": -1}, {"labels_per_pair": 3, "labellers": 2}, {"gold_share": 1}, {"seconds": float("inf")}],
)
def test_impossible_costs_are_refused(wrong):
    with pytest.raises(ValueError):
        CostPlan(pairs=10, **wrong)


def test_typical_seconds_do_not_mind_a_pause():
    times = [30.0, 32, 28, 31, 29, 33, 27, 4000]
    found = typical_seconds(times)
    assert (found.median, found.n) == (30.5, 8)
    assert found.interval[0] <= 30.5 <= found.interval[1]
    assert typical_seconds([]) is None
    assert typical_seconds([5.0]).interval is None
    with pytest.raises(ValueError, match="finite"):
        typical_seconds([1.0, float("nan")])


def test_the_interval_of_the_median_covers_it():
    drawn = np.random.default_rng(0).lognormal(0, 1, (1500, 25))
    ends = np.array([typical_seconds(row).interval for row in drawn])
    assert 0.93 <= ((ends[:, 0] <= 1) & (ends[:, 1] >= 1)).mean() <= 0.99


def test_a_ranking_learns_as_judgements_come_in():
    pairs = [(0, 1), (1, 2), (0, 2), (3, 2)] * 6
    shares = [1.0, 1.0, 1.0, 0.5] * 6
    found = rank(4, pairs, shares)
    assert [ranked.item for ranked in found.ranked][:2] == [0, 1]
    assert found.sentence == ""
    assert [ranked.judgements for ranked in found.by_item] == [12, 12, 18, 6]
    few = rank(4, pairs[:4], shares[:4])
    for early, late in zip(few.by_item, found.by_item):
        assert late.interval[1] - late.interval[0] < early.interval[1] - early.interval[0]
        assert late.places[0] <= late.place <= late.places[1]
    assert sum(ranked.best_chance for ranked in found.ranked) == pytest.approx(1)
    assert sum(ranked.strength for ranked in found.ranked) == pytest.approx(0, abs=1e-9)


def test_what_a_ranking_rests_on_is_said():
    assert "Nobody has compared" in rank(3, [], []).sentence
    assert {ranked.strength for ranked in rank(3, [], []).ranked} == {0.0}
    assert "took part in no comparison" in rank(3, [(0, 1)], [1.0]).sentence
    assert "2 groups" in rank(4, [(0, 1), (2, 3)], [1.0, 0.0]).sentence
    assert {round(ranked.strength, 9) for ranked in rank(3, [(0, 1), (1, 2)], [0.5, 0.5]).ranked} == {0.0}
    with pytest.raises(ValueError, match="prior"):
        rank(2, [(0, 1)], [1.0], prior_sd=0)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 400), st.floats(0.05, 0.99), st.floats(0.05, 0.9), st.sampled_from([0.01, 0.05, 0.1]))
def test_the_alarm_is_the_last_count_that_is_rare_enough(n, rate, part, alpha):
    from scipy.special import betainc

    def cdf(count, chance):
        return float(betainc(n - count, count + 1, 1 - chance)) if count < n else 1.0

    found = power_of([n], rate, rate * part, alpha)
    at = int(found.alarm_at[0])
    assert at < 0 or cdf(at, rate) <= alpha
    assert at == n or cdf(at + 1, rate) > alpha
    assert found.power[0] == pytest.approx(cdf(at, rate * (1 - part)) if at >= 0 else 0.0, abs=1e-9)


@pytest.mark.parametrize(("rate", "drop", "power"), [(0.9, 0.03, 0.8), (0.61, 0.04, 0.9), (0.98, 0.02, 0.8)])
def test_the_suite_is_just_large_enough(rate, drop, power):
    plan = suite_size(rate, drop, 0.05, power)
    assert plan.false_alarm <= 0.05
    beyond = power_of(np.arange(plan.size - 1, plan.size + 400), rate, drop, 0.05).power
    assert beyond[0] < power <= beyond[1:].min()
    assert plan.size == pytest.approx(approximate_size(rate, drop, 0.05, power), rel=0.35)
    rng = np.random.default_rng(0)
    assert (rng.binomial(plan.size, rate - drop, 200_000) <= plan.alarm_at).mean() == pytest.approx(
        plan.power, abs=0.005
    )
    assert (rng.binomial(plan.size, rate, 200_000) <= plan.alarm_at).mean() == pytest.approx(
        plan.false_alarm, abs=0.003
    )


def test_the_approximation_is_statsmodels():
    from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail

    # Of two samples the one with the usual rate is as good as endless.
    library = samplesize_proportions_2indep_onetail(-0.05, 0.85, 0.8, ratio=1e9, alpha=0.05, alternative="smaller")
    assert approximate_size(0.85, 0.05, 0.05, 0.8) == pytest.approx(library, rel=1e-6)


def test_a_drop_too_small_for_any_suite():
    assert suite_size(0.5, 0.0005) is None
    for wrong in ((1.0, 0.1), (0.5, 0.6), (0.5, 0.0)):
        with pytest.raises(ValueError):
            suite_size(*wrong)


def test_the_curve_reaches_beyond_the_plan():
    plan, curve = suite_size(0.9, 0.05), power_curve(0.9, 0.05)
    assert curve.sizes[0] < plan.size < curve.sizes[-1]
    assert len(curve.sizes) <= 120


@pytest.mark.parametrize(("passes", "n"), [(0, 5), (5, 5), (230, 256)])
def test_the_bound_is_clopper_and_pearsons(passes, n):
    from scipy.stats import binomtest

    library = binomtest(passes, n, alternative="greater").proportion_ci(0.95, "exact").low
    assert lower_bound(passes, n) == pytest.approx(library, abs=1e-12)


def test_the_gate_ships_on_its_bound():
    assert not release_gate(230, 256, 0.89).ship
    shipped = release_gate(245, 256, 0.89)
    assert shipped.ship
    assert shipped.sentence.startswith("Ship: 245 of 256 passed (95.7 %)")
    with pytest.raises(ValueError, match="mark"):
        release_gate(1, 2, 1.5)


def test_the_paired_gate():
    assert release_gate_paired(10, 8, 400, 0.03).ship
    assert not release_gate_paired(8, 25, 400, 0.03).ship
    same = release_gate_paired(0, 0, 50, 0.0)
    assert not same.ship
    assert same.bound < 0
    with pytest.raises(ValueError, match="more than all"):
        release_gate_paired(30, 30, 50, 0.1)


def test_the_paired_bound_holds_as_often_as_it_says():
    rng = np.random.default_rng(0)
    cells = rng.multinomial(300, [0.08, 0.12, 0.8], 3000)
    bounds = np.array([release_gate_paired(a, b, 300, 0.05).bound for a, b, _ in cells.tolist()])
    assert (bounds <= -0.04).mean() == pytest.approx(0.95, abs=0.02)


def test_the_canary_and_the_cadence():
    bird = canary(200, 0.75, 0.15)
    assert bird.false_alarm <= 0.01
    assert bird.batches_to_notice == pytest.approx(1 / bird.power)
    assert bird.years_between_false == pytest.approx(1 / (52 * bird.false_alarm))
    assert canary(1, 0.75, 0.15).batches_to_notice is None
    found = refresh_cadence(1000, 2, 60, 5, 10, usable=0.8)
    assert found.labels_a_week == 3000
    assert found.weeks_a_refresh == pytest.approx(2500 / 3000)
    with pytest.raises(ValueError):
        refresh_cadence(0, 2, 60, 5, 10)
