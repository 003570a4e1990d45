"""Lesson 8's live lens on the page: PPO on the tiny LM trained now, drawn while it trains, in the place of the recorded run."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.lessons import lesson08_lens as lens
from core.lessons.lesson import Lesson
from core.lessons.lesson08_lens_params import LENS, MODEL, SEED, STEP
from core.lessons.lesson08_lens_words import ENDS
from core.lessons.param import Values
from core.lessons.text import plain, signed
from core.stages import lens as stage
from core.stages.lens import LensStep
from core.ui import room, settings
from core.ui.controls import control
from core.ui.live_run import LIVE_RUNS, LiveRun

REDRAW = 4  # updates between two drawings of the page
DRAWN = "_l8_lens_drawn"


def lens_live(lesson: Lesson, result: Any, values: Values) -> LiveRun | None:
    """The run of the tiny LM with the settings on the page; None on the whiteboard."""
    if values[LENS.key] != MODEL:
        return None
    config = result.wanted
    key = config.cache_key(*result.run.inputs)

    def seed(running: bool) -> None:
        with st.container(width=110):
            control(lesson.param(SEED.key), values, disabled=SEED.key in room.hidden_controls())

    def joined(records: list[Any], over: bool) -> Any:
        return lens.with_live(result, records, _step(key, records), over)

    return LiveRun(
        name="l8",
        key=key,
        start=lambda: stage.live(config),
        progress=lambda records: _progress(records, config.ppo.steps),
        finished=_finished,
        idle=_idle(result),
        help=f"PPO on the tiny LM with these settings, trained now on the server. {LIVE_RUNS} runs train at a time; the others wait.",
        unit="update",
        uncounted=1,  # the first record is the model before any update
        redraw=REDRAW,
        before=seed,
        joined=joined,
    )


def _idle(result: Any) -> str:
    if not result.differs:
        return f"Recorded with these settings. Live: {result.wanted.ppo.steps} updates, trained now."
    return f"Recorded with {plain('; '.join(result.differs))}. “Run it live” trains with your settings."


def _step(key: str, records: list[Any]) -> int:
    """The step to show: the newest while the learner follows the run, else where the learner stands."""
    newest = sum(isinstance(record, LensStep) for record in records) - 1
    run, drawn = st.session_state.get(DRAWN, ("", 0))
    now = int(st.session_state[STEP.key])
    if newest > drawn or run != key:
        st.session_state[DRAWN] = (key, newest)
        if run != key or now >= drawn:
            settings.set_step(STEP.key, max(newest, 0))
            return max(newest, 0)
    return now


def _progress(records: list[Any], steps: int) -> tuple[float, str]:
    done = [record for record in records if isinstance(record, LensStep)]
    if len(done) < 2:
        return 0.0, "The first answers are being written …"
    last = done[-1]
    return last.step / steps, f"{last.step} of {steps} updates · score {signed(last.proxy)} · gold {signed(last.gold)}"


def _finished(records: list[Any]) -> None:
    done = [record for record in records if isinstance(record, LensStep)]
    if len(done) < len(records):
        st.warning(records[-1].sentence)
    elif len(done) > 1:
        n = min(ENDS, len(done) // 2)
        first, last = done[1 : n + 1], done[-n:]

        def mean(steps: list[LensStep], name: str) -> str:
            return signed(sum(getattr(step, name) for step in steps) / n)

        st.caption(
            f"**Live**, first {n} and last {n} of {done[-1].step} updates: score {mean(first, 'proxy')} → {mean(last, 'proxy')}, "
            f"gold {mean(first, 'gold')} → {mean(last, 'gold')}."
        )
