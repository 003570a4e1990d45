"""The simulation of raters: estimators against slow loops, τ against scipy, and what must hold whatever is drawn."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from core.objectives.bradley_terry_fit import fit_item_strengths
from core.statistics import ratings as module
from core.statistics.crossings import band
from core.statistics.ratings import (
    BUDGETS,
    ESTIMATORS,
    N_ITEMS,
    SEEDS,
    RatingSetup,
    bradley_terry_strengths,
    draw_raters,
    kendall_tau,
    raw_means,
    simulate,
    standardised_means,
    to_scale,
)

USUAL = RatingSetup()
COUNTS = (5, 16, 40)


@pytest.fixture(scope="module")
def drawn():
    raters = draw_raters(USUAL)
    return module._draw_ratings(USUAL, raters, 40), module._draw_comparisons(replace(USUAL, tie_below=0.4), raters, 40)


@given(
    values=st.lists(st.integers(-3, 3), min_size=2, max_size=9),
    truth=st.lists(st.integers(-3, 3), min_size=9, max_size=9),
)
@settings(max_examples=200, deadline=None)
def test_tau_is_that_of_scipy(values, truth):
    ours = float(kendall_tau(np.array(values, dtype=float), np.array(truth[: len(values)], dtype=float)))
    theirs = scipy.stats.kendalltau(values, truth[: len(values)]).statistic
    assert ours == pytest.approx(0.0 if np.isnan(theirs) else theirs, abs=1e-12)


def test_tau_of_many_rows_is_that_of_each():
    rng = np.random.default_rng(0)
    values, truth = rng.normal(size=(3, 4, 8)), np.arange(8.0)
    one_by_one = [[scipy.stats.kendalltau(row, truth).statistic for row in rows] for rows in values]
    assert kendall_tau(values, truth) == pytest.approx(np.array(one_by_one))


def test_raw_means_against_a_loop(drawn):
    (items, _, scores), _ = drawn
    ours = raw_means(items, scores, COUNTS)
    for seed in (0, 7):
        for k, count in enumerate(COUNTS):
            seen, given_ = items[seed, :count], scores[seed, :count]
            for item in range(N_ITEMS):
                expected = given_[seen == item].mean() if (seen == item).any() else given_.mean()
                assert ours[seed, k, item] == pytest.approx(expected)


def test_standardised_means_against_a_loop(drawn):
    (items, who, scores), _ = drawn
    ours = standardised_means(items, who, scores, COUNTS, USUAL.n_raters)
    for seed in (0, 7):
        for k, count in enumerate(COUNTS):
            z = np.zeros(count)
            for label in range(count):
                same = scores[seed, :count][who[seed, :count] == who[seed, label]]
                z[label] = (scores[seed, label] - same.mean()) / (same.std() or 1.0)
            for item in range(N_ITEMS):
                mine = z[items[seed, :count] == item]
                assert ours[seed, k, item] == pytest.approx(mine.mean() if len(mine) else z.mean())


def test_strengths_are_those_of_the_one_table_fit(drawn):
    _, (pairs, shares) = drawn
    assert 0 < (shares == 0.5).mean() < 0.5  # ties are among them
    ours = bradley_terry_strengths(pairs, shares, COUNTS, 2.0)
    for seed in (0, 7):
        for k, count in enumerate(COUNTS):
            fit = fit_item_strengths(N_ITEMS, pairs[seed, :count], shares[seed, :count], 1 / (2 * 2.0**2))
            assert ours[seed, k] == pytest.approx(fit.strengths, abs=1e-7)


def test_every_round_asks_for_everything_once(drawn):
    (items, _, _), (pairs, _) = drawn
    assert (np.sort(items[:, :N_ITEMS], axis=1) == np.arange(N_ITEMS)).all()
    assert all(len({tuple(pair) for pair in row[:28].tolist()}) == 28 for row in pairs)


def test_a_larger_budget_keeps_the_labels_of_the_smaller_one():
    raters = draw_raters(USUAL)
    short, long = (module._draw_comparisons(USUAL, raters, n) for n in (30, 100))
    assert (short[0] == long[0][:, :30]).all()
    assert (short[1] == long[1][:, :30]).all()


def test_a_rating_is_rounded_and_cut():
    assert to_scale([-5.0, 0.4, 1.4, 3.6, 6.8, 7.9, 40.0]).tolist() == [1, 1, 1, 4, 7, 7, 7]


@given(
    seed=st.integers(0, 999),
    offset=st.floats(0, 3),
    scale=st.floats(0, 1),
    noise=st.floats(0, 3),
    shared=st.floats(0, 1),
    raters=st.sampled_from((1, 3, 200)),
    cost=st.sampled_from((0.25, 1.0, 4.0)),
)
@settings(max_examples=25, deadline=None)
def test_every_setting_gives_a_tau_between_minus_one_and_one(seed, offset, scale, noise, shared, raters, cost):
    setup = RatingSetup(0.05, offset, scale, noise, shared, raters, cost, cost, 0.5, 3.0, seed)
    found = simulate.__wrapped__(setup)
    for name in ESTIMATORS:
        assert found.tau[name].shape == (SEEDS, len(BUDGETS))
        assert np.abs(found.tau[name]).max() <= 1 + 1e-12
    assert np.abs(found.ceiling).max() <= 1 + 1e-12


def test_offsets_cannot_touch_comparisons():
    """a stands on both sides: the same draws give the same comparisons under any spread of offsets, to the last digit."""
    fair, harsh = (simulate(replace(USUAL, offset_sd=spread)).tau for spread in (0.0, 3.0))
    assert (fair["pairs"] == harsh["pairs"]).all()
    assert fair["raw"][:, 3].mean() > harsh["raw"][:, 3].mean() + 0.1


def test_without_noise_a_comparison_follows_the_truth():
    found = simulate(replace(USUAL, noise_sd=0.0, scale_sd=1.0))
    assert found.tau["pairs"][:, BUDGETS.index(64) :].min() == 1.0
    assert found.tau["raw"][:, BUDGETS.index(64)].mean() < 0.95


def test_one_rater_has_one_offset():
    """With a single rater standardising changes no order."""
    found = simulate(replace(USUAL, n_raters=1))
    assert found.tau["raw"] == pytest.approx(found.tau["standardised"])


def test_a_rater_with_a_single_rating_says_nothing_once_centred():
    items = np.arange(8)[None, :].repeat(2, axis=0)
    who = items.copy()
    scores = np.tile(np.array([1.0, 7, 3, 4, 5, 6, 2, 7]), (2, 1))
    assert np.abs(standardised_means(items, who, scores, (8,), 8)).max() == 0


def test_errors_that_all_share_leave_a_ceiling():
    found = simulate(replace(USUAL, shared=1.0, scale_sd=0.0, comparison_cost=0.25))
    assert found.ceiling.mean() < 0.8
    assert found.tau["pairs"][:, -1] == pytest.approx(found.ceiling, abs=0.2)
    assert found.tau["pairs"][:, -1].mean() == pytest.approx(found.ceiling.mean(), abs=0.01)
    assert simulate(USUAL).ceiling.min() == 1.0


def test_unbiased_ratings_are_worth_what_theory_says():
    """Many unbiased ratings: mean of k of them has variance (noise² + 1/12) / k, the last for rounding to whole points."""
    setup = replace(USUAL, offset_sd=0.0, scale_sd=0.0, gap=0.05)
    items, _, scores = module._draw_ratings(setup, draw_raters(setup), 512)
    error = raw_means(items, scores, (512,))[:, 0] - module.MIDDLE - setup.utilities()
    assert error.std() ** 2 == pytest.approx((1 + 1 / 12) / 64, rel=0.2)


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others():
    again = simulate.__wrapped__(USUAL)
    assert all((again.tau[name] == simulate(USUAL).tau[name]).all() for name in ESTIMATORS)
    assert (simulate(replace(USUAL, seed=1)).tau["pairs"] != again.tau["pairs"]).any()


def test_costs_buy_labels():
    found = simulate(replace(USUAL, comparison_cost=4.0, rating_cost=0.25))
    assert found.n_ratings == tuple(4 * budget for budget in BUDGETS)
    assert found.n_comparisons == tuple(budget // 4 for budget in BUDGETS)
    assert band(found.tau["pairs"]).high[3] < band(simulate(USUAL).tau["pairs"]).low[3]


@pytest.mark.parametrize(
    "wrong",
    [
        {"gap": 0.0},
        {"offset_sd": -1.0},
        {"noise_sd": float("nan")},
        {"scale_sd": float("inf")},
        {"shared": 1.5},
        {"n_raters": 0},
        {"n_raters": 201},
        {"rating_cost": 0.0},
        {"comparison_cost": 9.0},
        {"prior_sd": 0.0},
    ],
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ValueError):
        RatingSetup(**wrong)
