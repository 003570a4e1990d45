"""The empty page: an own prompt, a file, a worked example, or the last save."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from core.lessons.text import plain, plural
from core.pipeline import rubric
from core.pipeline.model import Project
from core.pipeline.problems import ProjectError
from core.pipeline.worked_examples import EXAMPLES, load
from core.ui.pipeline import autosave, upload, work
from core.ui.pipeline.prompt_edits import add_prompts, parts

OWN = "pl_own_prompt"
TITLE = "My pipeline"


def draw() -> None:
    """Three ways in side by side, and above them what was saved last."""
    _saved()
    own, file, example = st.columns([1.5, 1, 1.1], gap="medium")
    with own:
        st.markdown("**Your own prompt**")
        st.text_area(
            "Your own prompt",
            key=OWN,
            height=150,
            label_visibility="collapsed",
            placeholder="Something that a user of your product really asks. More prompts and the responses come next.",
        )
        st.button("Start with this prompt", key="pl_start_own", type="primary", on_click=_start_own)
    with file:
        st.markdown("**A file of prompts, responses or pairs**")
        upload.uploader("start")
    with example:
        st.markdown("**A worked example, invented by us**")
        for entry in EXAMPLES:
            st.button(
                entry.name, key=f"pl_example_{entry.key}", on_click=open_example, args=(entry.key,), width="stretch"
            )
            st.caption(entry.summary)


def open_example(key: str) -> None:
    """Put a worked example on the bench."""
    work.take(load(key))


def blank() -> Project:
    """A project to begin with: the template for a rubric, and nothing else."""
    return Project(title=TITLE, rubric=rubric.helpful_honest_harmless())


def _start_own() -> None:
    texts = parts(str(st.session_state.get(OWN, "")))
    try:
        if not texts:
            raise ProjectError(["Type the prompt first."])
        project = add_prompts(blank(), texts).project
    except ProjectError as error:
        work.tell(error.sentences, bad=True)
        return
    work.take(project)


def _saved() -> None:
    if work.before() is not None:
        st.button(
            f"Bring back “{plain(work.before().title)}”", key="pl_back_start", on_click=work.bring_back, type="tertiary"
        )
    saves = autosave.offered()
    if not saves:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Saved on this computer:**", width="content")
        for number, save in enumerate(saves):
            moment = datetime.fromtimestamp(save.at, UTC).astimezone().strftime("%d %b, %H:%M")
            what = f"{plural(save.prompts, 'prompt')}, {plural(save.labels, 'label')}, {moment}"
            st.button(
                f"{plain(save.title[:40])} · {what}",
                key=f"pl_saved_{number}",
                on_click=autosave.open_save,
                args=(save.key,),
                type="primary" if number == 0 else "secondary",
            )
