"""What lesson 8 draws: the policy with its sub-steps, the KL estimators, and the table of responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.figures.chart import Chart
from core.figures.lines import Line, lines
from core.figures.policy_lab import History, Quantity, policy_lab
from core.lessons import lesson08_formulas as formulas
from core.lessons import lesson08_words as words
from core.lessons.lesson import Table
from core.lessons.lesson08_params import HORIZON
from core.lessons.shared_params import hand_made
from core.lessons.text import number, percent, signed

if TYPE_CHECKING:
    from core.lessons.lesson08 import Result
    from core.records import PolicyStats, PolicyStep


SCORES_FROM = {
    "votes": "Scores: the reward model of your votes (lesson 6).",
    "hand": "Scores: your sliders.",
    "no votes": "No votes yet, so the scores are set by hand.",
}


def figures(result: Result) -> tuple[Chart, ...]:
    """The one chart of the chosen view."""
    return (_estimators(result),) if result.view == "kl" else (_policy(result),)


def quantity(result: Result) -> Quantity:
    """The number per response that the chosen sub-step computes, at every step of the run so far."""
    config, count = result.config, len(result.config.scores)
    exact = config.batch_size == 0
    of_step = {
        1: lambda s: tuple(100 * w for w in s.weights) if exact else s.weights,
        2: lambda s: s.scores,
        3: lambda s: tuple(-s.kl_coef * k for k in s.kl),
        4: lambda s: s.advantages,
        5: lambda s: s.epochs[result.epoch - 1].ratios,
        6: lambda s: s.epochs[result.epoch - 1].logit_steps,
        7: lambda s: tuple(100 * (np.exp(s.logps) - np.exp(s.old_logps))),
    }[result.sub]
    zero = 1.0 if result.sub == 5 else 0.0
    nought = config.scores if result.sub == 2 else (zero,) * count
    epsilon = config.clip_epsilon
    return Quantity(
        title=formulas.quantity_title(result.sub, result.epoch, exact=exact),
        values=(nought, *(tuple(of_step(step)) for step in result.steps)),
        zero=zero,
        band=(1 - epsilon, 1 + epsilon) if result.sub == 5 else None,
        signed=result.sub != 1,
    )


def _policy(result: Result) -> Chart:
    probs = [result.probs(step) for step in range(len(result.steps) + 1)]
    pinned = result.pinned
    pinned_probs: list[tuple[float, ...]] = []
    if pinned:
        rows = [tuple(np.exp(step.logps)) for step in pinned.steps]
        # A pinned run that ended early stands still at its last step.
        rows += [rows[-1]] * (len(result.steps) - len(rows)) if rows else []
        pinned_probs = [probs[0], *rows]
    return policy_lab(
        key="l8_chart",
        title=f"“{result.candidates.prompt}”",
        names=result.candidates.names,
        ref_probs=probs[0],
        old_probs=[probs[0], *probs[:-1]],
        new_probs=probs,
        optimum_probs=[result.optimum_at(step) for step in range(len(probs))]
        if result.config.kl_target
        else [result.optimum_probs] * len(probs),
        quantity=quantity(result),
        history=_history(result),
        step=result.step,
        horizon=HORIZON,
        picked=result.picked,
        text=words.chart_text(result),
        illustrations=(*hand_made(result.candidates), *(() if result.scores_from == "votes" else ("scores",))),
        pinned_probs=pinned_probs,
    )


def _history(result: Result) -> tuple[History, ...]:
    def of(title: str, read: str, role: str = "new") -> History:
        def values(first: PolicyStats, steps: tuple[PolicyStep, ...]) -> tuple[float, ...]:
            return tuple(getattr(stats, read) for stats in (first, *(step.stats for step in steps)))

        pinned = values(result.pinned.first, result.pinned.steps) if result.pinned else ()
        return History(title, values(result.first, result.steps), role, pinned)

    def clipped(steps: tuple[PolicyStep, ...]) -> tuple[float, ...]:
        return (0.0, *(step.clip_fraction for step in steps))

    return (
        of("mean reward", "expected_reward"),
        of("KL to ref.", "kl", "reference"),
        of("entropy", "entropy"),
        History("clip frac.", clipped(result.steps), pinned=clipped(result.pinned.steps) if result.pinned else ()),
        of("TV to π*", "tv_to_optimum", "optimum"),
    )


def _estimators(result: Result) -> Chart:
    at = tuple(float(step.index) for step in result.steps)
    return lines(
        key="l8_estimators",
        title="KL to the reference, estimated",
        series=(
            Line("exact", at, tuple(s.exact_kl_old for s in result.steps), "reference"),
            Line("k1", at, tuple(s.k1 for s in result.steps), "new"),
            Line("k2", at, tuple(s.k2 for s in result.steps), "proxy"),
            Line("k3", at, tuple(s.k3 for s in result.steps), "chosen"),
        ),
        x_title="update",
        y_title="nats",
        text=words.estimator_text(result),
        height=432,
        cursor=(result.step, len(result.steps), HORIZON),
    )


def table(result: Result) -> Table:
    """One row a response: what the update did with it."""
    record = result.now
    exact = result.config.batch_size == 0
    rows = []
    for i, name in enumerate(result.candidates.names):
        if record is None:
            rows.append((name, signed(result.config.scores[i]), "–", "–", "–", ""))
            continue
        epoch = record.epochs[result.epoch - 1]
        drawn = percent(record.weights[i], 0) if exact else f"{record.weights[i]:.0f}×"
        mark = "·" if record.weights[i] == 0 else "✂" if epoch.clip_won[i] else ""
        rows.append(
            (name, signed(record.scores[i]), drawn, signed(record.advantages[i]), number(epoch.ratios[i]), mark)
        )
    clip = "✂ the clip took its gradient away"
    return Table(
        columns=("response", "score r", "weight" if exact else "drawn", "A", "ρ", "clip"),
        rows=tuple(rows),
        lit=result.picked,
        accent={1: 2, 2: 1, 3: 3, 4: 3, 5: 4, 6: 4, 7: None}[result.sub],
        notes=f"{SCORES_FROM[result.scores_from]} Start: {result.candidates.origin}. "
        f"{clip if exact else f'{clip} · not drawn: it moves only because others do'}",
    )
