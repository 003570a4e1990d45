"""What labels cost in time and money, from a team's own wages and the seconds that its pairs really took."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from core.statistics.proportions import Z_95

SECONDS_AN_HOUR = 3600.0
ENOUGH_TIMES = 6


@dataclass(frozen=True)
class TypicalTime:
    """Seconds a pair: median of `n` measured ones, the middle half, and a 95 % interval of the median (None below six times).

    The median, because one cup of coffee should not become part of the price. The interval is the one from ranks: between the
    order statistics that leave 2.5 % of a binomial on either side, whatever the distribution.
    """

    n: int
    median: float
    quarter: float
    three_quarters: float
    interval: tuple[float, float] | None


def typical_seconds(seconds: Sequence[float]) -> TypicalTime | None:
    """None without a measured time. Raises ValueError for a negative or infinite one."""
    times = sorted(float(value) for value in seconds)
    if not times:
        return None
    if not (times[0] >= 0 and all(map(math.isfinite, times))):
        raise ValueError("Measured times must be finite and not negative.")
    n = len(times)
    interval = None
    if n >= ENOUGH_TIMES:
        below = max(0, math.floor((n - Z_95 * math.sqrt(n)) / 2))
        interval = (times[below], times[n - 1 - below])
    quarters = statistics.quantiles(times, n=4, method="inclusive") if n > 1 else [times[0]] * 3
    return TypicalTime(n, statistics.median(times), quarters[0], quarters[2], interval)


@dataclass(frozen=True)
class CostPlan:
    """What is to be paid. `wage` an hour, in any currency; `usable` the share of labels that can be used in the end (the rest are
    ties, skips and rejected work); `gold_share` questions mixed in beside the pairs; `onboarding_hours` a labeller; `overhead` for
    review, tools and management as a share of the labelling itself."""

    pairs: int
    labels_per_pair: int = 2
    seconds: float = 60.0
    wage: float = 20.0
    labellers: int = 2
    hours_a_week: float = 10.0
    usable: float = 0.85
    gold_share: float = 0.1
    onboarding_hours: float = 2.0
    overhead: float = 0.15
    pair_cost: float = 0.0

    def __post_init__(self) -> None:
        amounts = (self.seconds, self.wage, self.gold_share, self.onboarding_hours, self.overhead, self.pair_cost)
        if not all(math.isfinite(value) and value >= 0 for value in amounts) or self.pairs < 0:
            raise ValueError("Counts, times, wages and shares must be finite and not negative.")
        if not 0 < self.usable <= 1:
            raise ValueError("The share of usable labels must be above 0 and at most 1.")
        if not self.gold_share < 1:
            raise ValueError("Gold questions cannot be all that is asked.")
        if self.labels_per_pair < 1 or self.labellers < 1 or not self.hours_a_week > 0:
            raise ValueError("There must be at least one label a pair, one labeller, and some hours a week.")
        if self.labels_per_pair > self.labellers:
            raise ValueError(
                f"{self.labels_per_pair} labels a pair need as many labellers; there are {self.labellers}."
            )


@dataclass(frozen=True)
class Cost:
    """Labels to be given (gold questions included), hours at work, money in its parts, and weeks until all is done."""

    labels: int
    labelling_hours: float
    onboarding_hours: float
    labelling: float
    onboarding: float
    overhead: float
    making_pairs: float
    weeks: float

    @property
    def total(self) -> float:
        """All parts together."""
        return self.labelling + self.onboarding + self.overhead + self.making_pairs

    def a_pair(self, pairs: int) -> float | None:
        """Money for each usable pair; None for no pair."""
        return self.total / pairs if pairs else None


def cost(plan: CostPlan) -> Cost:
    """Pairs × labels × seconds × wage ÷ usable share, with gold questions, onboarding and overhead on top."""
    made = math.ceil(plan.pairs / plan.usable - 1e-9)
    labels = math.ceil(made * plan.labels_per_pair / (1 - plan.gold_share) - 1e-9)
    hours = labels * plan.seconds / SECONDS_AN_HOUR
    onboarding_hours = plan.onboarding_hours * plan.labellers if plan.pairs else 0.0
    labelling, onboarding = hours * plan.wage, onboarding_hours * plan.wage
    weeks = (hours + onboarding_hours) / (plan.labellers * plan.hours_a_week)
    return Cost(
        labels=labels,
        labelling_hours=hours,
        onboarding_hours=onboarding_hours,
        labelling=labelling,
        onboarding=onboarding,
        overhead=labelling * plan.overhead,
        making_pairs=made * plan.pair_cost,
        weeks=weeks,
    )


def price_of_a_label(plan: CostPlan) -> float:
    """What one more usable label costs: its seconds at the wage, with what is lost to unusable work, gold and overhead."""
    seconds = plan.seconds / (plan.usable * (1 - plan.gold_share))
    return seconds / SECONDS_AN_HOUR * plan.wage * (1 + plan.overhead)
