"""Intervals over seeds: equal to scipy's, and honest about what cannot be separated."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from core.statistics.over_seeds import over_seeds

NUMBERS = st.floats(-5, 5).map(lambda x: round(x, 3))


@settings(max_examples=40, deadline=None)
@given(st.lists(NUMBERS, min_size=2, max_size=12).filter(lambda x: len(set(x)) > 1), st.sampled_from([0.5, 0.9, 0.95]))
def test_the_interval_is_students(differences, level):
    found = over_seeds(differences, level)
    theirs = stats.ttest_1samp(differences, 0.0).confidence_interval(level)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert found.above + found.below + differences.count(0.0) == found.n == len(differences)


def test_signs_are_counted_and_overlap_is_not_separable():
    assert over_seeds([0.1, 0.2, 0.15]).sign == 1
    assert over_seeds([-0.1, -0.2, -0.15]).sign == -1
    mixed = over_seeds([0.3, -0.2, 0.1])
    assert (mixed.sign, mixed.separable, mixed.agreeing) == (0, False, 2)


@pytest.mark.parametrize("differences", [[], [1.0], [1.0, math.nan], [1.0, math.inf]])
def test_too_little_is_refused(differences):
    with pytest.raises(ValueError, match="interval"):
        over_seeds(differences)
