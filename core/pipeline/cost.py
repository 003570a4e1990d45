"""Hours and money for the labels that are still planned, from this team's own times and wage."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from core.pipeline.model import Project
from core.pipeline.outcomes import outcomes


@dataclass(frozen=True)
class Cost:
    """What the planned pairs take. `seconds` is the mean per judgement, `measured` says whether it was timed here.

    `yielded` is the share of judged pairs that had a winner (1 while none is judged); `pairs` = target ÷ yielded.
    """

    seconds: float
    measured: bool
    yielded: float
    pairs: int
    judgements: int
    hours: float
    money: float


def cost(project: Project) -> Cost | None:
    """pairs × labels per pair ÷ (1 − gold share) × seconds × wage × (1 + overhead); None without a target, or without any time per pair."""
    budget = project.operations.budget
    times = [label.seconds for label in project.labels if label.seconds and label.verdict != "skip"]
    seconds = statistics.fmean(times) if times else budget.seconds_per_pair
    if not budget.target_pairs or seconds is None:
        return None
    judged = outcomes(project)
    won = sum(outcome.chosen is not None for outcome in judged)
    yielded = won / len(judged) if won else 1.0
    pairs = math.ceil(budget.target_pairs / yielded)
    gold = project.settings.gold_share if project.gold else 0.0
    # Gold questions are a share of everything that a person sees, so they come on top of the pairs.
    judgements = math.ceil(pairs * project.settings.labels_per_pair / (1 - gold) - 1e-9)
    hours = judgements * seconds / 3600 * (1 + budget.overhead)
    return Cost(seconds, bool(times), yielded, pairs, judgements, hours, hours * budget.wage)
