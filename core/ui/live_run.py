"""A live run on any page: the button that asks for it, its place in the queue, its progress, Stop, and what it gave.

The queue belongs to the process. One person has one live run: asking for another stops the first, and a control that is
moved while a run is under way stops it and asks for the run of the new settings, so that no mixture is ever on screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.lessons.lesson import Lesson
from core.lessons.param import Values
from core.lessons.text import plural
from core.stages.queue import Phase, Status, Ticket, TrainingQueue

TICKETS = "_live_runs"
EVERY = 0.7  # seconds between two looks at a run under way
LIVE_RUNS = 2


@dataclass(frozen=True)
class LiveRun:
    """What a page offers to run now.

    Attributes:
        name: prefix of the widgets' keys (`<name>_run`, `<name>_stop`); a page has one live run under each name.
        key: names the run and everything that it depends on (settings, weights); equal keys share one run.
        start: makes the generator of its records. Called in a thread of its own: it must not touch the session.
        progress: the records so far -> how far it is (0 to 1), and in words.
        finished: draws what the finished run gave, from its records.
        idle: the sentence where nobody has asked for this run.
        label, help: of the button.
        unit: what one record is called when a run was stopped; the first `uncounted` of them are none of it.
        redraw: draw the whole page anew whenever so many records have come; 0 only at the end.
        before: draws controls to the left of the button; told whether the run is under way.
        joined: (records so far, whether no more will come) -> what the page shows then instead of its recorded result;
            None where a live run is only reported in the strip.
    """

    name: str
    key: str
    start: Callable[[], Iterator[Any]]
    progress: Callable[[list[Any]], tuple[float, str]]
    finished: Callable[[list[Any]], None]
    idle: str
    label: str = "Run it live"
    help: str = ""
    unit: str = "record"
    uncounted: int = 0
    redraw: int = 0
    before: Callable[[bool], None] | None = None
    joined: Callable[[list[Any], bool], Any] | None = None


Offer = Callable[[Lesson, Any, Values], LiveRun | None]
"""What a lesson offers to run in the state shown; None: nothing."""


@st.cache_resource(show_spinner=False, max_entries=1)
def training_queue() -> TrainingQueue:
    """The one queue of this process: two runs train at a time, everybody else has a place."""
    return TrainingQueue(max_live=LIVE_RUNS)


def strip(run: LiveRun, before: Callable[[bool], None] | None = None) -> None:
    """Draw the offer, or how the run stands. `before(running)` draws controls to the left of the button."""
    before = before or run.before
    _follow_settings(run)
    ticket = held(run.name, run.key)
    status = ticket.status() if ticket else None
    running = status is not None and not status.over
    with st.container(horizontal=True, vertical_alignment="center", key=f"{run.name}_live"):
        if before:
            before(running)
        if not running:
            st.button(
                run.label,
                key=f"{run.name}_run",
                type="primary",
                on_click=submit,
                args=(run,),
                help=run.help or None,
            )
        if ticket is not None and not running and run.joined:
            st.button("Recorded run", key=f"{run.name}_back", on_click=_drop, args=(run.name,))
        with st.container(width="stretch"):
            if ticket is None or status is None:
                st.caption(run.idle)
            else:
                # Asks again and again only while the run is under way; a finished run stands still.
                follow = st.fragment(_follow, run_every=EVERY if running else None)
                follow(run, ticket, running, status.n_records)


def held(name: str, key: str) -> Ticket | None:
    """This session's hold on the run with that key, if it has asked for it and for no other since."""
    ticket = _tickets().get(name)
    return ticket if ticket is not None and ticket.key == key else None


def submit(run: LiveRun) -> None:
    """Ask for a run; whatever else this person has under way stops."""
    tickets = _tickets()
    for name, ticket in list(tickets.items()):
        if not ticket.status().over:
            ticket.stop()
        if name == run.name:
            del tickets[name]
    tickets[run.name] = training_queue().submit(run.key, run.start)


def joined(run: LiveRun, result: Any) -> Any:
    """The page's result with the live run in the place of the recorded one, as soon as it has a record."""
    _follow_settings(run)
    ticket = held(run.name, run.key)
    if ticket is None or run.joined is None:
        return result
    over, records = ticket.status().over, ticket.records()
    return run.joined(records, over) if records else result


def _drop(name: str) -> None:
    _tickets().pop(name, None)


def _tickets() -> dict[str, Ticket]:
    """One ticket a name: the latest run that was asked for."""
    return st.session_state.setdefault(TICKETS, {})


def _follow_settings(run: LiveRun) -> None:
    """Replace a run under way whose settings are no longer those on screen."""
    ticket = _tickets().get(run.name)
    if ticket is not None and ticket.key != run.key and not ticket.status().over:
        submit(run)


def _follow(run: LiveRun, ticket: Ticket, was_running: bool, drawn: int) -> None:
    status = ticket.status()
    if was_running and (status.over or (run.redraw and status.n_records - drawn >= run.redraw)):
        st.rerun()  # once more as a whole: nothing asks any longer, or there is more to draw
    _show(run, ticket, status)


def _show(run: LiveRun, ticket: Ticket, status: Status) -> None:
    if status.phase is Phase.FINISHED:
        run.finished(ticket.records())
    elif status.phase is Phase.STOPPED:
        st.caption(
            f"Stopped after {plural(max(status.n_records - run.uncounted, 0), run.unit)}. “{run.label}” begins anew."
        )
    elif status.phase is Phase.FAILED:
        st.warning(status.sentence or "The run ended early.")
    else:
        with st.container(horizontal=True, vertical_alignment="center"):
            if status.place is not None:
                share, words = 0.0, f"Place {status.place} in the queue: {LIVE_RUNS} runs train at a time."
            else:
                share, words = run.progress(ticket.records())
            st.progress(min(max(share, 0.0), 1.0), text=words)
            st.button("Stop", key=f"{run.name}_stop", on_click=ticket.stop)
