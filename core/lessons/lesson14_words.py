"""Lesson 14 in words: the price of a label, what the simulation shows, questions marked from it, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.lessons.lesson import Formula, Prediction, Question, Source, Why
from core.lessons.text import number, percent, tex
from core.statistics.label_budget import PLANS, SEEDS, Plan, agreement_of

if TYPE_CHECKING:
    from core.lessons.lesson14 import Result

CLEAR = 13
"""Seeds of 16 in which a plan must be ahead to be called better: by chance alone that happens in about one of a hundred."""
PHRASES: dict[Plan, str] = {
    "rows": "rows: as many pairs as possible, one label each",
    "overlap": "overlap: fewer pairs, three labels each",
    "refresh": "refresh: half of the money later, on the new policy's pairs",
}
NONE = "none is clearly ahead"


def formula(result: Result) -> Formula:
    """From seconds and wage to labels, and from agreement to the labels' sharpness."""
    found, k = result.curves, result.spent
    hours = rf"\tfrac{{{result.seconds:g}\,\text{{s}}}}{{3600\,\text{{s}}}}"
    lines = [
        rf"\text{{label}} = {hours}\cdot {result.wage:g} = {tex(result.label_cost, 3)}",
        rf"\text{{labels}} = {_money(found.amounts[k])}\,/\,{_price(result)} = {_count(found.labels['rows'][k])}",
        rf"P(\text{{first}}) = \sigma({tex(found.sharpness)}\cdot\Delta)",
        rf"\text{{two agree}} = {tex(agreement_of(found.sharpness), 3)},\ \text{{one is right}} = {tex(found.labeller, 3)}",
    ]
    return Formula(
        "Your numbers · rows, at the amount shown",
        tuple(lines),
        (
            ("P", "probability that the first response is preferred"),
            (r"\sigma", "logistic function"),
            (r"\Delta", "difference of two true scores"),
        ),
    )


def says(result: Result) -> tuple[str, ...]:
    """The plans at the amount shown, what reaches the goal, and how far labels can show it."""
    found, k = result.curves, result.spent
    ranked = sorted(PLANS, key=lambda plan: -result.mean[plan][k])
    winner = result.winner(k)
    listed = ", ".join(f"{plan} {percent(result.mean[plan][k])}" for plan in ranked)
    verdict = f"**{winner}** is ahead in at least {CLEAR} of {SEEDS} seeds" if winner else "no plan is clearly ahead"
    sentences = [f"At **{found.amounts[k]:,.0f}**: {listed}; {verdict}.", _goal(result)]
    if result.raised:
        least = f"{result.setup.budget:,.2f}"
        sentences.append(f"The budget was raised to {least}: that is what 16 pairs with 3 labels each cost.")
    elif found.capped:
        most, budget = found.pairs["rows"][-1], result.setup.budget
        sentences.append(f"The simulation stops at {most:,} pairs, for {found.amounts[-1]:,.0f} of the {budget:,.0f}.")
    elif result.measure == "labels":
        sentences.append(f"On a test set of single labels no model can show more than {percent(found.labeller)}.")
    else:
        sentences.append(f"One labeller alone is right about {percent(found.labeller)} of the pairs.")
    return tuple(sentences)


def _goal(result: Result) -> str:
    goal, found = percent(result.target, 0), result.curves
    reached = [(plan, found.labels_to_reach(plan, result.target)) for plan in PLANS]
    known = [f"{plan} with about {_round(labels)} labels" for plan, labels in reached if labels is not None]
    if not known:
        return f"No plan reaches {goal} against the truth with the money that is simulated, {found.amounts[-1]:,.0f}."
    return f"{goal} against the truth: {', '.join(known)}."


def _round(labels: int) -> str:
    """Two digits are as many as sixteen seeds can bear."""
    size = 10 ** max(len(str(labels)) - 2, 0)
    return f"{round(labels / size) * size:,}"


def predict(result: Result) -> Prediction:
    """Which plan wins at the whole budget."""
    options = (*(PHRASES[plan] for plan in PLANS), NONE)
    winner = result.winner(result.last)
    ends = ", ".join(f"{plan} {percent(result.mean[plan][result.last])}" for plan in PLANS)
    return Prediction(
        question=f"The whole budget is spent ({result.curves.amounts[-1]:,.0f}). Which reward model is right most often?",
        options=options,
        answer=PLANS.index(winner) if winner else len(PLANS),
        because=f"At the whole budget: {ends}.",
        revealed=result.spent == result.last,
    )


def quiz(result: Result) -> tuple[Question, ...]:
    """One question about the test set at this agreement, one about the split."""
    found = result.curves
    options = (percent(found.labeller), percent(result.setup.agreement), "100.0 %")
    return (
        Question(
            f"Your labellers agree on {percent(result.setup.agreement, 0)} of the pairs, and each test pair has one label. "
            "How accurate can a perfect reward model look on it, in this simulation?",
            options,
            0,
            f"A perfect model disagrees with a label exactly where the label is wrong. One labeller is right about "
            f"{percent(found.labeller)} of the pairs; two labellers agree on fewer, because either may err.",
        ),
        Question(
            "Six pairs of one prompt are in the data. Some go to validation, some to training. What does the validation accuracy tell?",
            (
                "how well the model knows this prompt's responses",
                "how well it judges prompts that it has not seen",
                "nothing: the split changes no number",
            ),
            0,
            "Pairs of one prompt share its 4 responses, so the model has seen what it is tested on. Split by prompt or by user.",
        ),
    )


WHY = Why(
    text=(
        "A label is one person's noisy verdict. People disagree on hard pairs, and that is no fault to be cleaned away: Stiennon et al. "
        "worked at an agreement of about 73 to 77 %, and leaving out labels of low confidence *hurt* their reward model. What a budget "
        "buys depends on three prices: of a label, of a pair, and of staying on the distribution of the policy that you train. "
        "Teams therefore collect in batches: Llama 2 held 1,000 pairs of each batch out. Numbers of labels from other projects "
        "are anchors, not answers: measure agreement and seconds on your own first pairs, and let those two size the rest."
    ),
    misconception="“More rows beat better rows.” A row is worth what it says about the responses that your next policy writes.",
    sources=(
        Source("Stiennon et al. 2020, appendix C", "https://arxiv.org/abs/2009.01325"),
        Source("Touvron et al. 2023, Llama 2", "https://arxiv.org/abs/2307.09288"),
        Source("Ouyang et al. 2022, InstructGPT", "https://arxiv.org/abs/2203.02155"),
    ),
)  # fmt: skip


def _price(result: Result) -> str:
    cost, pair = result.label_cost, result.setup.pair_cost
    return f"({tex(cost, 3)} + {tex(pair, 2)})" if pair else tex(cost, 3)


def _money(amount: float) -> str:
    return f"{amount:,.0f}".replace(",", r"{,}") if amount >= 100 else number(amount, 1)


def _count(labels: int) -> str:
    return f"{labels:,}".replace(",", r"{,}")
