"""Lesson 1: what the pretrained model knows, and what it does when it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from core.lessons import lesson01_params as params
from core.lessons import lesson01_says as sentences
from core.lessons import lesson01_views as views
from core.lessons import lesson01_words as words
from core.lessons.lesson import Lesson, Work
from core.lessons.lesson01_lab import Chosen, Result, ask, complete, next_words, own_prompt, tuned_answer
from core.lessons.outline import outline
from core.lessons.param import Values
from core.lessons.snippets import script
from core.stages.asked import FIRST, AskConfig, at_hand, draw_blocks
from core.stages.drawing import draw
from core.stages.sequences import over_candidates, token_rows
from core.statistics.proportions import wilson
from core.world.prompts import find_prompt


def chosen(values: Values) -> Chosen:
    """The prompt that the settings ask for."""
    kind = str(values["l1_kind"])
    if kind == "own":
        return own_prompt(str(values["l1_text"]))
    prompt = find_prompt(str(values[params.PROMPTS[kind].key]))
    return Chosen(prompt if prompt.kind == kind else find_prompt(FIRST[kind]))


def compute(values: Values) -> Result:
    """The settings, read; the base model answers when a view asks."""
    return Result(
        view=values["l1_view"],  # type: ignore[arg-type]
        chosen=chosen(values),
        temperature=float(values["l1_temperature"]),
        n=int(values["l1_n"]),
        seed=int(values["l1_seed"]),
        exam=bool(values["l1_exam"]),
        picked=int(values["l1_pick"]),
        whose=values["l1_whose"],  # type: ignore[arg-type]
    )


def prepare(values: Values) -> Work | None:
    """The answers that have to be drawn before the settings can be shown; None where all are there."""
    prompt, n, exam = chosen(values).prompt, int(values["l1_n"]), bool(values["l1_exam"])
    config = AskConfig(prompt.text, True, float(values["l1_temperature"]), int(values["l1_seed"]))
    ways = [config]  # the prediction is marked from the exam, whatever is shown
    if not exam or values["l1_view"] == "knows":
        ways.append(replace(config, exam=False))
    missing = [way for way in ways if not at_hand(way, n)]
    if not missing:
        return None

    def start() -> Iterator[float]:
        for place, way in enumerate(missing):
            for done in draw_blocks(way, n):
                yield (place + done / n) / len(missing)

    return Work(f"l1/{n}/{missing}", start, f"Drawing {n} answers")


def snippet(result: Result) -> str:
    """The numbers on screen from what the base model gave: its log-probabilities and the counts are written out, because
    the weights are a file of their own (assets/tiny_lm)."""
    shown, found = result.shown, result.next
    counts = {behaviour.value: count for behaviour, count in shown.counts.items()}
    lines = [
        f"# The base model was asked: {(result.prompt.text, 'as an exam' if result.exam else 'as it stands')!r}",
        "# Its log-probabilities and what its answers did are written out here; the weights themselves are the file",
        "# assets/tiny_lm/base.safetensors of the project.",
        f"counts = {counts!r}",
        f"n = {shown.n}",
        "for behaviour, count in counts.items():",
        "    low, high = wilson(count, n)",
        "    print(behaviour, f'{count / n:.6f}', f'{low:.6f}', f'{high:.6f}')",
        "",
        "# The ten likeliest next tokens at temperature 1, and behind them one number for all other tokens together",
        f"tokens = {[*found.tokens, 'all others']!r}",
        f"logps = torch.tensor({[*found.logps, found.rest]!r}, dtype=torch.float64)",
        f"probs = over_candidates(logps, {result.temperature!r})",
        "for token, p in list(zip(tokens, probs.tolist()))[:-1]:",
        "    print(token, f'{p:.6f}')",
    ]
    if result.cloze:
        lines += [
            "",
            f"# {result.cloze.before!r} … {result.cloze.answer!r}: one log-probability a token",
            f"cloze = torch.tensor({list(result.cloze.logps)!r}, dtype=torch.float64)",
            "print('goes on rightly', f'{cloze.sum().exp().item():.6f}')",
        ]
    return script((wilson, over_candidates), tuple(lines))


def history(result: Result) -> list[dict[str, Any]]:
    """One row an answer, for export."""
    return [
        {"sample": k, "prompt": result.prompt.text, "answer": answer.text, "behaviour": answer.behaviour.value, "gold": answer.gold}
        for k, answer in enumerate(result.shown.answers, start=1)
    ]  # fmt: skip


LESSON = Lesson(
    outline=outline(1),
    params=params.ALL,
    compute=compute,
    figures=views.figures,
    formula=words.formula,
    table=views.table,
    says=sentences.says,
    predict=words.predict,
    quiz=words.quiz,
    snippet=snippet,
    why=words.WHY,
    presets=params.PRESETS,
    sources_of_code=(draw, ask, complete, next_words, tuned_answer, token_rows, wilson),
    history=history,
    prepare=prepare,
)

__all__ = ["LESSON", "chosen", "compute", "history", "snippet"]
