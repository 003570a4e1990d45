"""Size it, run it, watch it: a project's own numbers put into the simulation, the price, the suite, the canary and the policy."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.lessons.lesson import Source
from core.lessons.text import percent, plural
from core.pipeline import checks_input
from core.pipeline.cost import cost as planned_cost
from core.pipeline.model import Candidate, Project
from core.stages.own_policy import OwnPolicyRun, OwnPolicySetup, run
from core.statistics.candidate_ranking import Ranking, rank
from core.statistics.label_agreement import LabelAgreement
from core.statistics.label_budget import PLANS, BudgetCurves, BudgetSetup, Plan
from core.statistics.label_cost import CostPlan, TypicalTime, price_of_a_label, typical_seconds
from core.statistics.regression_suite import Canary, SuitePlan, canary, suite_size

# InstructGPT's training labellers, see ANCHORS: what is assumed until a team has measured its own.
ASSUMED_AGREEMENT = 0.726
ASSUMED_SECONDS = 60.0
NAME_CHARACTERS = 30


@dataclass(frozen=True)
class Anchor:
    """A published number beside one's own, in the words of its source."""

    topic: str
    sentence: str
    source: Source


_IG = Source("Ouyang et al. 2022, InstructGPT", "https://arxiv.org/abs/2203.02155")
_ST = Source("Stiennon et al. 2020", "https://arxiv.org/abs/2009.01325")
_ZG = Source("Ziegler et al. 2019", "https://arxiv.org/abs/1909.08593")
_GAO = Source("Gao, Schulman and Hilton 2022", "https://arxiv.org/abs/2210.10760")
_L2 = Source("Touvron et al. 2023, Llama 2", "https://arxiv.org/abs/2307.09288")
_HH = Source("Bai et al. 2022, Helpful and Harmless", "https://arxiv.org/abs/2204.05862")
_RLAIF = Source("Lee et al. 2023, RLAIF", "https://arxiv.org/abs/2309.00267")

ANCHORS: tuple[Anchor, ...] = (
    Anchor("agreement", "InstructGPT's training labellers agreed with each other in 72.6 ± 1.5 % of cases.", _IG),
    Anchor("agreement", "For summaries, labellers agreed with researchers in 77 ± 2 % of cases.", _ST),
    Anchor("labels", "Below about 2,000 comparisons there was very little improvement over near-chance.", _GAO),
    Anchor("labels", "5,000 comparisons for style, 60,000 for summaries.", _ZG),
    Anchor("labels", "Doubling the data between 8,000 and 64,000 added about 1.1 points of accuracy.", _ST),
    Anchor("labels", "33,000 prompts, each with 4 to 9 responses ranked.", _IG),
    Anchor("labels", "1,418,091 comparisons, and accuracy had not saturated.", _L2),
    Anchor("cadence", "Reward model and policy were refreshed about every week.", _HH),
    Anchor(
        "cost",
        "A comparison was put at $0.67 by people and $0.06 by a model, training and quality control left out.",
        _RLAIF,
    ),
)


@dataclass(frozen=True)
class UsedAgreement:
    """The agreement that the simulation is given: its value (None where the labels allow none), and where it comes from."""

    value: float | None
    measured: bool
    sentence: str


def used_agreement(found: LabelAgreement) -> UsedAgreement:
    """Agreement on decided labels if it was measured and is better than coins, else an assumption or a sentence."""
    if found.decided is None:
        return UsedAgreement(
            ASSUMED_AGREEMENT,
            False,
            f"Assumed: {percent(ASSUMED_AGREEMENT)}, as between InstructGPT's labellers. No pair of yours has two decided labels yet.",
        )
    value, n = found.decided.value, found.decided.n_items
    start = f"Two of your labellers name the same winner in {percent(value, 0)} of cases ({plural(n, 'pair')})"
    if value <= 0.5:
        return UsedAgreement(None, True, f"{start}: no more often than coins would, so there is nothing to learn from.")
    few = " Few pairs: expect this number to move." if n < 30 else ""
    return UsedAgreement(value, True, f"{start}.{few}")


def timing(project: Project) -> TypicalTime | None:
    """The measured seconds a pair, or None."""
    return typical_seconds(checks_input.measured_seconds(project))


def pace(seconds: float) -> str:
    """Seconds a label in words: few of them with a decimal."""
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def cost_plan(project: Project, pairs: int | None = None) -> CostPlan:
    """The price list of a project from its own budget, settings and measured times; what was never measured is assumed.

    `usable`, seconds and overhead are those of `core.pipeline.cost`, which pipeline.md prints.
    """
    budget, settings = project.operations.budget, project.settings
    wanted = budget.target_pairs if pairs is None else pairs
    stated = planned_cost(project)
    times = checks_input.measured_seconds(project)
    seconds = math.fsum(times) / len(times) if times else budget.seconds_per_pair or ASSUMED_SECONDS
    return CostPlan(
        pairs=wanted,
        labels_per_pair=settings.labels_per_pair,
        seconds=seconds,
        wage=budget.wage,
        labellers=max(len(project.labellers), settings.labels_per_pair),
        usable=stated.yielded if stated else 1.0,
        gold_share=settings.gold_share if project.gold else 0.0,
        onboarding_hours=0.0,
        overhead=budget.overhead,
    )


