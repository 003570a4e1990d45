"""The home page: what this is, where to begin, and the map of the path with what has been done."""

from __future__ import annotations

import streamlit as st

from core.lessons.catalogue import lesson
from core.lessons.outline import OUTLINES, PHASES, Outline, Phase, in_phase
from core.ui import components, progress, room, settings


def show() -> None:
    """Draw the home page."""
    st.html(
        '<header class="pg-lesson pg-home"><p class="pg-kicker">RLHF Playground</p>'
        "<h1>Understand reinforcement learning from human feedback by moving it</h1>"
        '<p class="pg-promise">Vote on a few answers. A reward model is fitted to your votes. Press Step, and watch PPO move the '
        "policy, with every number of the step on screen. Nothing is scripted: each curve is computed while you look.</p></header>"
    )
    _begin()
    st.caption(
        f"{progress.done()} of {len(OUTLINES)} lessons done. A lesson is done when you predicted once and answered both questions."
    )
    for phase in PHASES:
        _phase(phase)
    st.caption(
        "What is kept, and who can see it: your votes, settings and progress live in this browser tab and in its link, nowhere else. "
        "Whoever has the link sees them. The server forgets them when the tab is closed."
    )
    components.keep_link(
        "home_link", "&".join(f"{k}={v}" for k, v in {progress.KEY: progress.text(), **room.kept()}.items() if v)
    )


def _begin() -> None:
    begun = _next_open()
    with st.container(horizontal=True, key="begin"):
        if begun is not None and progress.marks():
            if st.button(f"Continue with lesson {begun.number} · {begun.short}", type="primary", key="home_continue"):
                settings.open_lesson(begun.number)
        elif st.button("Begin: vote on five pairs", type="primary", key="home_begin"):
            settings.open_lesson(6)
        if st.button("Go straight to the PPO step", key="home_ppo"):
            settings.open_lesson(8)


def _next_open() -> Outline | None:
    """The first built lesson without both marks."""
    both = progress.PREDICTED | progress.CHECKED
    return next((o for o in OUTLINES if lesson(o.number) and progress.marks().get(o.number, 0) != both), None)


def _phase(phase: Phase) -> None:
    st.markdown(f"#### {phase.number} · {phase.title}")
    entries = in_phase(phase.number)
    for column, entry in zip(st.columns(5, gap="small"), entries):
        with column:
            _card(entry)


def _card(entry: Outline) -> None:
    built = lesson(entry.number) is not None
    mark = {0: "", 1: "predicted", 2: "checked", 3: "done ✓"}[progress.marks().get(entry.number, 0)]
    with st.container(border=True, key=f"card_{entry.number}"):
        st.markdown(f"**{entry.number} · {entry.title}**")
        st.caption(f"{entry.minutes} min{' · ' + mark if mark else ''}. You will be able to {entry.promise}")
        if not built:
            st.caption("Not built yet.")
        elif st.button("Open", key=f"open_{entry.number}"):
            settings.open_lesson(entry.number)
