"""What lesson 8's live lens draws: the answers word by word with the run's curves, the KL estimators, the two tables."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from core.figures.chart import Chart
from core.figures.lines import Line, lines
from core.figures.step_lines import Line as StepLine
from core.figures.token_heat import HeatAnswer, Scale, token_heat
from core.lessons import lesson08_lens as lens
from core.lessons import lesson08_lens_params as params
from core.lessons import lesson08_lens_words as words
from core.lessons.lesson import Table
from core.lessons.lesson08_lens_formulas import shown_word
from core.lessons.text import number, percent, signed

if TYPE_CHECKING:
    from core.lessons.lesson08_lens import LensResult
    from core.stages.lens import LensAnswer, LensStep
    from core.stages.lens_recorded import LensRun

ROWS = 6  # words in the table at a time
EMPTY = HeatAnswer("", (), (), ())


def figures(result: LensResult) -> tuple[Chart, ...]:
    """The one chart of the chosen view."""
    return (_estimators(result) if result.view == "kl" else _words(result),)


def _words(result: LensResult) -> Chart:
    epsilon = result.config.ppo.clip_epsilon
    scale = {
        "ratio": Scale(f"ratio ρ, epoch {result.epoch}", 1.0, max(2 * epsilon, 0.02)),
        "advantage": Scale("advantage A", 0.0, _reach(result.run, "advantage")),
        "kl": Scale("k1 to the reference, nats", 0.0, _reach(result.run, "kl")),
    }[result.heat]
    return token_heat(
        key="l8_words",
        title=_title(result),
        steps=[_answers(result, step) for step in range(result.run.last + 1)],
        scale=scale,
        panels=_panels(result.run),
        step=result.step,
        horizon=result.horizon,
        picked=(result.number, result.word),
        slots=params.TOKENS,
        badge=result.source,
        text=words.chart_text(result),
        spoken=_spoken(result),
    )


def _title(result: LensResult) -> str:
    size = result.config.ppo.batch_size
    return f"Four of {size} answers, best to worst" if size > 4 else f"All {size} answers, best to worst"


def _answers(result: LensResult, step: int) -> list[HeatAnswer]:
    """The answers of one update; at step 0 those of the first."""
    if not result.run.last:
        return [EMPTY]
    found = []
    for row, answer in enumerate(result.run.steps[max(step, 1)].answers):
        held = (0.0,) * len(answer.words)
        if result.heat == "ratio" and step:
            held = lens.surrogate(answer, result.epoch, result.config.ppo.clip_epsilon)["held"]
        found.append(
            HeatAnswer(
                head=f"{row + 1} · {answer.prompt}  score {signed(answer.score)} · gold {signed(answer.gold, 1)}",
                words=tuple(map(shown_word, answer.words)),
                values=words.word_values(result, answer, step),
                marked=tuple(h > 0 for h in held),
            )
        )
    return found


@lru_cache(maxsize=16)
def _reach(run: LensRun, heat: str) -> float:
    """How far from 0 the colour is full: the size that nine in ten words of the run stay below."""
    values = [
        value
        for step in run.steps
        for answer in step.answers
        for value in (answer.advantages if heat == "advantage" else np.subtract(answer.logps, answer.ref_logps))
    ]
    return max(float(f"{np.quantile(np.abs(values), 0.9):.1g}"), 0.05) if values else 1.0


@lru_cache(maxsize=16)
def _panels(run: LensRun) -> tuple[tuple[StepLine, ...], ...]:
    steps = (run.steps[min(1, run.last)], *run.steps[1:])

    def of(label: str, name: str, role: str) -> StepLine:
        return StepLine(label, tuple(getattr(step, name) for step in steps), role)

    clip = StepLine("clip fraction", (0.0, *(step.clip_fraction for step in run.steps[1:])), "old")
    return (
        (of("proxy", "proxy", "proxy"), of("gold", "gold", "gold")),
        (of("KL, nats", "kl_exact", "reference"),),
        (clip,),
    )


def _spoken(result: LensResult) -> tuple[tuple[tuple[str, str], ...], ...]:
    """The followed prompt's answer before and after every update."""
    found = []
    for step in range(result.run.last + 1):
        before, after = result.said(max(step - 1, 0)), result.said(step)
        found.append(
            (
                (f"“{result.prompt}” before:", f"{before.text or '(nothing)'} ({percent(math.exp(before.logp))})"),
                (f"after update {step}:", f"{after.text or '(nothing)'} ({percent(math.exp(after.logp))})"),
            )
        )
    return tuple(found)


