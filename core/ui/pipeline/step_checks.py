"""Step 4: every check in one sentence on the left, the evidence for one of them on the right."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.figures.chart import Chart
from core.lessons import pipeline_charts
from core.lessons.pipeline_report import Finding, Report, agreement_intervals, report
from core.lessons.text import plain, plural
from core.pipeline.model import Project
from core.pipeline.split import split
from core.statistics.label_agreement import LabelAgreement
from core.ui import components
from core.ui.pipeline import near_search
from core.ui.pipeline.drawn import draw_chart

MADE, AGREED, VIEW = "pl_report", "pl_agreed", "pl_check"
MARKS = {"good": ":green[:material/check:]", "look": ":orange[:material/error:]", "missing": ":gray[:material/remove:]"}
SHOWN = 200
HEIGHT = 420


def draw(project: Project) -> None:
    """All findings, and the view that was chosen."""
    found = made(project)
    near = near_search.state(project)
    split_finding = _split(project)
    findings = (*found.findings, near, split_finding)
    said, seen = st.columns([1.5, 2.2], gap="medium")
    with said:
        open_ones = sum(finding.kind == "look" for finding in findings)
        st.markdown(f"**{open_ones} of {len(findings)} checks ask somebody to look**")
        with st.container(height=HEIGHT, border=False, key="pl_findings"):
            st.markdown("\n\n".join(f"{MARKS[f.kind]} **{f.check}** {plain(f.sentence)}" for f in findings))
            components.reachable("pl_findings")
    with seen:
        view = st.segmented_control(
            "Evidence",
            list(VIEWS),
            default="Agreement",
            required=True,
            key=VIEW,
            label_visibility="collapsed",
            width="stretch",
        )
        VIEWS[view or "Agreement"](project, found)


def made(project: Project) -> Report:
    """The report, made once for each state of the project."""
    held: tuple[Project, Report] | None = st.session_state.get(MADE)
    if held is None or held[0] is not project:
        st.session_state[MADE] = held = (project, report(project))
    return held[1]


def agreed(project: Project) -> LabelAgreement:
    """Agreement with its bootstrap intervals: well under a second even for ten thousand pairs, and shown as it goes."""
    held: tuple[Project, LabelAgreement] | None = st.session_state.get(AGREED)
    if held is not None and held[0] is project:
        return held[1]
    bar = st.progress(0.0, text="Resampling pairs for the intervals …")
    now = made(project).agreement
    for record in agreement_intervals(project):
        now = record.agreement
        bar.progress(record.done / record.total if record.total else 1.0, text="Resampling pairs for the intervals …")
    bar.empty()
    st.session_state[AGREED] = (project, now)
    return now


def _chart(chart: Chart | None, instead: str) -> None:
    if chart is None:
        st.info(instead)
    else:
        draw_chart(chart)


def _agreement(project: Project, found: Report) -> None:
    now = agreed(project)
    _chart(pipeline_charts.agreement(now), plain(now.sentence))
    if now.raw is not None:
        st.caption(
            "95 % intervals from 1,000 resamples of the pairs. Gold questions are left out. Which response is called the first "
            "carries no meaning, so chance is taken over both orders."
        )


def _position(project: Project, found: Report) -> None:
    _chart(pipeline_charts.position(found), "No decided label says on which side the responses stood.")


def _length(project: Project, found: Report) -> None:
    _chart(
        pipeline_charts.length(found), plain(found.length.sentence) or "No label has decided between two lengths yet."
    )


def _gold(project: Project, found: Report) -> None:
    _chart(pipeline_charts.gold(found), "No gold question has been answered yet. Step 3, “Plan”, adds some.")
    missed = [
        {"labeller": entry.score.labeller, "prompt": pair.prompt_id, "pair": f"{pair.first}, {pair.second}"}
        for entry in found.gold
        for pair in entry.score.missed
    ]
    _rows(missed, "missed gold question")


def _circles(project: Project, found: Report) -> None:
    rows = [
        {
            "prompt": ring.prompt,
            "labeller": ring.labeller,
            "each better than the next": " › ".join((*ring.responses, ring.responses[0])),
        }
        for ring in found.circles.shown
    ]
    if not rows:
        st.info(plain(next(f.sentence for f in found.findings if f.check == "circles")))
    _rows(rows, "circle")


def _texts(project: Project, found: Report) -> None:
    pii = [
        {"what": f.match.kind, "found": f.match.text, "before": f.before, "after": f.after,
         "where": ", ".join(map(str, f.where)) if isinstance(f.where, tuple) else str(f.where)}
        for f in found.pii.shown
    ]  # fmt: skip
    _rows(pii, "find of personal data by pattern", "finds of personal data by pattern")
    same = [{"prompt": group[0], "same words in": ", ".join(group[1:])} for group in found.exact_duplicates]
    _rows(same, "prompt whose words come again", "prompts whose words come again")
    wrong = [
        {"prompt": one.prompt, "problem": one.what, "responses": ", ".join(one.candidates)}
        for one in found.response_problems
    ]
    _rows(wrong, "place with responses that cannot be compared", "places with responses that cannot be compared")
    if not (pii or same or wrong):
        about = ("personal data", "duplicates", "responses")
        st.info("  \n".join(plain(f.sentence) for f in found.findings if f.check in about))
    near_search.draw(project)


def _sides(project: Project, found: Report) -> None:
    sides = split(project)
    train, validation = sides.of("train"), sides.of("validation")
    by = "user" if project.settings.split_by == "user" else "prompt"
    counts = f"{plural(len(train), 'prompt')} to train, {len(validation):,} to validation"
    st.markdown(f"Split by **{by}**, never by pair: {counts}, in {plural(sides.groups, 'group')} that stay together.")
    if sides.leaked_by_pair is not None:
        share = f"{sides.leaked_by_pair:.0%}".replace("%", " %")
        st.markdown(
            f"Had single pairs been drawn instead, {share} of the validation pairs would have a prompt that is in train too."
        )
    rows = [
        {"side": sides.sides[one.id], "prompt": one.id, "user": one.user, "text": one.text[:120]}
        for one in project.prompts
    ]
    _rows(sorted(rows, key=lambda row: row["side"], reverse=True), "prompt")


def _split(project: Project) -> Finding:
    if len(project.prompts) < 2:
        return Finding(
            "split", "missing", "One prompt cannot be split: add more, and pairs stay together by prompt or user."
        )
    sides = split(project)
    if sides.shared:
        return Finding(
            "split",
            "look",
            f"{plural(len(sides.shared), 'prompt stands', 'prompts stand')} on both sides with the same words.",
        )
    if not sides.of("validation") or not sides.of("train"):
        return Finding(
            "split", "look", "All prompts fall on one side of the split: add prompts, or change the share in step 8."
        )
    return Finding(
        "split",
        "good",
        f"No prompt stands on both sides: {len(sides.of('train')):,} to train, {len(sides.of('validation')):,} to validation.",
    )


def _rows(rows: list[dict[str, str]], one: str, many: str | None = None) -> None:
    if not rows:
        return
    more = f", the first {SHOWN} shown" if len(rows) > SHOWN else ""
    st.markdown(f"**{plural(len(rows), one, many)}**{more}")
    st.dataframe(rows[:SHOWN], hide_index=True, row_height=28, height=min(300, 38 + 28 * len(rows)))


VIEWS: dict[str, Callable[[Project, Report], None]] = {
    "Agreement": _agreement,
    "Position": _position,
    "Length": _length,
    "Gold": _gold,
    "Circles": _circles,
    "Texts": _texts,
    "Split": _sides,
}
