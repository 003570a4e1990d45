"""The charts of the workbench from what was computed: every one with its text equivalent, None where there is nothing to draw."""

from __future__ import annotations

import math
from dataclasses import replace

from core.figures.chart import Chart
from core.figures.pipeline_agreement import Estimate, agreement_chart
from core.figures.pipeline_bias import Share, gold_chart, length_chart, position_chart
from core.figures.pipeline_budget import budget_chart
from core.figures.pipeline_effect import effect_chart
from core.figures.pipeline_power import power_chart
from core.figures.pipeline_ranking import Place, ranking_chart
from core.lessons.pipeline_report import GOLD_THRESHOLD, Report
from core.pipeline.model import Project
from core.stages.own_policy import OwnPolicyRun
from core.statistics.agreement import Agreement
from core.statistics.candidate_ranking import Ranking
from core.statistics.label_agreement import LabelAgreement
from core.statistics.label_bias import HalfTest
from core.statistics.label_budget import BudgetCurves
from core.statistics.regression_suite import power_curve, suite_size

MOST_TWOS = 6
MOST_LABELLERS = 12


def agreement(found: LabelAgreement) -> Chart | None:
    """Raw and decided agreement, Fleiss, Krippendorff, and Cohen for the six twos with the most pairs in common."""
    rows = [
        ("same label", found.raw, False),
        ("same winner, where both named one", found.decided, False),
        ("Krippendorff's α", found.krippendorff, True),
        (f"Fleiss's κ ({found.fleiss_labels} labels a pair)", found.fleiss, True),
        *((f"Cohen's κ: {_short(two.one)}, {_short(two.other)}", two.kappa, True) for two in found.cohen[:MOST_TWOS]),
    ]
    estimates = [_estimate(name, value, beyond) for name, value, beyond in rows if value is not None]
    more = len(found.cohen) + found.left_out - MOST_TWOS
    rest = f"{more} more twos of labellers are not drawn." if more > 0 else ""
    return agreement_chart(estimates, sentence=f"{found.sentence} {rest}".strip())


def position(report: Report) -> Chart | None:
    """The side that wins, for all labels and the twelve busiest labellers."""
    if report.position is None:
        return None
    busiest = sorted(report.position_by_labeller, key=lambda entry: -entry[1].n)[:MOST_LABELLERS]
    several = len(busiest) > 1
    return position_chart(
        [_share("all labels", report.position), *(_share(_short(n), t) for n, t in busiest if several)]
    )


def length(report: Report) -> Chart | None:
    """The fit and the groups of labels behind it; None without decided labels."""
    if not report.length_bins:
        return None
    bins = [(group.doublings, _share("", group.wins)) for group in report.length_bins]
    reach = max(1.0, *(abs(place) for place, _ in bins))
    x, chance = report.length.curve(reach) if report.length.slope is not None else ((), ())
    sentence = next(finding.sentence for finding in report.findings if finding.check == "length")
    return length_chart(doublings=x, chance=chance, bins=bins, sentence=sentence)


def gold(report: Report) -> Chart | None:
    """Gold questions, labeller by labeller, against the threshold of 80 %."""
    shares = [
        Share(_short(entry.score.labeller), entry.score.right, entry.score.answered, entry.interval)
        for entry in report.gold
        if entry.interval is not None
    ]
    return gold_chart(shares[:MOST_LABELLERS], goal=GOLD_THRESHOLD)


def budget(curves: BudgetCurves, currency: str = "", by_labels: bool = False) -> Chart:
    """Accuracy on unseen pairs against money, or against labels."""
    places = {plan: counts if by_labels else curves.amounts for plan, counts in curves.labels.items()}
    title = "labels" if by_labels else f"budget, {currency}" if currency else "budget, in prices of one label"
    return budget_chart(accuracy=curves.accuracy, places=places, x_title=title, labeller=curves.labeller)


def rank(found: Ranking, names: tuple[str, ...]) -> Chart:
    """The ranking of one prompt's candidates."""
    places = [
        Place(names[r.item], r.strength, r.interval, r.place, r.places, r.best_chance, r.judgements)
        for r in found.ranked
    ]
    return ranking_chart(places, sentence=found.sentence)


def power(project: Project, alpha: float = 0.05) -> Chart:
    """Power against suite size for the team's smallest drop. Raises ValueError with a sentence where no suite can be planned."""
    plan = project.operations
    found = suite_size(plan.suite_accuracy, plan.smallest_drop, alpha, plan.power)
    curve = power_curve(plan.suite_accuracy, plan.smallest_drop, alpha, power=plan.power)
    return power_chart(
        sizes=curve.sizes.tolist(),
        power=curve.power.tolist(),
        false_alarm=curve.false_alarm.tolist(),
        goal=plan.power,
        planned=found.size if found else None,
        own=plan.suite_size or None,
    )


def effect(found: OwnPolicyRun, names: tuple[str, ...], step: int | None = None) -> Chart:
    """Both policies over the candidates, with the player; the last step unless another is asked for."""
    last = len(found.dpo) - 1
    chart = effect_chart(
        names=names,
        dpo=found.dpo,
        ppo=found.ppo,
        optimum=found.optimum,
        dpo_end=found.dpo_end,
        dpo_kl=[stats.kl for stats in found.dpo_stats],
        ppo_kl=[stats.kl for stats in found.ppo_stats],
        dpo_reward=[stats.expected_reward for stats in found.dpo_stats],
        ppo_reward=[stats.expected_reward for stats in found.ppo_stats],
        step=last if step is None else step,
    )
    return replace(chart, text=" ".join((chart.text, *found.diverged)))


def _estimate(name: str, value: Agreement, beyond: bool) -> Estimate:
    interval = None if math.isnan(value.low) else (value.low, value.high)
    return Estimate(name, value.value, interval, value.n_items, beyond)


def _share(name: str, test: HalfTest) -> Share:
    return Share(name, test.k, test.n, test.interval)


def _short(name: str) -> str:
    return name if len(name) <= 18 else name[:17] + "…"