def _estimators(result: LensResult) -> Chart:
    steps = result.run.steps[1:] or result.run.steps
    at = tuple(float(step.step) for step in steps)

    def of(label: str, name: str, role: str) -> Line:
        return Line(label, at, tuple(getattr(step, name) for step in steps), role)

    return lines(
        key="l8_lm_estimators",
        title="KL to the reference per answer, mean of the batch",
        series=(
            of("exact", "kl_exact", "reference"),
            of("k1", "k1", "new"),
            of("k2", "k2", "proxy"),
            of("k3", "k3", "chosen"),
        ),
        x_title="update",
        y_title="nats an answer",
        text=words.estimator_text(result),
        height=328,
        badge=result.source,
        cursor=(result.step, result.run.last, result.horizon),
    )


def table(result: LensResult) -> Table | None:
    """The picked answer's words around the picked one; in the KL view, the estimates of each answer shown."""
    update = result.update
    if update is None:
        return None
    return (
        _kl_table(result, update) if result.view == "kl" else _word_table(result, update, update.answers[result.number])
    )


def _word_table(result: LensResult, update: LensStep, answer: LensAnswer) -> Table:
    n = len(answer.words)
    first = min(max(result.word - ROWS // 2, 0), max(n - ROWS, 0))
    places = range(first, min(first + ROWS, n))
    picks = [result.number * params.TOKENS + i for i in places]
    estimates = lens.token_estimates(answer)
    held = result.surrogate.get("held", (0.0,) * n)
    rows = []
    for i in places:
        old, name = percent(math.exp(answer.logps[i])), f"{i + 1} {shown_word(answer.words[i])}"
        if result.heat == "kl":
            ref, now = (f"{100 * math.exp(logps[i]):.1f}" for logps in (answer.ref_logps, answer.logps))
            rows.append((name, ref, now, *(signed(k, 3).removeprefix("+") for k in estimates[i])))
            continue
        after, rho = (percent(math.exp(answer.after[i])), number(result.ratios[i])) if result.step else ("–", "–")
        rows.append((name, old, after, signed(answer.advantages[i]), rho, "✂" if held[i] else ""))
    count = len(update.answers)
    if count > 1:  # so that a keyboard reaches the other answers too
        other = (result.number + 1) % count
        rows.append((f"→ answer {other + 1}", *([""] * (len(rows[0]) - 1))))
        picks.append(other * params.TOKENS)
    span = (
        f"Words {first + 1}–{places[-1] + 1} of {n} of answer {result.number + 1}."
        if n > ROWS
        else f"Answer {result.number + 1}."
    )
    kl = result.heat == "kl"
    return Table(
        columns=("word", "ref. %", "π %", "k1", "k2", "k3", "exact")
        if kl
        else ("word", "old", "new", "A", "ρ", "clip"),
        rows=tuple(rows),
        lit=result.word - first,
        accent={"ratio": 4, "advantage": 3, "kl": 3}[result.heat],
        notes=span if kl else f"{span} ✂ the clip took its gradient away",
        badge=result.source,
        picks=tuple(picks),
    )


def _kl_table(result: LensResult, update: LensStep) -> Table:
    rows = [(f"answer {row + 1}", *(number(value, 3) for value in sums)) for row, sums in enumerate(result.sums)]
    batch = (update.k1, update.k2, update.k3, update.kl_exact)
    rows.append((f"mean of {result.config.ppo.batch_size}", *(number(value, 3) for value in batch)))
    words_of = [answer.words for answer in update.answers]
    # The word with the lowest k1 of each answer is the one to look at.
    lowest = [int(np.argmin([k[0] for k in lens.token_estimates(answer)])) for answer in update.answers]
    picks = [row * params.TOKENS + place for row, place in enumerate(lowest)]
    return Table(
        columns=("nats", "k1", "k2", "k3", "exact"),
        rows=tuple(rows),
        lit=result.number,
        accent=1,
        notes=f"Sums over {', '.join(str(len(found)) for found in words_of)} words. A row puts its word of lowest k1 into the formula.",
        badge=result.source,
        picks=(*picks, result.number * params.TOKENS + result.word),
    )
