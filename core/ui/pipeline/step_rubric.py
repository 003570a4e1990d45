"""Step 2: what labellers judge by, one line an entry; and the same principles as a constitution for a model that labels."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.lessons.text import plain
from core.pipeline.edits import change
from core.pipeline.model import Project
from core.pipeline.problems import ProjectError
from core.pipeline.rubric import Rubric, helpful_honest_harmless
from core.ui import components
from core.ui.pipeline import work

FIELDS = ("instructions", "criteria", "tie_breaks", "principles")
USES = {"comparison": "Compare", "critique": "Criticise", "revision": "Revise"}


def draw(project: Project) -> None:
    """The rubric's texts on the left; on the right the constitution that its principles make."""
    rubric = project.rubric
    left, middle, right = st.columns([1.35, 1.35, 1.2], gap="medium")
    with left:
        work.bound(
            st.text_area,
            "instructions",
            "Instructions to a labeller",
            rubric.instructions,
            _with_instructions,
            height=132,
        )
        work.bound(
            st.text_area,
            "criteria",
            "Criteria, the weightiest first, a line each: name: question",
            lines_of([(one.name, one.question) for one in rubric.criteria]),
            _with_criteria,
            height=238,
        )
    with middle:
        work.bound(
            st.text_area,
            "tie_breaks",
            "When criteria pull apart, a rule a line, in this order",
            "\n\n".join(_line(rule) for rule in rubric.tie_breaks),
            _with_tie_breaks,
            height=214,
        )
        work.bound(
            st.text_area,
            "principles",
            "Principles, a line each: name: sentence",
            lines_of([(one.name, one.text) for one in rubric.principles]),
            _with_principles,
            height=156,
        )
    with right:
        _constitution(rubric)
        st.button(
            "Take the template: harmless, honest, helpful",
            key="pl_rubric_template",
            on_click=_template,
            disabled=rubric == helpful_honest_harmless(),
            help="Truthful and harmless before helpful, with the exception that InstructGPT's instructions to labellers make.",
        )
        st.caption(
            "[Instructions to InstructGPT's labellers, in its paper](https://arxiv.org/abs/2203.02155): truthful and harmless "
            "weigh more than helpful, unless a response is much more helpful, only slightly less truthful, and the stakes are low."
        )


def _constitution(rubric: Rubric) -> None:
    st.markdown("**The same principles as a constitution**")
    if not rubric.principles:
        st.caption("No principle yet: a model that labels would have nothing to go by.")
        return
    if len(rubric.principles) == 1:
        st.caption(
            "One principle only: a model that labels would judge everything by it, and what it leaves out weighs nothing."
        )
    use = st.segmented_control(
        "What a model is asked to do",
        list(USES),
        format_func=USES.__getitem__,
        default="comparison",
        required=True,
        key="pl_use",
    )
    asked = [str(getattr(one, use or "comparison")) for one in rubric.principles]
    with st.container(height=190, key="pl_constitution"):
        st.markdown("\n".join(f"{number}. {plain(' '.join(text.split()))}" for number, text in enumerate(asked, 1)))
        components.reachable("pl_constitution")
    st.download_button(
        "Download the constitution",
        _as_text(rubric),
        file_name="constitution.txt",
        mime="text/plain",
        key="pl_constitution_file",
        on_click="ignore",
    )


def _as_text(rubric: Rubric) -> str:
    parts = [
        f"{one.name}\n{one.text}\n\nCompare: {one.comparison}\nCritique: {one.critique}\nRevise: {one.revision}\n"
        for one in rubric.principles
    ]
    return "\n".join(parts)


def lines_of(entries: Sequence[tuple[str, str]]) -> str:
    """Named entries as text, one a line, an empty line between two."""
    return "\n\n".join(f"{name}: {_line(text)}" if text else name for name, text in entries)


def entries_of(text: str) -> list[tuple[str, str]]:
    """Named entries from text. A line without a colon is a name alone."""
    found = []
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        if line.strip():
            found.append((name.strip(), rest.strip()))
    return found


def _line(text: str) -> str:
    return " ".join(text.split())


def _put(project: Project, **fields: object) -> Project:
    return change(project, rubric={**project.rubric.model_dump(), **fields})


def _with_instructions(project: Project, text: str) -> Project:
    return _put(project, instructions=text.strip())


def _with_criteria(project: Project, text: str) -> Project:
    return _put(project, criteria=[{"name": name, "question": question} for name, question in entries_of(text)])


def _with_tie_breaks(project: Project, text: str) -> Project:
    return _put(project, tie_breaks=[line.strip() for line in text.splitlines() if line.strip()])


def _with_principles(project: Project, text: str) -> Project:
    made: list[dict[str, str]] = []
    for name, sentence in entries_of(text):
        if sentence and not name:
            raise ProjectError([f"A principle has no name before its colon: “{sentence[:40]}”."])
        # A sentence without a name is taken as it is, and gets a number for a name.
        alone = not sentence
        made.append({"name": f"principle {len(made) + 1}" if alone else name, "text": name if alone else sentence})
    return _put(project, principles=made)


def _template() -> None:
    if work.change(lambda now: change(now, rubric=helpful_honest_harmless())):
        work.forget(*FIELDS)


def compact(rubric: Rubric) -> str:
    """Criteria and tie-breaks as Markdown, for the side of the labelling screen."""
    criteria = "\n".join(
        f"{number}. **{plain(one.name)}** {plain(_line(one.question))}" for number, one in enumerate(rubric.criteria, 1)
    )
    rules = "\n".join(f"- {plain(_line(rule))}" for rule in rubric.tie_breaks)
    return "\n\n".join(part for part in (plain(_line(rubric.instructions)), criteria, rules) if part)
