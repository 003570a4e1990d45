"""How sure a share in n tries is."""

from __future__ import annotations

import math

Z_95 = 1.959963984540054  # the two-sided 95 % point of the normal distribution


def wilson(successes: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """Score interval of a binomial share (Wilson 1927): lower and upper end, both within 0 … 1.

    Unlike share ± z·SE it has a width at 0 and at n successes too. Raises ValueError unless 0 ≤ successes ≤ n and n ≥ 1.
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"A share needs at least one try and 0 to n successes, not {successes} of {n}.")
    share = successes / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At the ends the score interval touches 0 or 1 exactly; rounding must not leave it a hair beside.
    low = 0.0 if successes == 0 else middle - half
    high = 1.0 if successes == n else middle + half
    return low, high
