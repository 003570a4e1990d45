"""Two lines with bands over the same axis: where they cross, and where the bands keep them apart."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

NORMAL_95 = 1.96
EQUAL = 1e-12


class Band(NamedTuple):
    """A mean at every place of the axis and the ends of its 95 % interval, each [places]."""

    mean: Array
    low: Array
    high: Array


class Contest(NamedTuple):
    """The first line against the second: where the first is separably above or below (bands apart), [places] each, and where
    the lines cross, in units of the axis."""

    above: tuple[bool, ...]
    below: tuple[bool, ...]
    lead: tuple[float, ...]  # difference of the means
    crossings: tuple[float, ...]


def band(values: ArrayLike) -> Band:
    """Mean over the runs (rows) of `values` [runs, places] and its 95 % interval, mean ± 1.96 sd / √runs.

    Raises ValueError for fewer than two runs.
    """
    runs = np.asarray(values, dtype=float)
    if runs.ndim != 2 or len(runs) < 2:
        raise ValueError("An interval over runs needs at least two runs.")
    mean = runs.mean(axis=0)
    half = NORMAL_95 * runs.std(axis=0, ddof=1) / math.sqrt(len(runs))
    return Band(mean, mean - half, mean + half)


def contest(places: ArrayLike, first: Band, second: Band) -> Contest:
    """Compare two lines drawn straight between `places` on a logarithmic axis (positive, ascending).

    Where both means are equal over a stretch and the order is another one behind it, the crossing is the stretch's beginning.
    """
    x = np.log(np.asarray(places, dtype=float))
    lead = first.mean - second.mean
    crossings: list[float] = []
    last: int | None = None
    for k in np.flatnonzero(np.abs(lead) > EQUAL):
        if last is not None and lead[k] * lead[last] < 0:
            if k == last + 1:
                share = lead[last] / (lead[last] - lead[k])
                crossings.append(float(np.exp(x[last] + share * (x[k] - x[last]))))
            else:
                crossings.append(float(np.exp(x[last + 1])))
        last = int(k)
    return Contest(
        above=tuple(bool(v) for v in first.low > second.high),
        below=tuple(bool(v) for v in first.high < second.low),
        lead=tuple(float(v) for v in lead),
        crossings=tuple(crossings),
    )
