"""Step 5: what the own labels say about size. The lesson's simulation follows below, or the ranking, or the price."""

from __future__ import annotations

import math
from collections.abc import Callable

import streamlit as st

from core.lessons import pipeline_charts, pipeline_sizing
from core.lessons.lesson import Table
from core.lessons.lesson14 import LESSON
from core.lessons.text import percent, plain, plural
from core.pipeline.edits import change
from core.pipeline.model import Project
from core.statistics.label_cost import cost
from core.ui import settings
from core.ui.pipeline import step_checks, work
from core.ui.pipeline.drawn import draw_chart, shortened, still

VIEW, SIZED = "pl_size", "pl_sized"
BUDGET, RANKING, PRICE = "How many labels", "Ranking of your candidates", "Time and money"
MONEY = {"wage": ("Wage an hour", 0.0, 10_000.0), "overhead": ("Overhead, as a share", 0.0, 10.0)}


def draw(project: Project | None) -> None:
    """The row of own numbers and published ones, and the view; the simulation itself is the lesson's lab."""
    with st.container(horizontal=True, vertical_alignment="center", key="pl_size_row"):
        view = st.segmented_control(
            "Size", [BUDGET, RANKING, PRICE], default=BUDGET, required=True, key=VIEW, label_visibility="collapsed"
        )
        if view == BUDGET:
            st.caption(_short(project), width="stretch")
            st.button(
                "Use your numbers",
                key="pl_use_measured",
                on_click=use_measured,
                disabled=not _measured(project),
                help=plain(measured_sentence(project)),
            )
            with st.popover("Published numbers"):
                _anchors()
    if project is None and view != BUDGET:
        st.info("Put a project on the bench in step 1 first.")
    elif project is not None and view == RANKING:
        _ranking(project)
    elif project is not None and view == PRICE:
        _price(project)


def shows_lab() -> bool:
    """Whether the lesson's simulation belongs below this step."""
    return st.session_state.get(VIEW, BUDGET) in (BUDGET, None)


def enter() -> None:
    """At the first look at a project the simulation takes over what was measured; called before the widgets are drawn."""
    project = work.project()
    if project is not None and project.labels and st.session_state.get(SIZED) != work.version():
        st.session_state[SIZED] = work.version()
        use_measured()


def use_measured() -> None:
    """Put the measured agreement, seconds and the wage into the simulation, each as its nearest setting."""
    for key, value in _measured(work.project()).items():
        settings.put(key, LESSON.param(key).nearest(value))


def _measured(project: Project | None) -> dict[str, float]:
    if project is None:
        return {}
    found: dict[str, float] = {}
    agreement = pipeline_sizing.used_agreement(step_checks.made(project).agreement)
    if agreement.measured and agreement.value is not None:
        found["l14_agreement"] = agreement.value
    timing = pipeline_sizing.timing(project)
    if timing is not None:
        found["l14_seconds"] = timing.median
    if project.operations.budget.wage > 0:
        found["l14_wage"] = project.operations.budget.wage
    return found


def _short(project: Project | None) -> str:
    """The measured numbers in a few words."""
    if project is None:
        return "No project: all numbers are assumed."
    agreement, timing = (
        pipeline_sizing.used_agreement(step_checks.made(project).agreement),
        pipeline_sizing.timing(project),
    )
    parts = [f"{percent(agreement.value, 0)} agree"] if agreement.measured and agreement.value is not None else []
    parts += [f"{pipeline_sizing.pace(timing.median)} a label"] if timing else []
    return f"Yours: {', '.join(parts)}" if parts else "Nothing measured yet"


def measured_sentence(project: Project | None) -> str:
    """What the own labels say about agreement and time."""
    if project is None:
        return "No project is on the bench: the numbers on the left are assumptions."
    said = pipeline_sizing.used_agreement(step_checks.made(project).agreement).sentence
    timing = pipeline_sizing.timing(project)
    times = (
        f" A label took {pipeline_sizing.pace(timing.median)} (median of {timing.n})."
        if timing
        else " No label was timed yet."
    )
    return said + times


