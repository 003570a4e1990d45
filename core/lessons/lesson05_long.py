"""Lesson 5's longer walk: validation loss and quality over many rounds on the same demonstrations, recorded with several seeds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.figures.chart import Chart
from core.figures.lines import Line, lines
from core.lessons.lesson import Formula, Prediction, Table
from core.lessons.text import number, percent, plural, tex
from core.stages.long_walk import AT, N_VALIDATION

if TYPE_CHECKING:
    import numpy as np

    from core.lessons.lesson05_result import LongWalk

NEARLY = 0.02  # losses or mean golds that differ by less are called about equal


def chart(long: LongWalk) -> Chart:
    """Three curves over the steps, with the range of the seeds, and the two checkpoints that loss and gold would choose."""
    kept = long.kept
    steps = tuple(float(step) for step in AT)

    def line(name: str, values: np.ndarray, role: str, first: int = 0) -> Line:
        low, high = long.band(values[:, first:])
        mean = values[:, first:].mean(axis=0)
        return Line(name, steps[first:], tuple(mean), role, tuple(low), tuple(high), markers=True)

    marks = (
        [(steps[long.lowest], "lowest loss, best gold")]
        if long.lowest == long.highest
        else sorted([(steps[long.lowest], "lowest loss"), (steps[long.highest], "best gold")])
    )
    return lines(
        key="l5_long",
        title="Loss and quality over a longer walk",
        series=(
            line("validation loss", kept.loss, "proxy"),
            line("training loss", kept.train_loss, "reference", 1),
            line("gold", kept.gold, "gold"),
        ),
        x_title=f"gradient step · bands: lowest to highest of {len(kept.loss)} seeds",
        y_title="nats per token · gold",
        marks=marks,
        badge="recorded",
        height=432,
        text=(
            f"{described(long)}. Step, validation loss, gold: "
            + "; ".join(f"{step}: {number(a)}, {number(b)}" for step, a, b in zip(AT, long.loss, long.gold))
            + "."
        ),
    )


def described(long: LongWalk) -> str:
    """The run in words."""
    return f"{long.n} demonstrations, {percent(long.quality, 0)} of them ideal, {len(long.kept.loss)} seeds"


def says(long: LongWalk) -> tuple[str, ...]:
    """Where loss and gold are best, and what became of both afterwards."""
    low, high, last = long.lowest, long.highest, len(AT) - 1
    loss, gold = long.loss, long.gold
    first = (
        f"{described(long)}, {plural(AT[-1], 'step')}: the validation loss is lowest at step {AT[low]} ({number(loss[low])}), "
        f"the gold of the answers to those {N_VALIDATION} prompts highest at step {AT[high]} ({number(gold[high])})."
    )
    after = (
        f"At the end, step {AT[last]}, the loss is {number(loss[last])}, {_against(loss[last] - loss[low], 'above', 'below')} its "
        f"lowest, and the gold {number(gold[last])}, {_against(gold[last] - gold[low], 'above', 'below')} where the loss was lowest."
    )
    return first, after, _verdict(long)


def _against(gap: float, more: str, less: str) -> str:
    if abs(gap) < NEARLY:
        return f"within {NEARLY} of"
    return f"{number(abs(gap))} {more if gap > 0 else less}"


def _verdict(long: LongWalk) -> str:
    low, high = long.lowest, long.highest
    gained, cost = long.gold[high] - long.gold[low], long.loss[high] - long.loss[low]
    if low == high:
        return f"Here both choose the same checkpoint, step {AT[low]}."
    return (
        f"Chosen by gold instead of loss, the checkpoint has {number(gained)} more gold at {number(cost)} more loss: "
        + ("hardly a difference in quality." if gained < NEARLY else "the two curves part company.")
    )


def predict(long: LongWalk) -> Prediction:
    """Would loss and gold choose the same checkpoint? The chart shows it at once."""
    low, high = long.lowest, long.highest
    return Prediction(
        question="Predict: is the checkpoint with the lowest validation loss also the one with the best gold?",
        options=("yes", "no, gold is best later", "no, gold is best earlier"),
        answer=0 if low == high else 1 if high > low else 2,
        because=f"Loss is lowest at step {AT[low]}, gold highest at step {AT[high]}.",
        revealed=True,
    )


def formula(long: LongWalk) -> Formula:
    """The two checkpoints."""
    low, high = long.lowest, long.highest
    return Formula(
        "Your numbers · two checkpoints",
        (
            rf"\arg\min L_{{\text{{val}}}}:\ \text{{step }} {AT[low]}",
            rf"\quad L = {tex(long.loss[low])},\quad e^L = {tex(math.exp(long.loss[low]))},\quad g = {tex(long.gold[low])}",
            rf"\arg\max g:\ \text{{step }} {AT[high]}",
            rf"\quad L = {tex(long.loss[high])},\quad e^L = {tex(math.exp(long.loss[high]))},\quad g = {tex(long.gold[high])}",
        ),
        (
            (r"L_{\text{val}}", f"loss on the best answers to {N_VALIDATION} held-out prompts"),
            ("g", "mean gold of what the model answers to them"),
        ),
    )


def table(long: LongWalk) -> Table:
    """Every measured step."""
    rows = tuple((str(step), number(a, 3), number(b, 3)) for step, a, b in zip(AT, long.loss, long.gold))
    return Table(
        ("step", "validation loss", "gold"),
        rows,
        lit=long.lowest,
        pickable=False,
        badge="recorded",
        notes=f"Means of {len(long.kept.loss)} seeds. Lit: the lowest loss.",
    )
