"""Step 1: prompts and their responses, each in a field of its own; a change of a text takes along the labels about it."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from core.lessons.text import plain
from core.pipeline import limits
from core.pipeline.edits import change, remove_prompt
from core.pipeline.model import Candidate, Project, Prompt
from core.pipeline.worked_examples import EXAMPLES
from core.ui.pipeline import prompt_edits as edits
from core.ui.pipeline import start, upload, work
from core.ui.pipeline.prompt_edits import SEPARATOR, on_prompt

OPEN = "pl_open_prompt"
LIST_HEIGHT = 214
SHORT_LIST = 6
RESPONSES_HEIGHT = 400
PROMPT_HEIGHT, MORE_TURNS = 128, 44


# No field has `max_chars`: with it the browser drops a paste that is too long without a word; so it is refused with a sentence.


def draw(project: Project) -> None:
    """The list of prompts on the left, the open one on the right."""
    chosen = _open(project)
    side, editor = st.columns([1.15, 3.2], gap="medium")
    with side:
        _list(project, chosen)
    with editor:
        if chosen is None:
            st.info("There is no prompt yet: write one on the left, or upload a file.")
        else:
            _prompt(chosen)
            more = MORE_TURNS if len(chosen.messages) > 1 else 0
            with st.container(height=RESPONSES_HEIGHT - more, border=False, key="pl_responses"):
                _responses(chosen)


def _open(project: Project) -> Prompt | None:
    found = project.by_id().get(st.session_state.get(OPEN, ""))
    return found or (project.prompts[0] if project.prompts else None)


def _list(project: Project, chosen: Prompt | None) -> None:
    work.bound(st.text_input, "title", "Title", project.title, lambda now, text: change(now, title=text.strip()))
    if chosen and len(project.prompts) > 1:
        _table(project, chosen)
    key = work.key(f"new_prompt_{len(project.prompts)}")

    def entered() -> None:
        texts = edits.parts(st.session_state[key])
        if texts and work.change(lambda now: edits.add_prompts(now, texts)):
            now = work.project()
            st.session_state[OPEN] = now.prompts[-1].id if now else ""

    st.text_area(
        "New prompt",
        key=key,
        height=68,
        on_change=entered,
        placeholder=f"Ctrl+Enter adds it. Several: a line with {SEPARATOR} between two.",
    )
    with st.popover("File, example, empty bench", width="stretch"):
        upload.uploader("prompts")
        st.markdown("**In the place of this project**")
        with st.container(horizontal=True):
            for entry in EXAMPLES:
                st.button(entry.name, key=f"pl_swap_{entry.key}", on_click=start.open_example, args=(entry.key,))
            st.button("Empty bench", key="pl_empty", on_click=work.take, args=(None,))
        before = work.before()
        if before is not None:
            st.button(f"Bring back “{plain(before.title)}”", key="pl_back", on_click=work.bring_back)


def _table(project: Project, chosen: Prompt) -> None:
    key = work.key("list")
    labels = Counter(label.prompt_id for label in project.labels)
    rows = [
        {
            "prompt": f"{prompt.id} · {prompt.text[:80]}",
            "responses": len(prompt.candidates),
            "labels": labels[prompt.id],
        }
        for prompt in project.prompts
    ]

    def picked() -> None:
        rows_picked = st.session_state[key].selection.rows
        if rows_picked:
            st.session_state[OPEN] = project.prompts[rows_picked[0]].id

    # The open prompt is the marked row, whatever has opened it.
    place = project.prompts.index(chosen)
    held = st.session_state.get(key)
    if held is None or list(held["selection"]["rows"]) != [place]:
        st.session_state[key] = {"selection": {"rows": [place], "columns": [], "cells": []}}
    st.dataframe(
        rows,
        key=key,
        height="auto" if len(rows) <= SHORT_LIST else LIST_HEIGHT,
        row_height=30,
        hide_index=True,
        on_select=picked,
        selection_mode="single-row",
        column_config={
            "prompt": st.column_config.TextColumn(f"{len(rows):,} prompts", width=166),
            "responses": st.column_config.NumberColumn("resp.", width=46),
            "labels": st.column_config.NumberColumn("labels", width=52),
        },
    )


def _prompt(prompt: Prompt) -> None:
    several = len(prompt.messages) > 1
    words, rest = st.columns([4, 1.1], gap="small")
    with words:
        work.bound(
            st.text_area,
            f"prompt_{prompt.id}",
            f"Prompt {prompt.id}: every turn of the conversation, an empty line between two"
            if several
            else f"Prompt {prompt.id}",
            edits.written(prompt),
            lambda now, text: on_prompt(now, prompt.id, lambda one: edits.with_text(one, text)),
            height=PROMPT_HEIGHT + (MORE_TURNS if several else 0),
            help="What the user wrote. A conversation of several turns begins with “User:” or “System:”, "
            "and every turn follows after an empty line.",
        )
    with rest:
        work.bound(
            st.text_input,
            f"user_{prompt.id}",
            "User or group",
            prompt.user,
            lambda now, text: on_prompt(now, prompt.id, lambda one: edits.with_fields(one, user=text.strip())),
            placeholder="optional",
            help="Whose prompt it is. Train and validation can be split by user, so that nobody stands on both sides.",
        )
        st.button("Remove prompt", key="pl_remove_prompt", on_click=_remove_prompt, args=(prompt.id,), width="stretch")


def _responses(prompt: Prompt) -> None:
    # Row by row: a screen reader, the Tab key and a phone then go from a to b to c.
    rows = [st.columns(2, gap="small") for _ in range(len(prompt.candidates) // 2 + 1)] if prompt.candidates else []
    for number, candidate in enumerate(prompt.candidates):
        with rows[number // 2][number % 2]:
            _response(prompt, candidate)
    key = work.key(f"new_{prompt.id}_{len(prompt.candidates)}")

    def entered() -> None:
        texts = edits.parts(st.session_state[key])
        if texts:
            work.change(lambda now: on_prompt(now, prompt.id, lambda one: edits.with_more(one, texts)))

    if len(prompt.candidates) < limits.MAX_CANDIDATES:
        count = len(prompt.candidates)
        place = rows[count // 2][count % 2] if rows else st
        place.text_area(
            "New response",
            key=key,
            height=92 if count else 220,
            on_change=entered,
            placeholder=f"Type or paste a response; Ctrl+Enter adds it. Several at once: a line with {SEPARATOR} between two."
            + ("" if count else " Two at least, so that there is something to compare."),
        )


def _response(prompt: Prompt, candidate: Candidate) -> None:
    name, id = f"{prompt.id}_{candidate.id}", candidate.id
    work.bound(
        st.text_area,
        f"text_{name}",
        f"Response {id}",
        candidate.text,
        lambda now, text: on_prompt(now, prompt.id, lambda one: edits.with_response(one, id, text=text)),
        height=92,
    )
    source, remove = st.columns([5, 1], gap="small")
    with source:
        work.bound(
            st.text_input,
            f"source_{name}",
            f"What wrote response {id}",
            candidate.source,
            lambda now, text: on_prompt(now, prompt.id, lambda one: edits.with_response(one, id, source=text.strip())),
            placeholder="what wrote it: model, version, temperature",
            label_visibility="collapsed",
        )
    remove.button(
        "✕",
        key=work.key(f"drop_{name}"),
        help=f"Remove response {plain(id)}, and the labels about it",
        on_click=_remove_response,
        args=(prompt.id, id),
        width="stretch",
    )


def _remove_response(prompt_id: str, id: str) -> None:
    work.change(lambda now: on_prompt(now, prompt_id, lambda one: edits.without_response(one, id)))


def _remove_prompt(id: str) -> None:
    work.change(lambda now: remove_prompt(now, id))
