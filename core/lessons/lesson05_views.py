"""Lesson 5 to look at: the next token at the picked place, the run beside it, and the table of tokens."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.figures.chart import Chart
from core.figures.next_token import next_token
from core.figures.step_lines import Line, Panel
from core.lessons import lesson05_long as long_walk
from core.lessons import lesson05_words as words
from core.lessons.lesson import Table
from core.lessons.text import number
from core.stages.walks import HORIZON

if TYPE_CHECKING:
    from core.lessons.lesson05_result import Result

CONTEXT = 4  # tokens named in front of the picked place


def figures(result: Result) -> tuple[Chart, ...]:
    """The one chart of the view."""
    if result.view == "long":
        return (long_walk.chart(result.long),)
    steps = result.steps
    tokens = result.scene.bar_tokens[result.place - 1]
    rest = result.vocabulary - len(tokens)
    return (
        next_token(
            key="l5_tokens",
            title=f"The next token after “{words.before_place(result, CONTEXT)}”",
            tokens=(*tokens, f"{rest} others"),
            probs=[result.probs(k) for k in range(len(steps))],
            panels=(
                Panel(
                    "loss, nats per token",
                    (
                        Line("this", tuple(s.loss for s in steps), "new"),
                        Line("unseen", tuple(s.others_loss for s in steps), "text", "dot"),
                    ),
                    zero=True,
                ),
                Panel(
                    "gold of the answers",
                    (
                        Line("this", tuple(s.says_gold for s in steps), "new"),
                        Line("unseen", tuple(s.others_gold for s in steps), "gold", "dash"),
                    ),
                    zero=True,
                ),
            ),
            step=result.step,
            horizon=HORIZON,
            lit=0,
            text=words.chart_text(result),
            badge="recorded" if result.recorded else "live",
        ),
    )


def table(result: Result) -> Table:
    """Every token of prompt and demonstration: its probability and what it costs; the prompt's tokens cost nothing."""
    if result.view == "long":
        return long_walk.table(result.long)
    rows = []
    for place, token in enumerate(result.scene.tokens):
        if place == 0:
            rows.append((token, "", "not scored"))
            continue
        logp = float(result.now.logps[place - 1])
        cost = number(-logp, 3) if place >= result.scene.n_prompt else "not scored"
        rows.append((token, number(math.exp(logp), 3), cost))
    return Table(
        columns=("token", "p", "−log p"),
        rows=tuple(rows),
        lit=result.place,
        notes=f"prompt: {result.scene.n_prompt} tokens, masked; demonstration: {result.scene.n_answer}. "
        f"Mean of the last column: {number(result.now.loss, 3)}.{words.of_prompt(result)}",
        badge="recorded" if result.recorded else "live",
    )
