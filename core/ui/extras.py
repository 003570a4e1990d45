"""Under the lab: exports, one's own prompt and answers, and the run that is pinned for comparison."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.lessons import export
from core.lessons import same_name as dialects
from core.lessons.lesson import Lesson
from core.lessons.param import Values
from core.lessons.shared_params import PLACE, responses, walk_note
from core.lessons.text import percent, plain
from core.ui import room, settings
from core.ui.controls import control
from core.world import own_texts
from core.world.candidates import MAX_PROMPT_CHARACTERS, MAX_RESPONSE_CHARACTERS


def exports(lesson: Lesson, result: Any) -> None:
    """Download buttons: history as CSV, the figure as one HTML file."""
    values = settings.values(lesson)
    st.markdown(
        "Files carry the version, every setting and the seed. The **PNG** and **SVG** buttons at the chart make a picture in your browser."
    )
    with st.container(horizontal=True):
        table = export.history_csv(lesson, result, values)
        if table is not None:
            st.download_button(
                "Step history (CSV)", table, file_name=f"lesson{lesson.number}.csv", mime="text/csv", on_click="ignore"
            )
        theme = room.theme()  # asked now: the file is made later, where nobody knows the browser's theme
        for number, chart in enumerate(lesson.figures(result), start=1):
            st.download_button(
                "Figure (HTML, one file)",
                # Made when it is asked for: it holds all of plotly.js, 5 MB.
                lambda chart=chart: export.figure_html(chart, lesson, values, theme),
                file_name=f"lesson{lesson.number}_{number}.html",
                mime="text/html",
                on_click="ignore",
                key=f"l{lesson.number}_html{number}",
            )
    for name, file_name, text in lesson.texts(result) if lesson.texts else ():
        st.download_button(name, text, file_name=file_name, mime="text/plain", on_click="ignore")
        st.code(text, language=None, height=260)


def own_answers(lesson: Lesson, result: Any) -> None:
    """Where the policy starts, and a form for one's own prompt and answers. Both stay through the page and travel in the
    link; votes start anew, because they were about other texts."""
    values = settings.values(lesson)
    now = responses(values)
    if now.key != "own":
        _start(lesson, values)
        st.divider()
    st.markdown(
        "Or write your own prompt and answers. Features are measured on your words; the key word is whatever you call right. "
        "Your votes start anew, because they were about other texts; the starting probabilities are then set by hand."
    )
    with st.form(f"l{lesson.number}_own_form", border=False):
        first, second = st.columns([3, 1])
        prompt = first.text_input("Prompt", now.prompt, max_chars=MAX_PROMPT_CHARACTERS)
        key_word = second.text_input("Key word", now.key_word, max_chars=30)
        columns = st.columns(2)
        texts = [
            columns[i % 2].text_input(
                f"Answer {i + 1} · {plain(candidate.name)}", candidate.text, max_chars=MAX_RESPONSE_CHARACTERS
            )
            for i, candidate in enumerate(now.candidates)
        ]
        use = st.form_submit_button("Use these answers", type="primary")
    if use:
        _use(prompt, key_word, tuple(texts))
    if now.key == "own":
        st.button("Back to the tiny world", key=f"l{lesson.number}_own_reset", on_click=_back)


def _start(lesson: Lesson, values: Values) -> None:
    """Whose probabilities the reference policy has, and for which prompt."""
    for param in PLACE:
        if param.kind in ("choice", "bool") and param.in_use(values):
            control(param, values, key=f"l{lesson.number}_{param.key}", on_change=_moved, args=(lesson, param.key))
    now = responses(values)
    lowest, highest = min(now.ref_probs), max(now.ref_probs)
    st.caption(
        f"The reference policy is {now.origin}; its bars lie between {percent(lowest, 2)} and {percent(highest)}. "
        f"{walk_note(values)}"
    )


def _moved(lesson: Lesson, key: str) -> None:
    """Take over a choice of the start; votes were about other texts if the prompt changed."""
    settings.put(key, st.session_state[f"l{lesson.number}_{key}"])
    if key == "example":
        settings.put("votes", "")
    settings.rewind(lesson)


def _use(prompt: str, key_word: str, texts: tuple[str, ...]) -> None:
    try:
        code = own_texts.pack(own_texts.build(prompt, key_word, texts))
    except ValueError as problem:
        st.warning(f"{problem} Nothing was changed.")
        return
    settings.later({"own": code, "votes": ""})
    st.rerun()


def _back() -> None:
    settings.put("own", "")
    settings.put("votes", "")


def pin(lesson: Lesson, values: Values) -> None:
    """Keep the present run beside the next ones, for lessons that have a setting for it."""
    own = (param for param in lesson.params if param.key.endswith("_pin") and lesson.visible(param, values))
    key = next((param.key for param in own), None)
    if key is None:
        return
    pinned = bool(st.session_state[key])
    st.button(
        "Unpin the run" if pinned else "Pin this run",
        key=f"{key}_button",
        on_click=_toggle_pin,
        args=(lesson, key),
        help="Keeps this run as ticks and dotted lines, so that the next settings can be compared with it.",
    )


def _toggle_pin(lesson: Lesson, key: str) -> None:
    if st.session_state[key]:
        settings.put(key, "")
        return
    controls = {param.key for param in lesson.params if param.widget == "control"}
    text = settings.query(lesson, {}, only=controls)
    # A run at its defaults has nothing to write; a key that no setting has still marks it as pinned.
    settings.put(key, text or "defaults=1")


def same_name(lesson: Lesson, result: Any) -> None:
    """What different projects compute under one name, on one tiny batch."""
    st.markdown(
        "Logs of different projects use one name for different numbers. Here one tiny batch (four answers, log-probabilities drawn "
        "once from the seed, scores set by hand) goes through each definition. **This app** marks the one that these lessons use."
    )
    with st.container(horizontal=True):
        seed = st.number_input("Seed of the batch", 0, 999, 0, key=f"l{lesson.number}_same_seed", width=160)
        found = dialects.topics(int(seed))
        first = list(found).index(dialects.FIRST[lesson.number])
        topic = st.selectbox("Topic", list(found), index=first, key=f"l{lesson.number}_same_topic")
    rows = found[topic or next(iter(found))]
    st.markdown(dialects.spread(rows))
    st.table(
        [
            {
                "project": row.project,
                "its name for it": row.name,
                "value": dialects.written(row),
                "this app": "✓" if row.used_here else "",
            }
            for row in rows
        ]
    )
