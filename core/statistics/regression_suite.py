"""How large a regression suite must be, when to release, and how soon a drift canary sings. Binomial, exact, one-sided.

A suite of n tasks was passed with the rate p0 so far. The alarm rings when so few are passed that this happens in at most a share
`alpha` of suites although nothing changed. Power is the chance that the alarm rings when the rate has dropped by `drop`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

LARGEST_SUITE = 50_000
CURVE_POINTS = 120


@dataclass(frozen=True)
class Power:
    """Of suites of `sizes` tasks: the most passes at which the alarm still rings (−1: never), how often it rings for
    nothing, and how often it rings after the drop."""

    sizes: NDArray[np.int64]
    alarm_at: NDArray[np.int64]
    false_alarm: Array
    power: Array


@dataclass(frozen=True)
class SuitePlan:
    """The smallest suite from which on the power never falls below the goal again, its alarm, and its exact chances."""

    size: int
    alarm_at: int
    false_alarm: float
    power: float


@dataclass(frozen=True)
class Gate:
    """The decision of a release gate: `ship` if and only if the one-sided lower bound reaches the mark."""

    ship: bool
    bound: float
    mark: float
    share: float
    sentence: str


def power_of(sizes: ArrayLike, rate: float, drop: float, alpha: float = 0.05) -> Power:
    """Exact power of suites of several sizes. Raises ValueError for rates, drops or levels that cannot be."""
    from scipy.special import bdtr

    _check(rate, drop, alpha)
    n = np.asarray(sizes, dtype=np.int64)
    if (n < 1).any():
        raise ValueError("A suite needs at least one task.")
    alarm = _alarm(n, rate, alpha)
    rings = alarm >= 0
    at = np.maximum(alarm, 0).astype(float)
    false_alarm = np.where(rings, bdtr(at, n, rate), 0.0)
    return Power(n, alarm, false_alarm, np.where(rings, bdtr(at, n, rate - drop), 0.0))


def suite_size(rate: float, drop: float, alpha: float = 0.05, power: float = 0.8) -> SuitePlan | None:
    """The suite for the smallest drop that matters; None if 50,000 tasks are not enough.

    Passes are whole numbers, so power climbs in a saw-tooth. The size is the smallest from which on it stays at the goal.
    """
    _check(rate, drop, alpha)
    if not alpha < power < 1:
        raise ValueError("The power must lie above the level of false alarms and below 1.")
    guess = approximate_size(rate, drop, alpha, power)
    if guess > LARGEST_SUITE:
        return None
    # The approximation is off by a quarter at most where it matters; below half of it no suite is enough.
    sizes = np.arange(max(1, int(guess / 2) - 50), min(math.ceil(1.6 * guess) + 200, LARGEST_SUITE) + 1)
    found = power_of(sizes, rate, drop, alpha)
    short = np.flatnonzero(found.power < power)
    k = int(short[-1]) + 1 if len(short) else 0
    if k >= len(sizes):
        return None
    return SuitePlan(int(sizes[k]), int(found.alarm_at[k]), float(found.false_alarm[k]), float(found.power[k]))


def approximate_size(rate: float, drop: float, alpha: float, power: float) -> float:
    """The textbook normal approximation: ((z_α √(p0 q0) + z_β √(p1 q1)) / drop)²."""
    from scipy.special import ndtri

    low = rate - drop
    spread = ndtri(1 - alpha) * math.sqrt(rate * (1 - rate)) + ndtri(power) * math.sqrt(low * (1 - low))
    return float((spread / drop) ** 2)


def power_curve(rate: float, drop: float, alpha: float = 0.05, largest: int | None = None, power: float = 0.8) -> Power:
    """Power at up to 120 sizes, evenly spaced on a logarithmic axis, to a little beyond the planned suite."""
    plan = suite_size(rate, drop, alpha, power)
    end = largest or (2 * plan.size if plan else LARGEST_SUITE)
    sizes = np.unique(np.rint(np.geomspace(5, max(end, 20), CURVE_POINTS)).astype(np.int64))
    return power_of(sizes, rate, drop, alpha)


def lower_bound(passes: int, n: int, alpha: float = 0.05) -> float:
    """One-sided lower confidence bound of a pass rate (Clopper and Pearson 1934): never too optimistic, 0 without a pass."""
    from scipy.special import betaincinv

    if n < 1 or not 0 <= passes <= n:
        raise ValueError(f"A share needs at least one try and 0 to n successes, not {passes} of {n}.")
    return 0.0 if passes == 0 else float(betaincinv(passes, n - passes + 1, alpha))


def release_gate(passes: int, n: int, mark: float, alpha: float = 0.05) -> Gate:
    """Ship if the pass rate is at least `mark` with confidence 1 − alpha: the lower bound decides, not the rate itself."""
    if not 0 <= mark <= 1:
        raise ValueError("The mark must lie between 0 and 1.")
    bound, share = lower_bound(passes, n, alpha), passes / n
    ship = bound >= mark
    verdict = "Ship" if ship else "Hold"
    sentence = (
        f"{verdict}: {passes} of {n} passed ({share:.1%}); with {1 - alpha:.0%} confidence the true rate is at least "
        f"{bound:.1%}, and the mark is {mark:.1%}."
    ).replace("%", " %")
    return Gate(ship, bound, mark, share, sentence)


def release_gate_paired(only_new: int, only_old: int, n: int, margin: float, alpha: float = 0.05) -> Gate:
    """Ship unless the new model may be worse than the old one by more than `margin` on the same n tasks.

    `only_new`, `only_old` count the tasks that just one of the two passed. The bound is one-sided, of the difference of paired
    shares with one half added to each of the four cells (Agresti and Min 2005), so that it has a width even where both models
    agree everywhere. Raises ValueError for counts that do not fit or a negative margin.
    """
    from scipy.special import ndtri

    if n < 1 or min(only_new, only_old) < 0 or only_new + only_old > n:
        raise ValueError("The tasks that only one model passed cannot be more than all tasks.")
    if not 0 <= margin < 1:
        raise ValueError("The margin must be at least 0 and below 1.")
    new, old, total = only_new + 0.5, only_old + 0.5, n + 2.0
    middle = (new - old) / total
    error = math.sqrt(max(new + old - (new - old) ** 2 / total, 0.0)) / total
    bound = middle - float(ndtri(1 - alpha)) * error
    ship = bound >= -margin
    sentence = (
        f"{'Ship' if ship else 'Hold'}: the new model passed {only_new} tasks that the old one failed and failed {only_old} that it "
        f"passed; with {1 - alpha:.0%} confidence it is better by at least {100 * bound:+.1f} points, and {-100 * margin:+.1f} is "
        "allowed."
    ).replace("%", " %").replace(" -", " −")  # fmt: skip
    return Gate(ship, bound, -margin, (only_new - only_old) / n, sentence)


@dataclass(frozen=True)
class Canary:
    """A fixed set of pairs judged again with every batch: when its alarm rings, how often for nothing, and how soon after a drop.

    `batches_to_notice` is the mean number of batches until it rings after the drop; `years_between_false` the mean time between
    false alarms; None for never.
    """

    pairs: int
    alarm_at: int
    false_alarm: float
    power: float
    batches_to_notice: float | None
    years_between_false: float | None


def canary(pairs: int, rate: float, drop: float, batches_a_year: float = 52.0, alpha: float = 0.01) -> Canary:
    """What a canary of so many pairs can do, when its usual rate of agreement is `rate` and a drop by `drop` must be noticed."""
    if not (math.isfinite(batches_a_year) and batches_a_year > 0):
        raise ValueError("There must be some batches a year.")
    found = power_of([pairs], rate, drop, alpha)
    false, power = float(found.false_alarm[0]), float(found.power[0])
    return Canary(
        pairs=pairs,
        alarm_at=int(found.alarm_at[0]),
        false_alarm=false,
        power=power,
        batches_to_notice=1 / power if power > 0 else None,
        years_between_false=1 / (false * batches_a_year) if false > 0 else None,
    )


@dataclass(frozen=True)
class Cadence:
    """How often fresh labels can be there: labels a week that the team can give, and weeks for one refresh."""

    labels_a_week: float
    weeks_a_refresh: float
    refreshes_a_year: float


def refresh_cadence(
    pairs: int, labels_per_pair: int, seconds: float, labellers: int, hours_a_week: float, usable: float = 1.0
) -> Cadence:
    """Weeks until `pairs` fresh usable pairs from the current policy have been labelled."""
    amounts = (pairs, labels_per_pair, seconds, labellers, hours_a_week, usable)
    if not all(math.isfinite(value) and value > 0 for value in amounts) or usable > 1:
        raise ValueError("Pairs, labels, seconds, labellers and hours must be above 0, and the usable share at most 1.")
    labels_a_week = labellers * hours_a_week * 3600 / seconds
    weeks = pairs / usable * labels_per_pair / labels_a_week
    return Cadence(labels_a_week, weeks, 52 / weeks)


def _alarm(n: NDArray[np.int64], rate: float, alpha: float) -> NDArray[np.int64]:
    """The largest c with P(X ≤ c | n, rate) ≤ alpha; −1 where even 0 passes is too likely."""
    from scipy.special import bdtr, ndtri

    # Start at the normal approximation and walk: never more than a few steps.
    c = np.floor(n * rate + ndtri(alpha) * np.sqrt(n * rate * (1 - rate))).astype(np.int64)
    c = np.clip(c, -1, n)
    while True:
        high = (c >= 0) & (bdtr(np.maximum(c, 0).astype(float), n, rate) > alpha)
        if not high.any():
            break
        c = np.where(high, c - 1, c)
    while True:
        room = (c < n) & (bdtr((c + 1).astype(float), n, rate) <= alpha)
        if not room.any():
            return c
        c = np.where(room, c + 1, c)


def _check(rate: float, drop: float, alpha: float) -> None:
    if not 0 < rate < 1:
        raise ValueError("The usual pass rate must lie above 0 and below 1.")
    if not 0 < drop < rate:
        raise ValueError("The drop must be above 0 and smaller than the pass rate.")
    if not 0 < alpha < 0.5:
        raise ValueError("The level of false alarms must lie above 0 and below one half.")
