"""Work that is longer than a slider move: done once for everybody in one thread, while the last result stays on screen.

The queue is apart from the one of the long training runs, so that neither waits for the other.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import streamlit as st

from core.lessons import shared_params
from core.lessons.lesson import Lesson, Work
from core.lessons.lesson05 import walk_code
from core.lessons.param import Value, Values
from core.stages.queue import Phase, Status, Ticket, TrainingQueue
from core.ui import settings

WAIT = 0.12  # seconds that a run of the page waits for work before it shows the last result instead
FIRST_WAIT = 3.0  # the same where nothing has been shown yet
LOOK = 0.01
EVERY = 0.4
PATIENCE = 5.0  # seconds after which work that nobody asks for any more is dropped
SHOWN, TICKET = "_settled", "_settling"


@dataclass(frozen=True)
class Waiting:
    """Work under way, as this session sees it."""

    ticket: Ticket
    words: str
    instead: str


@st.cache_resource(show_spinner=False, max_entries=1)
def queue() -> TrainingQueue:
    """The one queue of short work of this process."""
    return TrainingQueue(max_live=1, max_kept=0, patience=PATIENCE)


def settle(lesson: Lesson, values: Values) -> tuple[Values, Waiting | None]:
    """The settings whose result can be shown now: `values`, or the last ones that were shown while `values` are worked on."""
    shown: dict[int, Values] = st.session_state.setdefault(SHOWN, {})
    work = (lesson.prepare or shared_params.prepare)(values)
    if work is None:
        st.session_state.pop(TICKET, None)
        shown[lesson.number] = values
        return values, None
    before = shown.get(lesson.number)
    ticket = _submit(work)
    if _over(ticket, WAIT if before else FIRST_WAIT):
        shown[lesson.number] = values
        return values, None
    instead = "the settings before" if before else "the usual settings"
    usual: dict[str, Value] = lesson.defaults()
    return before or usual, Waiting(ticket, work.words, instead)


def _submit(work: Work) -> Ticket:
    """This session's hold on the work; a hold on other work is given up."""
    ticket: Ticket | None = st.session_state.get(TICKET)
    if ticket is not None and (ticket.key != work.key or ticket.status().phase is Phase.STOPPED):
        ticket.stop()
        ticket = None
    if ticket is None:
        ticket = st.session_state[TICKET] = queue().submit(work.key, work.start)
    return ticket


def _over(ticket: Ticket, seconds: float) -> bool:
    """Whether the work ends (or fails: the page then says why) within so many seconds."""
    end = time.monotonic() + seconds
    while not ticket.status().over:
        if time.monotonic() >= end:
            return False
        time.sleep(LOOK)
    return ticket.status().phase is not Phase.STOPPED


def follow(waiting: Waiting) -> None:
    """How far the work is; the page is drawn anew when it is done."""
    st.fragment(_follow, run_every=EVERY)(waiting)


def _follow(waiting: Waiting) -> None:
    status = waiting.ticket.status()
    if status.over:
        st.rerun()
    share, words = _progress(status, waiting)
    st.progress(share, text=words)


def _progress(status: Status, waiting: Waiting) -> tuple[float, str]:
    if status.place is not None:
        return 0.0, f"{waiting.words}: place {status.place + 1} in the queue. Shown meanwhile: {waiting.instead}."
    done = waiting.ticket.records()
    return (done[-1] if done else 0.0), f"{waiting.words} … Shown meanwhile: {waiting.instead}."


def keep_walk(lesson: Lesson, values: Values) -> None:
    """Note where lesson 5 stands, so that the lessons behind it can start from there."""
    if lesson.number == 5:
        settings.put(shared_params.WALK.key, walk_code(values))
