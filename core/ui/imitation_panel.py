"""Lesson 2 live: SFT on as many demonstrations as one likes, as a star beside the recorded bands; or one seed of the second view."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.lessons import lesson02
from core.lessons.lesson import Lesson
from core.lessons.lesson02_params import CHOSEN, MODES
from core.lessons.param import Values
from core.lessons.text import number, percent, signed
from core.lm_records import Evaluation
from core.stages import imitation_live
from core.stages.imitation_live import Stage
from core.stages.phenomena.effect import SEEDS, Arm
from core.stages.recorded import Leg
from core.ui.live_run import LIVE_RUNS, LiveRun

TRAINED = 0.6  # share of the bar for training; the rest is answering and measuring


def imitation_live_run(lesson: Lesson, result: Any, values: Values) -> LiveRun | None:
    """The run that fits the view; the two modes are computed anyway."""
    if result.view == MODES:
        return None
    return _chosen(result) if result.view == CHOSEN else _point(result)


def _joined(result: Any) -> Any:
    return lambda records, over: lesson02.with_live(result, records if over else ())


def _seed(seed: int) -> str:
    return f"seed {seed}" + (", recorded too" if seed in SEEDS else "")


def _point(result: Any) -> LiveRun:
    config = result.wanted
    steps = imitation_live.steps_for(config.n)
    return LiveRun(
        name="l2",
        key=config.cache_key(*imitation_live.inputs()),
        start=lambda: imitation_live.point(config),
        progress=lambda records: _progress(records, steps),
        finished=lambda records: _measured(records, result),
        idle=f"Recorded. Live: SFT on {config.n} demonstrations of quality {config.quality:g} ({_seed(config.seed)}), as a star.",
        help=f"{steps} steps of SFT from the pretrained model, then 800 prompts answered and scored by gold. {LIVE_RUNS} runs train "
        "at a time; the others wait.",
        unit="step",
        joined=_joined(result),
    )


def _progress(records: list[Any], steps: int) -> tuple[float, str]:
    last = records[-1] if records else None
    if not isinstance(last, Leg):
        return 0.0, "Writing the demonstrations …"
    if last.step == steps:
        return TRAINED, "Trained. Answering the evaluation prompts …"
    return TRAINED * last.step / steps, f"Step {last.step} of {steps} · loss {number(last.loss)}"


def _measured(records: list[Any], result: Any) -> None:
    found = next(record for record in reversed(records) if isinstance(record, Evaluation))
    last = next(record for record in reversed(records) if isinstance(record, Leg))
    tries = sum(found.behaviours_held_out.get(name, 0.0) for name in lesson02.TRIES)
    st.caption(
        f"**Live**, {result.wanted.n} demonstrations of quality {result.wanted.quality:g}, {_seed(result.wanted.seed)}: held-out gold "
        f"**{signed(found.gold_held_out)}**, trained items {signed(found.gold_train_items)}; {percent(tries, 0)} of held-out "
        f"answers try; SFT loss {number(last.loss)} at the end."
    )


def _chosen(result: Any) -> LiveRun:
    config = lesson02.wanted_chosen(result)
    return LiveRun(
        name="l2c",
        key=config.cache_key(*imitation_live.inputs()),
        start=lambda: imitation_live.on_chosen(config),
        progress=_stage,
        finished=lambda records: _arms(records, config.seed),
        idle=f"Recorded. Live: the same once more with {_seed(config.seed)}, as stars.",
        help=f"SFT, sampled answers, rankings, then SFT on the best answers from either start. {LIVE_RUNS} runs train at a time.",
        joined=_joined(result),
    )


def _stage(records: list[Any]) -> tuple[float, str]:
    stages = [record for record in records if isinstance(record, Stage)]
    return (stages[-1].share, stages[-1].words) if stages else (0.0, "Beginning …")


def _arms(records: list[Any], seed: int) -> None:
    shifts = "; ".join(
        f"{arm.name}: chosen {signed(arm.values['chosen_change'])}, rejected **{signed(arm.values['rejected_change'])}** nats"
        for arm in records
        if isinstance(arm, Arm)
    )
    st.caption(f"**Live**, {_seed(seed)}: {shifts}.")
