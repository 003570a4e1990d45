"""Side and length: the exact test against scipy, the fit against statsmodels, and what cannot be told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.statistics.label_bias import binned, doublings_between, exact_half, length_bias, position_bias


@pytest.mark.parametrize(("k", "n"), [(0, 1), (0, 12), (3, 12), (6, 12), (7, 12), (50, 61), (4900, 10_000)])
def test_the_exact_test_is_scipys(k, n):
    from scipy.stats import binomtest

    assert exact_half(k, n) == pytest.approx(binomtest(k, n).pvalue, rel=1e-9)


def test_position_bias():
    found = position_bias([True] * 9 + [False])
    assert (found.k, found.n, found.share) == (9, 10, 0.9)
    assert found.significant
    assert found.interval[0] > 0.5
    assert position_bias([]) is None


def labels(seed, n, side, slope):
    rng = np.random.default_rng(seed)
    left, right = rng.integers(0, 2000, (2, n))
    chance = 1 / (1 + np.exp(-(side + slope * doublings_between(left, right))))
    return left, right, rng.random(n) < chance


@pytest.mark.parametrize(("n", "side", "slope"), [(60, 0.0, 0.5), (400, 0.4, 0.0), (2000, -0.3, 1.2)])
def test_the_fit_is_statsmodels(n, side, slope):
    from statsmodels.discrete.discrete_model import Logit

    left, right, won = labels(3, n, side, slope)
    found = length_bias(left, right, won)
    library = Logit(won.astype(float), np.column_stack([np.ones(n), doublings_between(left, right)])).fit(disp=0)
    assert (found.side, found.slope) == pytest.approx(tuple(library.params), abs=1e-5)
    assert (*found.side_interval, *found.slope_interval) == pytest.approx(tuple(library.conf_int().ravel()), abs=1e-4)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 20_000), st.booleans()), min_size=1, max_size=30))
def test_mirroring_every_label_changes_only_the_side(rows):
    left, right, won = map(np.array, zip(*rows))
    one, other = length_bias(left, right, won), length_bias(right, left, ~won)
    assert one.longer == other.longer
    assert one.equal == other.equal
    assert (one.slope is None) == (other.slope is None)
    if one.slope is not None:
        assert other.slope == pytest.approx(one.slope, abs=1e-6)
        assert other.side == pytest.approx(-one.side, abs=1e-6)


def test_what_the_labels_do_not_determine_is_said():
    always = length_bias([10, 20, 40, 5, 80, 3], [1, 2, 4, 50, 8, 30], [True, True, True, False, True, False])
    assert always.slope is None
    assert "no finite slope" in always.sentence
    assert always.longer.share == 1
    same = length_bias([7, 0], [7, 0], [True, False])
    assert same.longer is None
    assert "different lengths" in same.sentence
    assert length_bias([], [], []).sentence


def test_bad_lengths_are_refused():
    with pytest.raises(ValueError, match="two lengths and one outcome"):
        length_bias([1, 2], [1], [True])
    with pytest.raises(ValueError, match="negative"):
        length_bias([1, -2], [1, 1], [True, False])


def test_bins_hold_every_label_once():
    left, right, won = labels(0, 100, 0, 1)
    found = binned(left, right, won)
    assert sum(group.wins.n for group in found) == 100
    assert sum(group.wins.k for group in found) == won.sum()
    assert [group.doublings for group in found] == sorted(group.doublings for group in found)
    assert len(binned([5, 6], [1, 1], [True, False])) == 1


def test_the_curve_is_the_fit_at_every_length_with_the_side_in_it():
    left, right, won = labels(5, 300, 0.6, 0.8)
    found = length_bias(left, right, won)
    x, chance = found.curve(3.0)
    middle = len(x) // 2
    assert (x[0], x[middle], x[-1]) == pytest.approx((-3, 0, 3))
    assert np.log(chance / (1 - chance)) == pytest.approx(found.side + found.slope * x)
