"""Lesson 14: a workbench for one's own preference data. Its lab simulates what a budget of labels teaches a reward model."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from core.lessons import lesson14_params as params
from core.lessons import lesson14_words as words
from core.lessons.lesson import Lesson, Work
from core.lessons.lesson14_views import figures, table
from core.lessons.outline import outline
from core.lessons.param import Values
from core.lessons.snippets import script
from core.statistics import label_budget
from core.statistics.label_budget import (
    FEWEST,
    OVERLAP,
    PLANS,
    BudgetCurves,
    BudgetSetup,
    Plan,
    fit,
    labeller_accuracy,
    sharpness_for,
    simulate,
    true_accuracy,
)

SECONDS_AN_HOUR = 3600
MOST_AT_HAND = 60


@dataclass(frozen=True)
class Result:
    """What is asked of the simulation, and what it gives. `spent` numbers the amount that is shown, from 0.

    `raised` says that the budget was too small for sixteen pairs with three labels and was set to what they cost.
    """

    setup: BudgetSetup
    seconds: float
    wage: float
    raised: bool
    measure: str
    target: float
    spent: int

    @cached_property
    def curves(self) -> BudgetCurves:
        """The simulation itself."""
        return simulate(self.setup)

    @cached_property
    def accuracy(self) -> dict[Plan, np.ndarray]:
        """Held-out accuracy per plan [seeds, amounts], against the truth or against single labels."""
        found = self.curves
        if self.measure == "truth":
            return dict(found.accuracy)
        return {plan: found.against_labels(values) for plan, values in found.accuracy.items()}

    @property
    def mean(self) -> dict[Plan, tuple[float, ...]]:
        """The mean over the seeds."""
        return {plan: tuple(values.mean(axis=0).tolist()) for plan, values in self.accuracy.items()}

    @property
    def means(self) -> tuple[tuple[float, ...], ...]:
        """The same as plain rows, plan by plan."""
        return tuple(self.mean[plan] for plan in PLANS)

    @property
    def last(self) -> int:
        """The number of the largest amount."""
        return len(self.curves.amounts) - 1

    @property
    def label_cost(self) -> float:
        """What one label costs."""
        return self.setup.label_cost

    def winner(self, amount: int) -> Plan | None:
        """The plan that is ahead of each other one in at least 13 of 16 seeds at this amount, or None."""
        for plan in PLANS:
            ahead = [(self.curves.accuracy[plan][:, amount] > self.curves.accuracy[other][:, amount]).sum()
                     for other in PLANS if other != plan]  # fmt: skip
            if min(ahead) >= words.CLEAR:
                return plan
        return None


def compute(values: Values) -> Result:
    """The settings, read; the simulation runs when a view asks for it."""
    seconds, wage = float(values["l14_seconds"]), float(values["l14_wage"])
    label_cost, pair_cost = seconds / SECONDS_AN_HOUR * wage, float(values["l14_pair_cost"])
    asked, least = float(values["l14_budget"]), FEWEST * (pair_cost + OVERLAP * label_cost)
    setup = BudgetSetup(
        agreement=float(values["l14_agreement"]),
        budget=max(asked, least),
        label_cost=label_cost,
        pair_cost=pair_cost,
        features=int(values["l14_features"]),
        new_share=float(values["l14_new_share"]),
        seed=int(values["l14_seed"]),
    )
    return Result(
        setup=setup,
        seconds=seconds,
        wage=wage,
        raised=least > asked,
        measure=str(values["l14_measure"]),
        target=float(values["l14_target"]),
        spent=int(values["l14_spent"]),
    )


_AT_HAND: OrderedDict[BudgetSetup, None] = OrderedDict()


def prepare(values: Values) -> Work | None:
    """The simulation, where it was not run lately; other steps of the workbench wait for nothing."""
    setup = compute(values).setup
    if setup in _AT_HAND or values[params.STEP] != "size":
        return None

    def start() -> Iterator[float]:
        yield 0.0
        simulate(setup)
        _AT_HAND[setup] = None
        while len(_AT_HAND) > MOST_AT_HAND:
            _AT_HAND.popitem(last=False)
        yield 1.0

    return Work(f"l14/{setup}", start, "Simulating")


def snippet(result: Result) -> str:
    """The simulation as a script: the world is drawn again from the seed."""
    setup, most = result.setup, max(result.curves.pairs["rows"][-1], 1)
    lines = [
        "from types import SimpleNamespace",
        f"setup = SimpleNamespace(features={setup.features}, new_share={setup.new_share!r}, seed={setup.seed})",
        f"sharpness = sharpness_for({setup.agreement!r})",
        "print('one labeller is right', f'{labeller_accuracy(sharpness):.6f}')",
        f"world = _World.draw(setup, sharpness, {most})",
        f"pairs = {dict(result.curves.pairs)!r}  # how many pairs the money buys, amount by amount",
        "for plan, counts in pairs.items():",
        "    accuracy = _curve(world, plan, counts)  # against the truth, [seeds, amounts]",
        "    print(plan, ' '.join(f'{mean:.6f}' for mean in accuracy.mean(axis=0)))",
        f"    print('at the amount shown', f'{{accuracy[:, {result.spent}].mean():.6f}}')",
    ]
    return script((sharpness_for, labeller_accuracy, label_budget._World, label_budget._curve), tuple(lines))


def history(result: Result) -> list[dict[str, Any]]:
    """One row a plan and amount, for export."""
    found = result.curves
    return [
        {"plan": plan, "money": amount, "pairs": found.pairs[plan][k], "labels": found.labels[plan][k],
         "accuracy": float(values[:, k].mean()), "lowest seed": float(values[:, k].min()), "highest seed": float(values[:, k].max())}
        for plan, values in result.accuracy.items()
        for k, amount in enumerate(found.amounts)
    ]  # fmt: skip


LESSON = Lesson(
    outline=outline(14),
    params=params.PARAMS,
    compute=compute,
    figures=figures,
    formula=words.formula,
    table=table,
    says=words.says,
    predict=words.predict,
    quiz=words.quiz,
    snippet=snippet,
    why=words.WHY,
    presets=params.PRESETS,
    carried=(params.STEP,),
    sources_of_code=(simulate, sharpness_for, fit, true_accuracy),
    history=history,
    prepare=prepare,
)

__all__ = ["LESSON", "Result", "compute", "history", "snippet"]