def budget_setup(
    project: Project,
    agreement: float,
    labels: int = 2000,
    features: int = 24,
    new_share: float = 0.25,
    pair_cost: float = 0.0,
) -> BudgetSetup:
    """The simulation at a team's own agreement and price. The budget is what `labels` single labels would cost.

    Without a wage every label costs 1, and the money axis counts labels. `pair_cost` is in the same money.
    """
    price = price_of_a_label(cost_plan(project)) or 1.0
    return BudgetSetup(
        agreement=agreement,
        budget=labels * (price + pair_cost),
        label_cost=price,
        pair_cost=pair_cost,
        features=features,
        new_share=new_share,
        seed=project.settings.seed % 2**31,
    )  # fmt: skip


def says_budget(setup: BudgetSetup, curves: BudgetCurves) -> tuple[str, ...]:
    """What the curves say at the whole budget: which plan leads, by how much of the spread, and what one doubling bought."""
    ends = {plan: curves.accuracy[plan][:, -1] for plan in PLANS}
    order = sorted(PLANS, key=lambda plan: -ends[plan].mean())
    best, second = order[0], order[1]
    # Seeds are paired: the same pairs and labellers under every plan, so differences are taken seed by seed.
    gaps = ends[best] - ends[second]
    wins = int((gaps > 0).sum())
    lead = f"{NAMES[best]} reaches {percent(float(ends[best].mean()))} on unseen pairs"
    if abs(float(gaps.mean())) < 5e-4 or wins <= 0.75 * len(gaps):
        first = (
            f"{lead}, but {NAMES[second].lower()} with {percent(float(ends[second].mean()))} cannot be told from it."
        )
    else:
        first = f"{lead}, {NAMES[second].lower()} {percent(float(ends[second].mean()))}: ahead in {wins} of {len(gaps)} seeds."
    bought = float((curves.accuracy[best][:, -1] - curves.accuracy[best][:, -2]).mean())
    factor = curves.amounts[-1] / curves.amounts[-2]
    last = f"The last {factor:.1f}-fold step of the budget added {100 * bought:.1f} points."
    limit = f"A test set of single labels would show at most {percent(curves.labeller)}: that is how often one labeller is right."
    late = round(setup.new_share * setup.features)
    assumed = f"Assumed: {setup.features} independent things decide, "
    assumed += (
        f"{late} of them hardly seen in the first pairs." if late else "all of them seen in the first pairs already."
    )
    cut = ("The simulation stops at 8,192 pairs, and with it the axis.",)
    return (first, last, limit, assumed, *(cut if curves.capped else ()))


NAMES: dict[Plan, str] = {"rows": "One label a pair", "overlap": "Three labels a pair", "refresh": "Half on new pairs"}


def suite(project: Project, alpha: float = 0.05) -> SuitePlan | None:
    """The regression suite for the smallest drop that the team cares about. Raises ValueError with a sentence where none can be."""
    plan = project.operations
    return suite_size(plan.suite_accuracy, plan.smallest_drop, alpha, plan.power)


def drift_canary(project: Project, rate: float, drop: float) -> Canary | None:
    """What the team's canary can do at its refresh rhythm; None without canary pairs."""
    plan = project.operations
    return canary(plan.canary_pairs, rate, drop, 52 / plan.refresh_weeks) if plan.canary_pairs else None


def ranking(project: Project, prompt_id: str) -> Ranking:
    """Bradley–Terry ranking of one prompt's candidates by everybody's labels so far. KeyError for an unknown prompt."""
    pairs, shares, _ = checks_input.comparisons(project, prompt_id)
    return rank(max(1, len(project.by_id()[prompt_id].candidates)), pairs, shares)


def effect(project: Project, prompt_id: str, beta: float = 0.5, kl_coef: float = 0.5, steps: int = 40) -> OwnPolicyRun:
    """The labels of one prompt drive a policy over its candidates. ValueError with a sentence where there are no labels."""
    pairs, shares, _ = checks_input.comparisons(project, prompt_id)
    judged = tuple((first, second, share) for (first, second), share in zip(pairs, shares))
    candidates = len(project.by_id()[prompt_id].candidates)
    return run(OwnPolicySetup(candidates, judged, beta=beta, kl_coef=kl_coef, steps=steps))


def names(candidates: tuple[Candidate, ...]) -> tuple[str, ...]:
    """Short names for charts: the id and the first words. Plain text of the user; `label()` makes it harmless."""
    return tuple(_name(candidate) for candidate in candidates)


def _name(candidate: Candidate) -> str:
    words = " ".join(candidate.text[:200].split()) or "(empty)"
    whole = f"{candidate.id}: {words}"
    return whole if len(whole) <= NAME_CHARACTERS else whole[: NAME_CHARACTERS - 1].rstrip() + "…"
