"""Step 8: the specification to read, one zip to download, and the same zip to go on with."""

from __future__ import annotations

import io
import re
import zipfile

import streamlit as st

from core.lessons.pipeline_report import section
from core.lessons.text import plain, plural
from core.pipeline.datasets import examples, left_out
from core.pipeline.edits import change
from core.pipeline.export import export, save
from core.pipeline.model import Project
from core.ui.pipeline import upload, work

MADE = "pl_made"
PREVIEW_HEIGHT = 440
MAX_PREVIEW_CHARACTERS = 60_000
LARGE = 2_000  # pairs from which the progress of writing the zip is shown


def draw(project: Project) -> None:
    """What there is to take away on the left, `pipeline.md` on the right."""
    data = _made(project)
    side, preview = st.columns([1.25, 3], gap="medium")
    with side:
        st.download_button(
            f"Download the zip ({_size(len(data))})",
            data,
            file_name=f"{stem(project)}.zip",
            mime="application/zip",
            type="primary",
            width="stretch",
            key="pl_zip",
            on_click="ignore",
            help="Specification, data files for TRL and OpenAI, labels, dataset card, and the configurations in train/.",
        )
        _files(data)
        _settings(project)
        with st.popover("Go on with a zip", width="stretch"):
            upload.uploader("export")
    with preview:
        _preview(data)


def stem(project: Project) -> str:
    """The project's title as a file name."""
    return re.sub(r"[^a-z0-9]+", "-", project.title.casefold()).strip("-")[:60] or "pipeline"


def save_button(project: Project) -> None:
    """The work alone as a small zip; it is written when it is asked for."""
    st.download_button(
        "Download your work",
        lambda: save(project),
        file_name=f"{stem(project)}-work.zip",
        mime="application/zip",
        key="pl_save",
        on_click="ignore",
        help="Prompts, responses, rubric, labels and settings in one small zip. Upload it in step 1 or 8 to go on.",
    )


def _made(project: Project) -> bytes:
    held: tuple[Project, bytes] | None = st.session_state.get(MADE)
    if held is not None and held[0] is project:
        return held[1]
    extra = [section(project)]
    if len(project.labels) < LARGE:
        data = export(project, extra)
    else:
        bar = st.progress(0.0, text="Writing the files …")
        data = export(project, extra, progress=lambda share: bar.progress(share, text="Writing the files …"))
        bar.empty()
    st.session_state[MADE] = (project, data)
    return data


def _files(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
    top = [entry for entry in entries if "/" not in entry.filename]
    folders = sorted({entry.filename.split("/")[0] for entry in entries if "/" in entry.filename})
    rows = [{"file": entry.filename, "size": _size(entry.file_size)} for entry in top]
    rows += [
        {"file": f"{name}/", "size": plural(sum(e.filename.startswith(f"{name}/") for e in entries), "file")}
        for name in folders
    ]
    st.dataframe(rows, height=196, row_height=26, hide_index=True, key="pl_files")


def _settings(project: Project) -> None:
    with st.container(horizontal=True):
        work.bound(
            st.selectbox,
            "split_by",
            "Split by",
            project.settings.split_by,
            lambda now, value: change(now, settings={**now.settings.model_dump(), "split_by": value}),
            options=["prompt", "user"],
            help="Never by pair: pairs of one prompt share its text.",
            width=140,
        )
        work.bound(
            st.slider,
            "validation_share",
            "Validation",
            project.settings.validation_share,
            lambda now, value: change(now, settings={**now.settings.model_dump(), "validation_share": value}),
            min_value=0.05,
            max_value=0.5,
            step=0.05,
            format="percent",
        )


def _preview(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read("pipeline.md").decode()
    cut = text[:MAX_PREVIEW_CHARACTERS]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**pipeline.md**", width="content")
        view = st.segmented_control(
            "How to show it",
            ["To read", "As it is"],
            default="To read",
            required=True,
            key="pl_preview",
            label_visibility="collapsed",
        )
    with st.container(height=PREVIEW_HEIGHT, key="pl_spec"):
        if view == "As it is":
            st.code(cut, language=None, wrap_lines=True)
        else:
            st.markdown(cut)
        if len(cut) < len(text):
            st.caption(f"The first {MAX_PREVIEW_CHARACTERS:,} of {len(text):,} characters; the zip has all.")


def notes(project: Project) -> tuple[str, ...]:
    """What does not stand in the files, and why."""
    return tuple(plain(sentence) for sentence in left_out(examples(project)))


def _size(number: int) -> str:
    for unit in ("B", "KB"):
        if number < 1024:
            return f"{number:.0f} {unit}"
        number = number / 1024  # type: ignore[assignment]
    return f"{number:.1f} MB"
