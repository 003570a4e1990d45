"""The workbench around the steps: where you are, what is saved, what was said, and the one step that is open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from core.lessons.lesson14_params import STEP, STEPS
from core.lessons.text import plain, plural
from core.pipeline.model import Project
from core.ui import settings
from core.ui.pipeline import (
    autosave,
    start,
    step_checks,
    step_effect,
    step_export,
    step_label,
    step_operations,
    step_prompts,
    step_rubric,
    step_size,
    work,
)
from core.ui.safely import safely

NAMES = dict(STEPS)
CSS = (Path(__file__).parents[1] / "browser" / "pipeline.css").read_text(encoding="utf-8")
DRAW = {
    "prompts": step_prompts.draw,
    "rubric": step_rubric.draw,
    "label": step_label.draw,
    "checks": step_checks.draw,
    "size": step_size.draw,
    "operations": step_operations.draw,
    "effect": step_effect.draw,
    "export": step_export.draw,
}
CLOCKED = "label"


def workbench(values: Any) -> bool:
    """Draw the bench with its open step. Returns whether the lesson's own lab belongs below it: the simulation of step 5."""
    autosave.restore()
    autosave.keep()
    settings.carry(autosave.for_link())
    step = str(values[STEP])
    if step != CLOCKED:
        st.session_state.pop(step_label.CLOCK, None)
    st.html(f"<style>{CSS}</style>")
    with st.container(key="bench"):
        _stepper(work.project())
        if work.project() is not None:
            _status(step)
        work.draw_said()
        with safely(f"The step “{NAMES[step]}”"), st.container(key=f"bench_{step}"):
            project = work.project()
            # Sizing needs numbers, not texts: it can be tried with an empty bench.
            if project is None and step != "size":
                start.draw()
            else:
                DRAW[step](project)
    return step == "size" and step_size.shows_lab()


def _stepper(project: Project | None) -> None:
    marks = _marks(project) if project else {}
    st.segmented_control(
        "Step",
        list(NAMES),
        format_func=lambda key: f"{list(NAMES).index(key) + 1} {NAMES[key]}{marks.get(key, '')}",
        key=STEP,
        required=True,
        label_visibility="collapsed",
        width="stretch",
        on_change=_entered,
    )


def _marks(project: Project) -> dict[str, str]:
    """What the stepper says about each step: counts where there is something to count."""
    counted = step_label.counted(project)
    return {
        "prompts": f" · {len(project.prompts):,}" if project.prompts else "",
        "label": f" · {counted}" if counted else "",
    }


def _status(step: str) -> None:
    project = work.project()
    if project is None:
        return
    responses = sum(len(prompt.candidates) for prompt in project.prompts)
    labels = f"{plural(len(project.labels), 'label')} by {plural(len(project.labellers), 'labeller')}"
    said = f"**{plain(project.title)}** · {plural(responses, 'response') if responses else 'no response yet'}"
    said += f" · {labels if project.labels else 'no label yet'}"
    if project.origin == "illustration":
        said += " · invented by us"
    with st.container(horizontal=True, vertical_alignment="center", key="bench_status"):
        st.markdown(said, width="stretch")
        _where_saved()
        step_export.save_button(project)
        _onward(step)


def _where_saved() -> None:
    """What is said about the save; as long as the last change is not in it, the page looks again by itself."""
    where, due = autosave.status()
    if not where:
        return
    with st.container(width="content", key="bench_saved"):
        st.fragment(_draw_where, run_every=due)()


def _draw_where() -> None:
    late = not autosave.is_saved()
    autosave.keep()
    where, _ = autosave.status()
    if where:
        st.caption(where, width="content")
    if late and autosave.is_saved():
        st.rerun()  # the page is drawn once more, without the clock


def _onward(step: str) -> None:
    keys = list(NAMES)
    place = keys.index(step) + 1
    if place < len(keys):
        following = keys[place]
        st.button(f"Next: {NAMES[following]}", key="bench_next", on_click=_go, args=(following,), type="primary")


def _go(step: str) -> None:
    settings.put(STEP, step)
    _entered()


def _entered() -> None:
    """Another step is open now: what was said about the last one goes, and sizing takes over what was measured."""
    work.tell(())
    if st.session_state.get(STEP) == "size":
        step_size.enter()
