"""Many tables at once give what one table at a time gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.objectives.bradley_terry_fit import fit_item_strengths
from core.objectives.bradley_terry_many import fit_many_item_strengths


def _one_by_one(wins: np.ndarray, penalty: float) -> np.ndarray:
    n = wins.shape[-1]
    rows = []
    for table in wins:
        pairs, outcomes = [], []
        for i in range(n):
            for j in range(n):
                whole, part = divmod(table[i, j], 1)
                pairs += [(i, j)] * int(whole)
                outcomes += [1.0] * int(whole)
                if part and i < j:
                    pairs.append((i, j))
                    outcomes.append(0.5)
        rows.append(fit_item_strengths(n, np.array(pairs).reshape(-1, 2), np.array(outcomes), penalty).strengths)
    return np.array(rows)


def _tables(rng: np.random.Generator, many: int, n: int, most: int) -> np.ndarray:
    wins = rng.integers(0, most + 1, size=(many, n, n)).astype(float)
    ties = np.triu(rng.integers(0, 2, size=(many, n, n)) * 0.5, 1)
    wins += ties + ties.transpose(0, 2, 1)
    wins[:, np.arange(n), np.arange(n)] = 0
    return wins


@given(seed=st.integers(0, 2**31), n=st.integers(2, 8), most=st.integers(0, 6), penalty=st.floats(0.01, 2))
@settings(max_examples=40, deadline=None)
def test_agrees_with_the_fit_of_one_table(seed, n, most, penalty):
    wins = _tables(np.random.default_rng(seed), 3, n, most)
    assert fit_many_item_strengths(wins, penalty) == pytest.approx(_one_by_one(wins, penalty), abs=1e-7)


def test_one_sided_tables_with_a_wide_prior():
    """Item 0 wins 500 times, and a full Newton step from zero would overshoot."""
    wins = np.zeros((2, 4, 4))
    wins[0, 0, 1:] = 500
    wins[1, 0, 1], wins[1, 1, 2], wins[1, 2, 3] = 1, 1, 2000
    assert fit_many_item_strengths(wins, 1e-3) == pytest.approx(_one_by_one(wins, 1e-3), abs=1e-6)


def test_leading_shape_is_kept_and_no_comparisons_give_zero():
    fit = fit_many_item_strengths(np.zeros((2, 3, 5, 5)), 0.1)
    assert fit.shape == (2, 3, 5)
    assert np.abs(fit).max() == 0


@pytest.mark.parametrize(
    ("wins", "penalty"),
    [
        (np.zeros((2, 3)), 0.1),
        (-np.ones((3, 3)), 0.1),
        (np.full((3, 3), np.nan), 0.1),
        (np.zeros((3, 3)), 0.0),
        (np.zeros((3, 3)), np.inf),
    ],
)
def test_impossible_inputs_are_refused(wins, penalty):
    with pytest.raises(ValueError):
        fit_many_item_strengths(wins, penalty)
