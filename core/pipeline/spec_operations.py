"""The operations part of pipeline.md: sampling, refresh, canary, suite, gate, rollback, consent, licence, and what is open."""

from __future__ import annotations

from core.pipeline import markdown as md
from core.pipeline.model import Project
from core.pipeline.problems import count, percent

# Field of Operations -> what an empty one leaves open.
OPEN = {
    "owner": "Who owns the pipeline and answers for it.",
    "prompt_source": "Where the prompts come from.",
    "consent": "What users have agreed to, and how they can withdraw.",
    "licence": "Under which licence the data may be used.",
    "pii": "How personal data is found and removed.",
    "sampling": "Which model versions answer, at which temperatures, how many responses a prompt.",
    "canary": "What is done when the drift canary drops.",
    "gate": "What a release has to pass.",
    "rollback": "How a release is taken back, and by whom.",
    "labeller_training": "How labellers are chosen and trained.",
}


def operations(project: Project) -> str:
    """One bold-headed paragraph for every part that has something to say."""
    plan = project.operations
    weeks = "every week" if plan.refresh_weeks == 1 else f"every {plan.refresh_weeks} weeks"
    sampled = []
    if plan.policies:
        sampled.append("Models: " + ", ".join(md.inline(policy) for policy in plan.policies) + ".")
    if plan.temperatures:
        sampled.append("Temperatures: " + ", ".join(f"{value:g}" for value in plan.temperatures) + ".")
    canary = (
        f"{count(plan.canary_pairs, 'fixed pair')} {'is' if plan.canary_pairs == 1 else 'are'} labelled again with every batch."
        if plan.canary_pairs
        else ""
    )
    suite = (
        f"{count(plan.suite_size, 'case')} at an expected pass rate of {percent(plan.suite_accuracy)}. The smallest drop that must"
        f" be seen is {_points(plan.smallest_drop)}, with a probability of {percent(plan.power)}."
        if plan.suite_size
        else ""
    )
    parts = {
        "Owner": md.inline(plan.owner),
        "Sampling": _joined(md.paragraphs(plan.sampling), " ".join(sampled)),
        "Refresh": _joined(
            f"Fresh samples of the current policy are to be labelled {weeks}.", md.paragraphs(plan.refresh)
        ),
        "Drift canary": _joined(canary, md.paragraphs(plan.canary)),
        "Regression suite": suite,
        "Release gate": md.paragraphs(plan.gate),
        "Rollback": md.paragraphs(plan.rollback),
        "Consent": md.paragraphs(plan.consent),
        "Personal data": md.paragraphs(plan.pii),
        "Licence": md.inline(plan.licence),
    }
    return "\n\n".join(f"**{name}.** {words}" for name, words in parts.items() if words)


def undecided(project: Project) -> tuple[str, ...]:
    """What the plan leaves open, one sentence each."""
    plan = project.operations
    open_ = [sentence for field, sentence in OPEN.items() if not getattr(plan, field).strip()]
    if not project.rubric.criteria:
        open_.insert(0, "What labellers judge by: the rubric has no criteria.")
    if not plan.training.model:
        open_.append("Which model is trained.")
    if not plan.suite_size:
        open_.append("How large the regression suite is.")
    if not plan.canary_pairs:
        open_.append("Which fixed pairs are labelled again with every batch, to notice labellers who drift.")
    if not plan.budget.target_pairs:
        open_.append("How many rows are needed.")
    return tuple(open_)


def _joined(*texts: str) -> str:
    return " ".join(text for text in texts if text)


def _points(share: float) -> str:
    points = round(100 * share, 2)
    return f"{points:g} percentage point{'' if points == 1 else 's'}"
