"""Lesson 1 in words: formulas with the learner's numbers, questions marked from the state, and why."""

from __future__ import annotations

import math

from core.figures.token_ranks import class_of
from core.lessons.lesson import Formula, Prediction, Question, Source, Why
from core.lessons.lesson01_lab import Asking, Result, ask
from core.lessons.lesson01_says import does, of
from core.lessons.text import plain, plural, tex, tex_text
from core.world.behaviour import Behaviour

SHORT = 18
COLD = 0.1
COLD_SAMPLES = 16

Body = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]


def formula(result: Result) -> Formula:
    """The formula of the view with the learner's numbers."""
    body = {"behaviours": _shares, "knows": _shares, "next": _next, "ideal": _ideal}[result.view](result)
    return Formula("Your numbers", *body)


def _shares(result: Result) -> Body:
    lines: tuple[str, ...] = ()
    known = result.cloze
    if known:
        factors = [tex(p, 3) for p in _factors(known.logps)]
        product = rf"{factors[0]}" if len(factors) == 1 else rf"{factors[0]}\cdots {factors[-1]}"
        total = "" if len(factors) == 1 else f" = {tex(known.probability, 3)}"
        lines = (
            rf"P_{{\text{{knows}}}} = P(\text{{{tex_text(_short(known.answer))}}}\mid\text{{statement}})",
            rf"\phantom{{P_{{\text{{knows}}}}}} = \textstyle\prod_t p_t = {product}{total}",
        )
    ways = [("says", result.asked), ("exam", result.as_exam)]
    if result.view == "behaviours":
        ways = [ways[1] if result.exam else ways[0]]
    for name, asking in ways:
        lines += _share_lines(name, asking)
    tokens = (("p_t", "probability of one token"),) if known else ()
    return lines, (("P", f"probability, or share of answers in which it {does(result.asked.target)}"), *tokens)


def _factors(logps: tuple[float, ...]) -> list[float]:
    return [math.exp(logp) for logp in logps]


def _share_lines(name: str, asking: Asking) -> tuple[str, ...]:
    low, high = asking.interval
    return (
        rf"P_{{\text{{{name}}}}} \approx \frac{{{asking.hits}}}{{{asking.n}}} = {tex(asking.share, 3)}",
        rf"\phantom{{P_{{\text{{{name}}}}}}}\;\;95\,\%:\ {tex(low, 3)}\ \text{{to}}\ {tex(high, 3)}",
    )


def _short(text: str) -> str:
    return text if len(text) <= SHORT else text[:SHORT].rstrip() + "…"


def _next(result: Result) -> Body:
    found = result.next
    word = tex_text(found.tokens[0]) or "mark"
    return (
        (
            r"P_T = \frac{P^{1/T}}{\sum P^{1/T}}",
            rf"P(\text{{{word}}}) = {tex(found.plain[0], 3)},\quad T = {tex(result.temperature, 1)}",
            rf"P_T(\text{{{word}}}) = {tex(found.probs[0], 3)}",
            rf"\text{{entropy}} = {tex(found.entropy)}\ \text{{nats}}",
        ),
        (("P", "probability of a token at temperature 1"), ("T", "temperature")),
    )


def _ideal(result: Result) -> Body:
    rows = result.aligned
    counts = [sum(class_of(row.rank) == number for row in rows) for number in range(3)]
    total = sum(row.logp for row in rows)
    n = len(rows)
    return (
        (
            rf"\text{{unshifted: }} \frac{{{counts[0]}}}{{{n}}} = {tex(counts[0] / n, 3)}",
            rf"\text{{marginal: }} \frac{{{counts[1]}}}{{{n}}} = {tex(counts[1] / n, 3)}",
            rf"\text{{shifted: }} \frac{{{counts[2]}}}{{{n}}} = {tex(counts[2] / n, 3)}",
            rf"\log P(\text{{answer}}) = \textstyle\sum_t \log p_t = {tex(total)}",
        ),
        (("P", "probability of the whole answer under the base model"), ("p_t", "probability of one token")),
    )


def predict(result: Result) -> Prediction:
    """Does the exam form help? Marked from the sampled answers in that form."""
    exam = result.as_exam
    return Prediction(
        question=f"Predict: asked as an exam with an answer key, how often does it {_infinitive(exam.target)}?",
        options=("in less than a third", "in a third to two thirds", "in more than two thirds"),
        answer=0 if exam.share < 1 / 3 else 1 if exam.share <= 2 / 3 else 2,
        because=f"In the exam form it {does(exam.target)} {of(exam.hits, exam.n)}.",
        revealed=result.exam or result.view == "knows",
    )


def _infinitive(behaviour: Behaviour) -> str:
    return {
        Behaviour.RIGHT: "answer rightly",
        Behaviour.REFUSES: "refuse",
        Behaviour.HONEST: "say that it does not know",
        Behaviour.ASKS: "go on asking",
    }[behaviour]


def quiz(result: Result) -> tuple[Question, ...]:
    """Two questions, both answered by computing."""
    cold = ask(result.prompt, COLD, COLD_SAMPLES, 0, False)
    asks = cold.target is Behaviour.ASKS
    wanted = cold.most is cold.target
    options = (
        ("it goes on asking", "something else")
        if asks
        else (f"it {cold.target.value}", "it asks another question", "something else")
    )
    other = 1 if asks or cold.most is Behaviour.ASKS else 2
    answer = 0 if wanted else other
    rows = result.ideal
    unshifted = sum(class_of(row.rank) == 0 for row in rows)
    first = rows[0]
    return (
        Question(
            f"Simply asked at temperature {COLD:g}, so that only the likeliest words are drawn: what does it do most often?",
            options,
            answer,
            f"“{plain(result.prompt.text)}”, {COLD_SAMPLES} samples: it {cold.most.value} in {cold.counts[cold.most]} and "
            f"{cold.target.value} in {cold.hits}. A low temperature makes the likeliest words surer; it puts no others first.",
        ),
        Question(
            "Take an ideal answer to this prompt. Of most of its tokens, is the base model's own first choice the same?",
            ("yes, of more than half", "no, of half or fewer"),
            0 if unshifted > len(rows) / 2 else 1,
            f"It is for {unshifted} of {plural(len(rows), 'token')}. The first, “{plain(first.token)}”, has rank {first.rank}"
            + (": the answer is not begun by itself." if first.rank > 1 else "."),
        ),
    )  # fmt: skip


WHY = Why(
    text=(
        "A pretrained model continues texts. In its books a question is mostly followed by another question and hardly ever by an "
        "answer, so that is what it writes. The fact itself is in its weights: cut a statement before the answer and it goes on "
        "rightly. A prompt that looks like an answer key gets the answer out, but it works for harmful requests as well and needs a "
        "new trick for each kind of prompt. Reported for Llama-2-7b: at 77.7 % of positions the aligned model's token is the base "
        "model's first choice, at 92.2 % with marginal shifts counted in. Tuning changes which continuation is chosen."
    ),
    misconception="“Alignment puts the knowledge in.” Here the knowledge is there before any tuning; what is missing is the habit of "
    "answering. Making a model larger does not by itself make it follow a user's intent better.",
    sources=(
        Source("Ouyang et al. 2022, InstructGPT", "https://arxiv.org/abs/2203.02155"),
        Source("Lin et al. 2023, URIAL", "https://arxiv.org/abs/2312.01552"),
    ),
)
