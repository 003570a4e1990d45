"""Files that come in: our own zip, CSV, JSONL. A file whose columns are not understood gets an offer to confirm."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.lessons.text import plain, plural
from core.pipeline import limits
from core.pipeline.archives import import_zip, is_zip
from core.pipeline.columns import SHAPES, MappingNeededError, confirm
from core.pipeline.decoding import Table, table
from core.pipeline.importing import add, read_table
from core.pipeline.problems import ProjectError
from core.ui.pipeline import work

WAITING, COUNT = "pl_mapping", "pl_uploads"
TYPES = ["csv", "tsv", "jsonl", "ndjson", "json", "zip"]
MEGABYTES = limits.MAX_UPLOAD_BYTES // 2**20
ASKED = {
    "prompt": "The prompt",
    "response": "One response a row",
    "chosen": "The better response",
    "rejected": "The worse response",
    "id": "An id of the prompt",
    "user": "The user or group it came from",
}
NONE = "—"


def uploader(where: str) -> None:
    """The upload field; a table is added to the project, a zip of this page takes its place."""
    key = f"pl_upload_{where}_{st.session_state.get(COUNT, 0)}"
    st.file_uploader(
        "CSV, JSONL, or the zip of this page",
        type=TYPES,
        key=key,
        max_upload_size=MEGABYTES,
        on_change=_uploaded,
        args=(key,),
        help=f"At most {MEGABYTES} MB and {limits.MAX_PAIRS:,} pairs. Columns: {'; or '.join(SHAPES)}. "
        "A table is added to what is there; a zip takes its place, and that can be undone.",
    )
    mapping()


def _uploaded(key: str) -> None:
    file = st.session_state.get(key)
    if file is None:
        return
    st.session_state[COUNT] = st.session_state.get(COUNT, 0) + 1  # an empty field again
    st.session_state.pop(WAITING, None)
    receive(file.getvalue(), file.name)


def receive(data: bytes, name: str) -> None:
    """Take in a file, and say what came of it. Never raises for bad data."""
    try:
        if is_zip(data):
            project = import_zip(data, name)
            work.take(project)
            counts = f"{plural(len(project.prompts), 'prompt')} and {plural(len(project.labels), 'label')}"
            work.tell([f"{name} holds “{project.title}” with {counts}. Go on where it stopped."])
            return
        found = table(data, name)
        try:
            _add(found, name, None)
        except MappingNeededError as error:
            st.session_state[WAITING] = (found, name, error.offer)
            work.tell(error.sentences, bad=True)
    except ProjectError as error:
        work.tell(error.sentences, bad=True)


def _add(found: Table, name: str, mapping: Any) -> None:
    from core.ui.pipeline.start import blank

    imported = read_table(found, name, mapping)
    now = work.project()
    joined = add(now or blank(), imported)
    if now is None:
        work.take(joined)
    else:
        work.put(joined)
    work.tell(imported.refused, bad=True)
    prompts, labels = len(imported.prompts), len(imported.labels)
    responses = plural(sum(len(prompt.candidates) for prompt in imported.prompts), "response")
    judged = f" and {plural(labels, 'judged pair')}" if labels else ""
    refused = f" {plural(len(imported.refused), 'row')} left out." if imported.refused else ""
    work.add_to_said([f"{name}: {plural(prompts, 'prompt')} with {responses}{judged} read.{refused}", *imported.notes])


def mapping() -> None:
    """The form in which a person says which column is what, while a file waits for that."""
    waiting = st.session_state.get(WAITING)
    if waiting is None:
        return
    found, name, offer = waiting
    with st.form("pl_mapping_form", border=True):
        st.markdown(f"**Which column of {plain(name)} is what?**")
        for field, words in ASKED.items():
            options = [NONE, *found.columns]
            guessed = offer.fields.get(field)
            st.selectbox(
                words, options, index=options.index(guessed) if guessed in options else 0, key=f"pl_map_{field}"
            )
        st.multiselect(
            "Columns that hold one response each", found.columns, default=list(offer.wide), key="pl_map_wide"
        )
        st.form_submit_button("Read the file so", type="primary", key="pl_map_done", on_click=_mapped)


def _mapped() -> None:
    """Read the waiting file with the columns that were chosen."""
    found, name, _ = st.session_state[WAITING]
    chosen = {field: st.session_state[f"pl_map_{field}"] for field in ASKED}
    try:
        fields = {field: column for field, column in chosen.items() if column != NONE}
        _add(found, name, confirm(found.columns, fields, tuple(st.session_state["pl_map_wide"])))
        del st.session_state[WAITING]
    except ProjectError as error:
        work.tell(error.sentences, bad=True)
