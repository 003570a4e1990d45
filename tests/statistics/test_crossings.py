"""Crossing lines and bands, by hand."""

import numpy as np
import pytest

from core.statistics.crossings import Band, band, contest


def _band(mean, half=0.0):
    mean = np.array(mean, dtype=float)
    return Band(mean, mean - half, mean + half)


def test_a_band_is_the_interval_of_the_mean():
    runs = np.array([[1.0, 2.0], [3.0, 2.0], [5.0, 2.0]])
    found = band(runs)
    assert found.mean == pytest.approx([3, 2])
    assert found.high - found.mean == pytest.approx([1.96 * 2 / np.sqrt(3), 0])
    for wrong in (np.zeros(3), np.zeros((1, 3))):
        with pytest.raises(ValueError):
            band(wrong)


def test_a_crossing_halfway_on_a_logarithmic_axis():
    found = contest((1, 10, 100), _band([0, 0, 2]), _band([1, 1, 1]))
    assert found.crossings == pytest.approx((10**1.5,))
    assert found.lead == (-1.0, -1.0, 1.0)
    assert found.below == (True, True, False)
    assert found.above == (False, False, True)


@pytest.mark.parametrize(
    ("mean", "crossings"),
    [
        ([1, 1, 1, 1], ()),
        ([1, 0, 1, 1], ()),
        ([0, 0, 0, 0], ()),
        ([0, 1, 2, 0], ()),
        ([1, 0, -1, -1], (10,)),
        ([1, 0, 0, -1], (10,)),
        ([1, -1, 1, -1], (10**0.5, 10**1.5, 10**2.5)),
        ([3, -1, -1, -1], (10**0.75,)),
    ],
)
def test_every_change_of_order_is_a_crossing_and_touching_is_none(mean, crossings):
    assert contest((1, 10, 100, 1000), _band(mean), _band([0] * 4)).crossings == pytest.approx(crossings)


def test_bands_that_touch_are_not_apart():
    found = contest((1, 10), _band([1, 2], 0.5), _band([0, 0], 0.5))
    assert found.above == (False, True)
    assert found.below == (False, False)
