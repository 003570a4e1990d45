"""The score interval against statsmodels, and at its ends."""

from __future__ import annotations

import pytest
from statsmodels.stats.proportion import proportion_confint

from core.statistics.proportions import wilson


@pytest.mark.parametrize("n", [1, 8, 33, 64])
def test_it_is_the_interval_of_statsmodels(n):
    for successes in range(n + 1):
        assert wilson(successes, n) == pytest.approx(proportion_confint(successes, n, 0.05, method="wilson"), abs=1e-12)


def test_it_holds_the_share_and_narrows_with_tries():
    for successes, n in ((0, 8), (3, 8), (8, 8)):
        low, high = wilson(successes, n)
        assert 0 <= low <= successes / n <= high <= 1
        wider = high - low
        low, high = wilson(4 * successes, 4 * n)
        assert high - low < wider


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 4), (5, 4)])
def test_impossible_counts_are_refused(successes, n):
    with pytest.raises(ValueError, match="share"):
        wilson(successes, n)
