"""The difference of two measured means, and how far chance alone could carry it."""

from __future__ import annotations

import math

Z95 = 1.959964
"""Half-width of a 95 % interval of the normal distribution, in standard errors."""


def difference(after: float, after_se: float, before: float, before_se: float) -> tuple[float, float]:
    """after − before, and half the width of its 95 % interval.

    The standard errors add in squares, as for two independent samples. Two measurements on the same prompts are alike,
    so that the interval is rather too wide than too narrow.
    """
    return after - before, Z95 * math.hypot(after_se, before_se)


def beyond_chance(gap: float, half: float) -> bool:
    """Whether the interval around a difference leaves out 0."""
    return abs(gap) > half
