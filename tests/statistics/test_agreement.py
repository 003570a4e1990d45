"""Agreement coefficients against closed forms and direct counting, their intervals, and inputs without an answer."""

import itertools
import math

import numpy as np
import pytest

from core.statistics.agreement import (
    NO_SPREAD,
    NO_VARIETY,
    ONE_ITEM,
    category_counts,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
)


def ratings(seed, raters=3, units=30, categories=4, agree=0.6):
    """Each rater copies a common truth with probability `agree`, else draws any category."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(1, categories + 1, units)
    return np.where(rng.random((raters, units)) < agree, truth, rng.integers(1, categories + 1, (raters, units)))


def test_cohen_of_a_two_by_two_table_in_closed_form():
    a = [1] * 25 + [0] * 25
    b = [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15
    observed, chance = 35 / 50, 0.5 * 0.6 + 0.5 * 0.4
    assert cohen_kappa(a, b, n_resamples=0).value == pytest.approx((observed - chance) / (1 - chance))


@pytest.mark.parametrize("weights, power", [(None, 0), ("linear", 1), ("quadratic", 2)])
def test_weighted_kappa_is_one_minus_observed_over_expected_distance(weights, power):
    a, b = ratings(0, 2).tolist()

    def distance(x, y):
        return abs(x - y) ** power if x != y else 0

    observed = np.mean([distance(x, y) for x, y in zip(a, b)])
    expected = np.mean([distance(x, y) for x, y in itertools.product(a, b)])
    assert cohen_kappa(a, b, weights, n_resamples=0).value == pytest.approx(1 - observed / expected)


def test_an_unused_step_of_the_scale_changes_distances():
    a, b = [1, 1, 2, 4, 4], [1, 2, 2, 4, 4]
    used = cohen_kappa(a, b, "linear", n_resamples=0).value
    whole = cohen_kappa(a, b, "linear", categories=[1, 2, 3, 4], n_resamples=0).value
    assert used != pytest.approx(whole)
    words = [["a", "b", "c", "d"][x - 1] for x in a], [["a", "b", "c", "d"][x - 1] for x in b]
    assert cohen_kappa(*words, "linear", categories=list("abcd"), n_resamples=0).value == pytest.approx(whole)


def test_fleiss_and_randolph_in_closed_form():
    counts, names = category_counts(ratings(1, raters=4).tolist())
    n_items, n_raters = len(counts), 4
    assert names == [1, 2, 3, 4]
    agreeing = np.mean((counts * (counts - 1)).sum(1) / (n_raters * (n_raters - 1)))
    share = counts.sum(0) / (n_items * n_raters)
    for method, chance in (("fleiss", (share**2).sum()), ("randolph", 1 / 4)):
        expected = (agreeing - chance) / (1 - chance)
        assert fleiss_kappa(counts, method, n_resamples=0).value == pytest.approx(expected)


def alpha_by_counting(table, distance):
    """1 - observed / expected disagreement, over all pairs of values (Krippendorff's definition)."""
    units = [[x for x in column if x is not None] for column in zip(*table)]
    units = [unit for unit in units if len(unit) > 1]
    pool = [x for unit in units for x in unit]
    observed = sum(distance(x, y, pool) / (len(u) - 1) for u in units for x, y in itertools.permutations(u, 2))
    expected = sum(distance(x, y, pool) for x, y in itertools.permutations(pool, 2)) / (len(pool) - 1)
    return 1 - observed / expected


def ordinal_distance(x, y, pool):
    low, high = min(x, y), max(x, y)
    between = sum(low <= value <= high for value in pool)
    return (between - (pool.count(low) + pool.count(high)) / 2) ** 2


@pytest.mark.parametrize(
    "level, distance",
    [
        ("nominal", lambda x, y, pool: float(x != y)),
        ("ordinal", ordinal_distance),
        ("interval", lambda x, y, pool: (x - y) ** 2),
        ("ratio", lambda x, y, pool: ((x - y) / (x + y)) ** 2),
    ],
)
def test_alpha_agrees_with_counting_all_pairs(level, distance):
    table = ratings(2, raters=4, units=12).tolist()
    for rater, unit in ((0, 1), (1, 1), (2, 1), (3, 5), (0, 7)):
        table[rater][unit] = None  # unit 1 keeps one rating and so counts no more
    got = krippendorff_alpha(table, level, n_resamples=0)
    assert got.value == pytest.approx(alpha_by_counting(table, distance))
    assert got.n_items == 11


def test_words_and_their_order():
    words = ["low", "mid", "high", "top"]
    table = ratings(3).tolist()
    spelt = [[words[x - 1] for x in row] for row in table]
    for level in ("nominal", "ordinal"):
        number = krippendorff_alpha(table, level, n_resamples=0).value
        assert krippendorff_alpha(spelt, level, categories=words, n_resamples=0).value == pytest.approx(number)
    with pytest.raises(ValueError, match="order of the categories"):
        krippendorff_alpha(spelt, "ordinal")
    with pytest.raises(ValueError, match="needs numbers"):
        krippendorff_alpha(spelt, "interval", categories=words)


def test_perfect_agreement_is_one_and_says_that_its_interval_is_empty():
    row = [1, 2, 3, 1, 2]
    perfect = (cohen_kappa(row, row), krippendorff_alpha([row, row]), fleiss_kappa([[3, 0], [0, 3], [3, 0]]))
    for result in perfect:
        assert result.value == pytest.approx(1.0)
        assert result.low == pytest.approx(1.0)
        assert result.high == pytest.approx(1.0)
        assert result.note == NO_SPREAD


def test_chance_alone_is_near_zero_and_systematic_disagreement_below():
    table = ratings(4, raters=3, units=4000, agree=0.0).tolist()
    counts, _ = category_counts(table)
    assert abs(cohen_kappa(table[0], table[1], n_resamples=0).value) < 0.05
    assert abs(fleiss_kappa(counts, n_resamples=0).value) < 0.05
    assert abs(krippendorff_alpha(table, n_resamples=0).value) < 0.05
    assert cohen_kappa([0, 1] * 10, [1, 0] * 10, n_resamples=0).value == pytest.approx(-1.0)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """Two raters copy a common truth with probability 0.6 each: P(agree) = 0.36 + 0.64 / K, so kappa is 0.36."""
    hits = {"cohen": 0, "fleiss": 0, "krippendorff": 0}
    rounds = 120
    for seed in range(rounds):
        table = ratings(1000 + seed, raters=2, units=80).tolist()
        counts, _ = category_counts(table)
        options = {"n_resamples": 200, "seed": seed}
        for name, result in (
            ("cohen", cohen_kappa(*table, **options)),
            ("fleiss", fleiss_kappa(counts, **options)),
            ("krippendorff", krippendorff_alpha(table, **options)),
        ):
            hits[name] += result.low <= 0.36 <= result.high
    assert all(0.88 <= hit / rounds <= 0.99 for hit in hits.values()), hits


def test_the_interval_is_reproducible_and_narrows_with_items():
    few, many = ratings(5, 2, 20).tolist(), ratings(5, 2, 2000).tolist()
    first = cohen_kappa(*few, seed=3)
    assert first == cohen_kappa(*few, seed=3)
    assert first != cohen_kappa(*few, seed=4)
    wide, narrow = first.high - first.low, cohen_kappa(*many, n_resamples=200)
    assert narrow.high - narrow.low < wide / 4
    assert cohen_kappa(*few, confidence=0.5).high < first.high


def test_one_category_has_no_coefficient_and_says_why():
    for result in (
        cohen_kappa([1, 1, 1], [1, 1, 1]),
        cohen_kappa([1, 1], [1, 1], "linear", categories=[1, 2, 3]),
        fleiss_kappa([[0, 4], [0, 4]]),
        krippendorff_alpha([[1, 1, None], [1, 1, 2]]),  # the 2 stands alone in its unit
    ):
        assert math.isnan(result.value)
        assert math.isnan(result.low)
        assert result.note == NO_VARIETY
    assert math.isnan(fleiss_kappa([[2], [2]], "randolph").value)
    assert fleiss_kappa([[0, 4], [0, 4]], "randolph").value == pytest.approx(1.0)


def test_resamples_without_a_coefficient_are_left_out_and_counted():
    result = cohen_kappa([1, 1, 1, 2], [1, 1, 1, 2], seed=0)
    assert 0 < result.resamples < 1000
    single = cohen_kappa([1], [2])
    assert single.value == pytest.approx(0.0)
    assert single.note == ONE_ITEM


@pytest.mark.parametrize(
    "call, sentence",
    [
        (lambda: cohen_kappa([1, 2], [1]), "same items"),
        (lambda: cohen_kappa([], []), "same items"),
        (lambda: cohen_kappa([1, "a"], [1, 2]), "all numbers or all words"),
        (lambda: cohen_kappa([1], [5], categories=[1, 2]), "not one of the categories"),
        (lambda: cohen_kappa([1, 2], [1, 2], "cubic"), "weights"),
        (lambda: cohen_kappa([1, 2], [1, 2], confidence=1.0), "confidence"),
        (lambda: fleiss_kappa([[1, 0], [0, 1]]), "at least two"),
        (lambda: fleiss_kappa([[2, 0], [2, 1]]), "same number"),
        (lambda: fleiss_kappa([[-1, 3]]), "negative"),
        (lambda: fleiss_kappa([[math.nan, 3]]), "missing"),
        (lambda: fleiss_kappa([]), "table"),
        (lambda: fleiss_kappa([[1, 1]], "cohen"), "method"),
        (lambda: krippendorff_alpha([[1, None], [None, 2]]), "at least two raters"),
        (lambda: krippendorff_alpha([[1, 2, 3]]), "at least two raters"),
        (lambda: krippendorff_alpha([[None], [math.nan]]), "at least two raters"),
        (lambda: krippendorff_alpha([[1, 2], [1]]), "one entry per item"),
        (lambda: krippendorff_alpha([]), "one entry per item"),
        (lambda: krippendorff_alpha([[1, 2], [1, 2]], "cardinal"), "level"),
    ],
)
def test_impossible_inputs_are_refused_in_words(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
