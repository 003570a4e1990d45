"""Step 6: how the pipeline lives on: regression suite and gate, sampling and refresh, data and people, training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.lessons import pipeline_charts, pipeline_sizing
from core.lessons.text import percent, plain
from core.pipeline.edits import change
from core.pipeline.model import Project
from core.pipeline.problems import ProjectError
from core.statistics.regression_suite import canary, refresh_cadence, release_gate
from core.ui.pipeline import step_checks, work
from core.ui.pipeline.drawn import draw_chart

VIEW = "pl_operations"
CANARY_FALL = 0.1


def draw(project: Project) -> None:
    """The chosen part of the plan."""
    view = st.segmented_control(
        "Part of the plan", list(VIEWS), default="Suite and gate", required=True, key=VIEW, label_visibility="collapsed"
    )
    VIEWS[view or "Suite and gate"](project)


def _suite(project: Project) -> None:
    plan = project.operations
    left, middle, right = st.columns([1.15, 2.3, 1.6], gap="medium")
    with left:
        _share("suite_accuracy", "Pass rate so far", project, 0.5, 0.99)
        _share("smallest_drop", "Smallest drop that matters", project, 0.01, 0.3)
        _share("power", "Chance to notice it", project, 0.5, 0.99)
        _number("suite_size", "Tasks in your suite", project, 0, 10_000_000, "0: not built yet")
        _text("gate", "Release gate", project, 116, "what must hold before a release, and who decides")
    with middle:
        try:
            draw_chart(pipeline_charts.power(project))
        except ValueError as error:
            st.info(plain(str(error)))
    with right:
        st.markdown(_suite_words(project))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            n = st.number_input("Tasks run", 1, 10_000_000, plan.suite_size or 200, key="pl_gate_n", width=120)
            passed = st.number_input("Passed", 0, 10_000_000, round(0.9 * int(n)), key="pl_gate_k", width=120)
        if passed > n:
            st.caption("More tasks passed than were run.")
        else:
            mark = max(plan.suite_accuracy - plan.smallest_drop, 0.0)
            st.markdown(f"**Gate, tried out.** {plain(release_gate(int(passed), int(n), mark).sentence)}")
        _text("rollback", "Rollback", project, 116, "how the last good version comes back, and how fast")


def _suite_words(project: Project) -> str:
    plan = project.operations
    try:
        found = pipeline_sizing.suite(project)
    except ValueError as error:
        return plain(str(error))
    drop = f"{100 * plan.smallest_drop:.0f}-point drop from {percent(plan.suite_accuracy, 0)}"
    if found is None:
        return f"No suite of up to 50,000 tasks notices a {drop} with {percent(plan.power, 0)}."
    return (
        f"A suite of **{found.size:,} tasks** notices a {drop} in {percent(found.power)} of cases. The alarm: {found.alarm_at:,} passes "
        f"or fewer. With nothing changed it rings in {percent(found.false_alarm)} of cases (exact binomial)."
    )


def _sampling(project: Project) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        _text(
            "sampling",
            "Sampling of responses",
            project,
            92,
            "which models and snapshots write the responses, and how many a prompt",
        )
        _listed("policies", "Policies, a comma between two", project, str)
        _listed("temperatures", "Temperatures, a comma between two", project, float)
        _text("refresh", "Refresh", project, 92, "when fresh pairs from the current policy are labelled")
    with right:
        with st.container(horizontal=True):
            _number("refresh_weeks", "Weeks between two refreshes", project, 1, 520)
            _number(
                "canary_pairs",
                "Pairs in the drift canary",
                project,
                0,
                100_000,
                "fixed pairs, judged again with every batch",
            )
        _text("canary", "Drift canary", project, 92, "which fixed pairs, and what happens when agreement falls")
        st.markdown(_canary_words(project))
        st.markdown(_cadence_words(project))
        st.caption(
            "Reports: reward model and policy refreshed about every week ([Bai et al. 2022](https://arxiv.org/abs/2204.05862)); two "
            "model variants at several temperatures ([Llama 2](https://arxiv.org/abs/2307.09288))."
        )


def _canary_words(project: Project) -> str:
    plan, fall = project.operations, CANARY_FALL
    used = pipeline_sizing.used_agreement(step_checks.made(project).agreement)
    rate = used.value if used.value is not None else 0.0
    if not plan.canary_pairs:
        return "**Canary.** None planned yet: a fixed set of pairs, judged again with every batch, shows whether judgements drift."
    if rate <= fall or rate >= 1:
        return f"**Canary.** {plain(used.sentence)} A canary needs a usual rate between {percent(fall, 0)} and 100 %."
    found = canary(plan.canary_pairs, rate, fall, 52 / plan.refresh_weeks)
    of_what = "measured" if used.measured else "assumed"
    if found.batches_to_notice is None:
        return f"**Canary.** {plan.canary_pairs} pairs are too few: their alarm would never ring."
    years = f"once in {found.years_between_false:,.0f} years" if found.years_between_false else "never"
    return (
        f"**Canary.** {plan.canary_pairs} pairs at an agreement of {percent(rate, 0)} ({of_what}): a fall by {100 * fall:.0f} points is "
        f"noticed after {found.batches_to_notice:,.1f} batches on average, and a false alarm comes {years}."
    )


def _cadence_words(project: Project) -> str:
    plan = pipeline_sizing.cost_plan(project)
    if not plan.pairs:
        return "**Pace.** Say in step 5, “Time and money”, how many pairs you need, and the pace follows."
    pace = refresh_cadence(
        plan.pairs, plan.labels_per_pair, plan.seconds, plan.labellers, plan.hours_a_week, plan.usable
    )
    return (
        f"**Pace.** {plan.labellers} people at {plan.hours_a_week:g} hours a week and {plan.seconds:.0f} s a label give "
        f"{pace.labels_a_week:,.0f} labels a week: {plan.pairs:,} usable pairs take {pace.weeks_a_refresh:,.1f} weeks."
    )


def _people(project: Project) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        _line("owner", "Owner", project, "who answers for this pipeline")
        _text("prompt_source", "Where the prompts come from", project, 92, "real users, which product, which months")
        _text("consent", "Notice and consent", project, 92, "what users were told, and how they can say no")
    with right:
        _line("licence", "Licence of the data", project, "contracts with vendors often forbid publishing")
        _text("pii", "Personal data", project, 92, "what is taken out, by what, and who reads for names")
        _text("labeller_training", "Training of labellers", project, 92, "test, instructions, feedback, pay")


def _training(project: Project) -> None:
    now = project.operations.training

    def put(name: str) -> Callable[[Project, Any], Project]:
        def commit(found: Project, value: Any) -> Project:
            plan = found.operations.model_dump()
            entered = value.strip() if isinstance(value, str) else value
            return change(found, operations={**plan, "training": {**plan["training"], name: entered}})

        return commit

    left, right = st.columns(2, gap="medium")
    with left:
        work.bound(
            st.text_input,
            "t_model",
            "Base model",
            now.model,
            put("model"),
            placeholder="organisation/name, or empty: $MODEL",
        )
        work.bound(
            st.selectbox, "t_format", "Format of the data", now.format, put("format"), options=["conversational", "standard"],
            help="Conversational needs a tokenizer with a chat template; standard is plain text.",
        )  # fmt: skip
        st.caption("These numbers go into the configurations in train/, which TRL reads as they are.")
    with right, st.container(horizontal=True):
        for name, label, low, high in (
            ("max_length", "Tokens at most", 64, 131_072),
            ("batch_size", "Batch size", 1, 1024),
            ("accumulation", "Accumulation", 1, 1024),
            ("processes", "Processes", 1, 1024),
        ):
            work.bound(
                st.number_input,
                f"t_{name}",
                label,
                getattr(now, name),
                put(name),
                min_value=low,
                max_value=high,
                width=150,
            )
        for name, label in (("epochs", "Epochs"), ("beta", "β")):
            work.bound(
                st.number_input,
                f"t_{name}",
                label,
                float(getattr(now, name)),
                put(name),
                min_value=0.01,
                max_value=100.0,
                width=150,
            )


def _put(name: str) -> Callable[[Project, Any], Project]:
    def commit(project: Project, value: Any) -> Project:
        entered = value.strip() if isinstance(value, str) else value
        return change(project, operations={**project.operations.model_dump(), name: entered})

    return commit


def _text(name: str, label: str, project: Project, height: int, placeholder: str) -> None:
    work.bound(
        st.text_area,
        name,
        label,
        str(getattr(project.operations, name)),
        _put(name),
        height=height,
        placeholder=placeholder,
    )


def _line(name: str, label: str, project: Project, placeholder: str) -> None:
    work.bound(st.text_input, name, label, str(getattr(project.operations, name)), _put(name), placeholder=placeholder)


def _number(name: str, label: str, project: Project, low: int, high: int, help: str = "") -> None:
    value = int(getattr(project.operations, name))
    work.bound(st.number_input, name, label, value, _put(name), min_value=low, max_value=high, help=help or None)


def _share(name: str, label: str, project: Project, low: float, high: float) -> None:
    value = min(max(float(getattr(project.operations, name)), low), high)
    work.bound(st.slider, name, label, value, _put(name), min_value=low, max_value=high, step=0.01, format="percent")


def _listed(name: str, label: str, project: Project, kind: Callable[[str], Any]) -> None:
    def commit(found: Project, text: str) -> Project:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        try:
            return _put(name)(found, [kind(part) for part in parts])
        except ValueError as error:
            if isinstance(error, ProjectError):
                raise
            raise ProjectError([f"{label}: every entry must be a number, such as 0.7, 1.0."]) from error

    value = ", ".join(f"{one:g}" if isinstance(one, float) else str(one) for one in getattr(project.operations, name))
    work.bound(st.text_input, name, label, value, commit)


VIEWS: dict[str, Callable[[Project], None]] = {
    "Suite and gate": _suite,
    "Sampling and refresh": _sampling,
    "Data and people": _people,
    "Training": _training,
}
