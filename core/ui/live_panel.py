"""Lesson 3 live: the same relay run now, through the training queue of the process, and set beside the recorded one."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.lessons.lesson import Lesson
from core.lessons.param import Values
from core.lessons.text import number, plain, signed
from core.lm_records import Evaluation
from core.stages import recorded
from core.stages.recorded import Leg, RelayRun, Update
from core.stages.relay import RelayConfig
from core.statistics.difference import beyond_chance, difference
from core.ui import live_run, room
from core.ui.controls import control
from core.ui.live_run import LIVE_RUNS, LiveRun

# How far each leg begins and ends on the bar, by what a whole relay takes on one core.
SHARE = {"sft": (0.05, 0.4), "reward_model": (0.4, 0.55), "ppo": (0.6, 0.95)}
LEGS = {"sft": "SFT", "reward_model": "reward model", "ppo": "PPO"}


def relay_live(lesson: Lesson, result: Any, values: Values) -> None:
    """The offer to run the chosen relay now; while it runs, its progress; then its figures beside the recorded ones."""
    config: RelayConfig = result.live_config
    sha256 = result.run.weights_sha256

    def seed(running: bool) -> None:
        param = lesson.param("l3_seed")
        with st.container(width=200):
            control(param, values, disabled=param.key in room.hidden_controls())

    with st.container(key="live"):
        live_run.strip(
            LiveRun(
                name="l3",
                key=config.cache_key(sha256),
                start=lambda: recorded.live(config),
                progress=_progress,
                finished=lambda records: _finished(recorded.collect(config, sha256, records), result),
                idle="What you see is recorded. Live, the same relay is trained now, with a seed of your own.",
                help=f"The relay on screen with this seed, trained now on the server. {LIVE_RUNS} runs train at a time; "
                "the others wait.",
            ),
            seed,
        )


def _progress(records: list[Any]) -> tuple[float, str]:
    """How far the run is, from 0 to 1, and in words."""
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
