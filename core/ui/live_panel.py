"""Lesson 3 live: the same relay run now, through the training queue of the process, and set beside the recorded one."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.lessons.lesson import Lesson
from core.lessons.param import Values
from core.lessons.text import number, plain, signed
from core.lm_records import Evaluation
from core.stages import recorded
from core.stages.queue import Phase, Ticket, TrainingQueue
from core.stages.recorded import Leg, RelayRun, Update
from core.stages.relay import RelayConfig
from core.statistics.difference import beyond_chance, difference
from core.ui import room
from core.ui.controls import control

TICKETS = "l3_tickets"
EVERY = 0.7
LIVE_RUNS = 2
# How far each leg begins and ends on the bar, by what a whole relay takes on one core.
SHARE = {"sft": (0.05, 0.4), "reward_model": (0.4, 0.55), "ppo": (0.6, 0.95)}
LEGS = {"sft": "SFT", "reward_model": "reward model", "ppo": "PPO"}


@st.cache_resource(show_spinner=False, max_entries=1)
def training_queue() -> TrainingQueue:
    """The one queue of this process: two runs train at a time, everybody else has a place."""
    return TrainingQueue(max_live=LIVE_RUNS)


def relay_live(lesson: Lesson, result: Any, values: Values) -> None:
    """The offer to run the chosen relay now; while it runs, its progress; then its figures beside the recorded ones."""
    config: RelayConfig = result.live_config
    key = config.cache_key(result.run.weights_sha256)
    ticket = _tickets().get(key)
    running = ticket is not None and not ticket.status().over
    with st.container(horizontal=True, vertical_alignment="center", key="live"):
        seed = lesson.param("l3_seed")
        with st.container(width=170):
            control(seed, values, disabled=running or seed.key in room.hidden_controls())
        if not running:
            st.button(
                "Run it live",
                key="l3_run",
                type="primary",
                on_click=_submit,
                args=(key, config),
                help=f"The relay on screen with this seed, trained now on the server. {LIVE_RUNS} runs train at a time; the "
                "others wait.",
            )
        with st.container(width="stretch"):
            if ticket is not None:
                # Asks again and again only while the run is under way; a finished run stands still.
                st.fragment(_follow, run_every=EVERY if running else None)(ticket, config, result, running)
            else:
                st.caption("What you see is recorded. Live, the same relay is trained now, with a seed of your own.")


def _tickets() -> dict[str, Ticket]:
    return st.session_state.setdefault(TICKETS, {})


def _submit(key: str, config: RelayConfig) -> None:
    tickets = _tickets()
    for other in [k for k, ticket in tickets.items() if k != key and not ticket.status().over]:
        tickets.pop(other).stop()  # one live run a person
    tickets[key] = training_queue().submit(key, lambda: recorded.live(config))


def _follow(ticket: Ticket, config: RelayConfig, result: Any, was_running: bool) -> None:
    status = ticket.status()
    if status.over and was_running:
        st.rerun()  # once more as a whole, so that nothing asks any longer
    if status.phase is Phase.FINISHED:
        _finished(recorded.collect(config, result.run.weights_sha256, ticket.records()), result)
    elif status.phase is Phase.STOPPED:
        st.caption(f"Stopped after {status.n_records} records. “Run it live” begins anew.")
    elif status.phase is Phase.FAILED:
        st.warning(status.sentence or "The run ended early.")
    else:
        with st.container(horizontal=True, vertical_alignment="center"):
            share, words = _progress(ticket.records(), status.place)
            st.progress(share, text=words)
            st.button("Stop", key="l3_stop", on_click=ticket.stop)


def _progress(records: list[Any], place: int | None) -> tuple[float, str]:
    """How far the run is, from 0 to 1, and in words."""
    if place is not None:
        return 0.0, f"Place {place} in the queue: {LIVE_RUNS} runs train at a time."
    last = records[-1] if records else None
    if isinstance(last, Leg | Update):
        stage = "ppo" if isinstance(last, Update) else last.stage
        begin, end = SHARE[stage]
        note = f"gold {signed(last.gold)}" if isinstance(last, Update) else f"loss {number(last.loss)}"
        return begin + (end - begin) * last.step / last.steps, f"{LEGS[stage]}: {last.step} of {last.steps} · {note}"
    done = [record for record in records if isinstance(record, Evaluation)]
    if done and done[-1] is last:
        return 0.03 if len(done) == 1 else 0.42, f"“{last.name}” measured: held-out gold {signed(last.gold_held_out)}"
    return 0.01, "Handing over and measuring …"


def _finished(run: RelayRun, result: Any) -> None:
    """The live run with the recorded one in brackets, stage by stage."""
    if run.stopped:
        st.warning(run.stopped)
        return
    kept = {e.name: e for e in result.run.evaluations}
    stages = ", ".join(
        f"{e.name} **{signed(e.gold_held_out)}** ({signed(kept[e.name].gold_held_out)})" for e in run.evaluations
    )
    st.caption(
        f"**Live, seed {run.seed}** (recorded, seed {result.run.seed}), held-out gold: {stages}. {_verdict(run, result)}"
    )


def _verdict(run: RelayRun, result: Any) -> str:
    live, kept = run.evaluations[-1], result.end
    gap, half = difference(live.gold_held_out, live.gold_held_out_se, kept.gold_held_out, kept.gold_held_out_se)
    prompt, answer, gold = live.samples[result.prompt]
    apart = "apart beyond what the sampled answers explain" if beyond_chance(gap, half) else "no clear difference"
    return (
        f"At the end {signed(gap)} ± {number(half)}, {apart}. “{plain(prompt)}” → “{plain(answer or '(nothing)')}” "
        f"({signed(gold)})."
    )
