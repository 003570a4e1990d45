"""The search for prompts that are nearly the same: at once for a few, as a live run with progress and Stop for many."""

from __future__ import annotations

import streamlit as st

from core.lessons.pipeline_report import Finding, near_duplicates, near_finding
from core.pipeline.checks_duplicates import Searched
from core.pipeline.model import Project
from core.ui.live_run import LiveRun, strip

MADE = "pl_near"
AT_ONCE = 500
NAME = "pl_near_run"


def state(project: Project) -> Finding:
    """What is known about near-duplicates now, in one sentence."""
    found = _held(project)
    if found is None and len(project.prompts) <= AT_ONCE:
        *_, found = near_duplicates(project)
        _keep(project, found)
    if found is None:
        return Finding(
            "near-duplicates", "missing", f"{len(project.prompts):,} prompts: start the search under “Texts”."
        )
    return near_finding(found)


def draw(project: Project) -> None:
    """The groups that were found, and the run that finds them where there are many prompts."""
    if len(project.prompts) > AT_ONCE:
        strip(_run(project))
    found = _held(project)
    if found is not None and found.groups:
        ids = [prompt.id for prompt in project.prompts]
        rows = [
            {"prompt": ids[group.first], "nearly the same": ids[other], "shared": f"{share:.0%}".replace("%", " %")}
            for group in found.groups[:100]
            for other, share in zip(group.others, group.similarity)
        ][:300]
        st.markdown(f"**{len(found.groups):,} groups of prompts that are nearly the same**")
        st.dataframe(rows, hide_index=True, row_height=28, height=min(260, 38 + 28 * len(rows)))


def _run(project: Project) -> LiveRun:
    def finished(records: list[Searched]) -> None:
        known = _held(project) is not None
        _keep(project, records[-1])
        if not known:
            st.rerun()
        st.caption("All prompts have been read.")

    return LiveRun(
        name=NAME,
        key=f"pipeline near-duplicates {project.fingerprint()}",
        start=lambda: near_duplicates(project),
        progress=lambda records: (
            (records[-1].done / records[-1].total, f"{records[-1].done:,} of {records[-1].total:,} prompts")
            if records
            else (0.0, "Reading the prompts …")
        ),
        finished=finished,
        idle=f"{len(project.prompts):,} prompts have not been compared with each other yet.",
        label="Search for near-duplicates",
    )


def _held(project: Project) -> Searched | None:
    held = st.session_state.get(MADE)
    return held[1] if held is not None and held[0] is project.prompts else None


def _keep(project: Project, found: Searched) -> None:
    st.session_state[MADE] = (project.prompts, found)
