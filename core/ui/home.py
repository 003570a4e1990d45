"""The home page: something that moves at once, where to begin, the five questions, and the map of the path."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from core.lessons import home_stages, home_votes_views, home_votes_words
from core.lessons.catalogue import lesson
from core.lessons.outline import OUTLINES, PHASES, Outline, Phase, in_phase
from core.lessons.questions import QUESTIONS, AskedByAll
from core.lessons.shared_params import SHARED, recordings
from core.stages import my_votes_recorded
from core.ui import components, home_votes, progress, room, settings

HERO = {"l8_mode": "exact", "l8_sub": "7", "l8_ahead": 32}
MARKS = {0: "", progress.PREDICTED: "predicted", progress.CHECKED: "checked", 3: "done ✓"}


def show() -> None:
    """Draw the home page."""
    words, moving = st.columns([1, 1.45], gap="large")
    with words:
        st.html(
            '<header class="pg-lesson pg-home"><p class="pg-kicker">RLHF Playground</p>'
            "<h1>Understand reinforcement learning from human feedback by moving it</h1>"
            '<p class="pg-promise">Vote on five pairs of answers. A reward model is fitted to your votes, PPO trains a small language '
            "model on it, and you see its words change. Nothing is scripted: each curve is computed, live or in a recorded run that "
            "says so."
            "</p></header>"
        )
        _begin()
        _in_plain_words()
    with moving, st.container(key="hero"):
        _hero()
    home_votes.loop({progress.KEY: progress.text(), **room.kept()})
    _path()
    _questions()
    st.caption(
        "What is kept, and who can see it: your votes, settings and progress live in this browser tab and in its link. "
        "Whoever has the link sees them. The server forgets a session ten minutes after its tab is closed."
    )


def _path() -> None:
    """The map of the lessons, with how far the learner has come and the way on."""
    with st.container(key="path"):
        st.markdown("## The path")
        with st.container(horizontal=True, vertical_alignment="center"):
            following = _next_open()
            if following is not None and progress.marks():
                _continue(following, "path_continue")
            st.caption(
                f"{progress.done()} of {len(OUTLINES)} lessons done. A lesson is done when you have predicted once and answered "
                "both of its questions."
            )
        for phase in PHASES:
            _phase(phase)


def _shared() -> dict[str, Any]:
    """What the learner carries from lesson to lesson, as far as this session has it."""
    kept = st.session_state.get(settings.KEPT, {})
    return {param.key: kept.get(param.key, param.default) for param in SHARED}


def _hero() -> None:
    """A recorded PPO run of the tiny language model, which plays by itself once; without it one of the whiteboard."""
    recording = my_votes_recorded.load()
    run = recording.run("model") if recording else None
    if run is None:
        _whiteboard_hero()
        return
    chart = home_votes_views.run_chart(
        run,
        key="home_hero",
        title="PPO on a tiny language model, step by step",
        badge="recorded",
        prompts=3,
        autoplay=True,
    )
    components.chart(chart, token=0, ended=True, report=None)
    st.caption(
        f"{home_votes_words.hero(run)} {home_votes_words.how_made(run)} "
        "Its reward model learnt from comparisons by simulated labellers (lessons 4 and 6). "
        f"Made again by `{my_votes_recorded.AGAIN}`."
    )


def _in_plain_words() -> None:
    """What the run that plays beside it is: the three stages, one line each."""
    recording = my_votes_recorded.load()
    run = recording.run("model") if recording else None
    if recording is None or run is None:
        return
    with st.container(key="in_words"):
        for number, stage in enumerate(home_stages.playing(recording, run), 1):
            st.markdown(f"**{number} · {stage.name} {stage.does}.** {stage.sentences}")


def _whiteboard_hero() -> None:
    shown = lesson(8)
    assert shown is not None
    result = shown.result({**shown.defaults(), **_shared(), **HERO})
    chart = shown.figures(result)[0]
    chart = replace(
        chart,
        key="home_hero",
        autoplay=True,
        horizon=len(chart.frames) - 1,
        pick_trace=None,
        height=400,
        recordings=recordings(result),
    )
    components.chart(chart, token=0, ended=True, report=None)


def _begin() -> None:
    following = _next_open()
    with st.container(horizontal=True, key="begin"):
        if following is not None and progress.marks():
            _continue(following, "home_continue")
        elif following is not None and st.button(
            f"Begin with lesson {following.number} · {following.short}", type="primary", key="home_begin"
        ):
            settings.open_lesson(following.number)
        if st.button("Go straight to the PPO step", key="home_ppo"):
            settings.open_lesson(8)
    st.markdown(
        "[Vote on five pairs, below](#your-votes-your-reward-your-policy). What plays on this page shows what votes are for:"
    )


def _continue(following: Outline, key: str) -> None:
    if st.button(f"Continue with lesson {following.number} · {following.short}", type="primary", key=key):
        settings.open_lesson(following.number)


def _next_open() -> Outline | None:
    """The first built lesson without both marks."""
    both = progress.PREDICTED | progress.CHECKED
    return next((o for o in OUTLINES if lesson(o.number) and progress.marks().get(o.number, 0) != both), None)


@st.fragment
def _questions() -> None:
    """Five questions; the chosen one shows its answer, a figure from a lesson's lab, and the way into that lesson."""
    with st.container(key="questions"):
        st.markdown("## Questions that everybody asks")
        by_key = {question.key: question for question in QUESTIONS}
        chosen = st.pills(
            "Question",
            options=list(by_key),
            format_func=lambda key: by_key[key].question,
            key="home_question",
            label_visibility="collapsed",
        )
        if chosen:
            _answer(by_key[chosen])


def _answer(asked: AskedByAll) -> None:
    words, picture = st.columns([1, 1.25], gap="large")
    shared = _shared()
    chart, says = asked.chart(shared)
    with words:
        st.markdown(asked.answer)
        st.caption("Sources: " + " · ".join(f"[{source.text}]({source.url})" for source in asked.sources))
        st.markdown(f"**In the figure.** {' '.join(says)}")
        if st.button(f"Open lesson {asked.lesson} in this state", key=f"open_question_{asked.key}"):
            settings.later(asked.values(shared))
            settings.open_lesson(asked.lesson)
    with picture:
        frozen = replace(chart, key=f"home_{asked.key}", pick_trace=None, horizon=max(len(chart.frames) - 1, 0))
        components.chart(frozen, token=0, ended=True, report=None)


def _phase(phase: Phase) -> None:
    st.markdown(f"## {phase.number} · {phase.title}")
    for column, entry in zip(st.columns(5, gap="small"), in_phase(phase.number)):
        with column:
            _card(entry)


def _card(entry: Outline) -> None:
    mark = MARKS[progress.marks().get(entry.number, 0)]
    with st.container(border=True, key=f"card_{entry.number}"):
        st.markdown(f"**{entry.number} · {entry.title}**")
        st.caption(f"{entry.minutes} min{' · ' + mark if mark else ''}. You will be able to {entry.promise}")
        if lesson(entry.number) is None:
            st.caption("Not built yet.")
        elif st.button("Open", key=f"open_{entry.number}"):
            settings.open_lesson(entry.number)
