"""Lesson 7's chart and table in each of its views."""

from __future__ import annotations

import numpy as np

from core.figures.batch_reuse import Growing, batch_reuse_chart
from core.figures.chart import Chart
from core.figures.leashes import RunLine, leashes_chart
from core.figures.surrogate import Branches, surrogate_chart
from core.lessons import lesson07_words as words
from core.lessons.lesson import Table
from core.lessons.lesson07_lab import HORIZON, RUNS, UPDATES, Result
from core.lessons.shared_params import hand_made
from core.lessons.text import number, percent, plural, signed


def figures(result: Result) -> tuple[Chart, ...]:
    """The one chart of the view."""
    return ({"response": _response, "epochs": _epochs, "leashes": _leashes}[result.view](result),)


def _hand_made(result: Result) -> tuple[str, ...]:
    return hand_made(result.candidates) + (() if result.scores_from == "votes" else ("scores",))


def _response(result: Result) -> Chart:
    lab, picked = result.reuse, result.picked
    epsilon = result.config.clip_epsilon
    return surrogate_chart(
        key="l7_response",
        title="One batch on the clipped objective",
        names=result.candidates.names,
        picked=picked,
        drawn=lab.drawn.tolist(),
        advantages=lab.batch.advantages,
        fan_ratios=lab.fan.ratios[0],
        fan=lab.fan.smaller,
        branches=Branches(
            ratios=lab.fan.ratios[picked],
            unclipped=lab.fan.unclipped[picked],
            clipped=lab.fan.clipped[picked],
            smaller=lab.fan.smaller[picked],
            flat=lab.flat(picked),
        ),
        points=list(zip(lab.points.ratios, lab.points.smaller)),
        reach=lab.heights,
        edges=(1 - epsilon, 1 + epsilon),
        step=result.step,
        horizon=HORIZON,
        text=words.chart_text(result),
        illustrations=_hand_made(result),
    )


def _epochs(result: Result) -> Chart:
    lab = result.reuse
    ppo_reward, plain_reward = lab.rewards
    return batch_reuse_chart(
        key="l7_epochs_chart",
        title="One batch, used again and again",
        names=result.candidates.names,
        picked=result.picked,
        old_probs=np.exp(lab.batch.old_logps),
        ppo_probs=np.exp(lab.ppo_logps),
        plain_probs=np.exp(lab.plain_logps),
        panels=(
            Growing("KL to the old policy, nats", lab.ppo_kl, lab.plain_kl),
            Growing("mean reward", ppo_reward, plain_reward),
        ),
        step=result.step,
        text=words.chart_text(result),
        illustrations=_hand_made(result),
    )


def _leashes(result: Result) -> Chart:
    return leashes_chart(
        key="l7_leashes",
        title="Four runs, and two distances",
        runs=[
            RunLine(words.RUN_NAMES[leash.run], leash.has_clip, leash.has_kl, leash.kl_to_old, leash.kl_to_ref)
            for leash in result.leashes
        ],
        chosen=RUNS.index(result.run),
        optimum_kl=result.optimum_kl,
        step=result.step,
        horizon=UPDATES,
        text=words.chart_text(result),
        illustrations=_hand_made(result),
    )


def table(result: Result) -> Table:
    """One row a response: its place on the objective, or what each of the four runs made of it."""
    return _run_table(result) if result.view == "leashes" else _batch_table(result)


def _batch_table(result: Result) -> Table:
    lab, k = result.reuse, result.step
    exact = result.config.batch_size == 0
    plain_ratios = np.exp(lab.plain_logps[k] - np.asarray(lab.batch.old_logps))
    rows = []
    for i, name in enumerate(result.candidates.names):
        weight = lab.batch.weights[i]
        rho = number(lab.points.ratios[k, i])
        drawn = percent(weight, 0) if exact else f"{weight:.0f}×"
        held = "✂" if lab.clipped[k, i] else "" if lab.drawn[i] else "·"
        last = f"{words.branch(result, i)} {held}".strip() if result.view == "response" else number(plain_ratios[i])
        signs = () if result.view == "response" else (held,)
        rows.append((name, drawn, signed(lab.batch.advantages[i]), rho, last, *signs))
    columns = ("ρ", "smaller") if result.view == "response" else ("ρ PPO", "ρ plain", "")
    return Table(
        columns=("response", "weight" if exact else "drawn", "A", *columns),
        rows=tuple(rows),
        lit=result.picked,
        accent=3,
        notes="✂ the clip took its gradient away"
        + ("" if lab.drawn.all() else " · not drawn: only the others move it"),
    )


def _run_table(result: Result) -> Table:
    probs = [leash.probs(result.step) for leash in result.leashes]
    start = np.exp(result.config.ref_logps)
    return Table(
        columns=("response", "ref.", *(words.RUN_SHORT[run] for run in RUNS)),
        rows=tuple(
            (name, percent(start[i], 0), *(percent(run[i], 0) for run in probs))
            for i, name in enumerate(result.candidates.names)
        ),
        lit=result.picked,
        accent=2 + RUNS.index(result.run),
        notes=f"Probabilities after {plural(result.step, 'update')}. “none” has neither leash.",
    )