def _anchors() -> None:
    lines = [
        f"- {plain(anchor.sentence)} [{anchor.source.text}]({anchor.source.url})" for anchor in pipeline_sizing.ANCHORS
    ]
    st.markdown("**What others report.** Anchors beside your own numbers, not answers.\n" + "\n".join(lines))


def _ranking(project: Project) -> None:
    prompts = {prompt.id: prompt for prompt in project.prompts if len(prompt.candidates) > 1}
    if not prompts:
        st.info("A ranking needs a prompt with two responses.")
        return
    id = st.selectbox(
        "Prompt",
        list(prompts),
        format_func=lambda one: f"{one} · {prompts[one].text[:110]}",
        key=work.key("rank_prompt"),
    )
    chart, words = st.columns([2.4, 1.2], gap="medium")
    found = pipeline_sizing.ranking(project, id)
    candidates = prompts[id].candidates
    names = pipeline_sizing.names(candidates)
    with chart:
        draw_chart(pipeline_charts.rank(found, names))
    with words:
        rows = tuple(
            (
                shortened(candidates[one.item].id),
                f"{one.places[0]}–{one.places[1]}",
                percent(one.best_chance, 0),
                str(one.judgements),
            )
            for one in found.ranked
        )
        still("pl_rank_table", Table(("response", "places open", "best with", "labels"), rows, pickable=False))
        note = (
            found.sentence or f"From {plural(found.judgements, 'judgement')} of this prompt; it moves with every label."
        )
        st.caption(plain(note) + " Skips and “both bad” say nothing about the order.")


def _price(project: Project) -> None:
    budget = project.operations.budget
    fields, numbers = st.columns([1.2, 2], gap="medium")
    with fields:
        work.bound(
            st.number_input, "target_pairs", "Pairs with a winner that you need", budget.target_pairs, _budget("target_pairs"),
            min_value=0, max_value=10_000_000, step=100,
        )  # fmt: skip
        with st.container(horizontal=True):
            work.bound(
                st.text_input, "currency", "Currency", budget.currency, _budget("currency"), max_chars=8, width=110
            )
            for name, (label, low, high) in MONEY.items():
                work.bound(
                    st.number_input,
                    name,
                    label,
                    float(getattr(budget, name)),
                    _budget(name),
                    min_value=low,
                    max_value=high,
                )
        work.bound(
            st.number_input,
            "seconds_per_pair",
            "Seconds a label, until some are timed",
            budget.seconds_per_pair,
            _budget("seconds_per_pair"),
            min_value=1.0,
            max_value=86_400.0,
            placeholder="not set",
        )
        st.caption("Overhead: review, tools, management, on top of the hours; 0.2 is 20 %.")
    with numbers:
        if not budget.target_pairs:
            st.info("Say how many pairs you need; the simulation on “How many labels” helps with the number.")
            return
        plan = pipeline_sizing.cost_plan(project)
        price = cost(plan)
        rows = (
            ("pairs to be judged, ties and refusals included", f"{math.ceil(plan.pairs / plan.usable):,}"),
            (f"labels, {plan.labels_per_pair} a pair, gold included", f"{price.labels:,}"),
            (f"hours at {plan.seconds:.0f} s a label", f"{price.labelling_hours:,.1f}"),
            (
                f"weeks for {plural(plan.labellers, 'person', 'people')} at {plan.hours_a_week:g} hours",
                f"{price.weeks:,.1f}",
            ),
            ("money in all", f"{price.total:,.0f} {budget.currency}" if budget.wage else "no wage yet"),
            (
                "money a pair",
                f"{price.a_pair(plan.pairs) or 0:,.2f} {budget.currency}" if budget.wage else "no wage yet",
            ),
        )
        still("pl_price_table", Table(("what it takes", "number"), rows, pickable=False))


def _budget(name: str) -> Callable[[Project, object], Project]:
    def commit(project: Project, value: object) -> Project:
        plan = project.operations.model_dump()
        text = value.strip() if isinstance(value, str) else value
        return change(project, operations={**plan, "budget": {**plan["budget"], name: text}})

    return commit
