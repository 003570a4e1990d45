"""Lesson 5 in words: formulas with the learner's numbers, sentences derived from the walk, questions marked from it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.lessons import lesson05_long as long_walk
from core.lessons.lesson import Formula, Prediction, Question, Source, Why
from core.lessons.lesson05_params import PREDICT_AT
from core.lessons.text import number, percent, plain, plural, tex
from core.stages.trace_sft import LONGEST_ANSWER, LONGEST_PROMPT

if TYPE_CHECKING:
    from core.lessons.lesson05_result import Result
    from core.lm_records import TracedStep

MOVED = 0.005  # below this two losses, or two mean golds, are called equal
PREDICTED = 0.05
MOST_SHOWN = 60


def before_place(result: Result, most: int | None = None) -> str:
    """The text in front of the picked token; with `most` only its last tokens."""
    tokens = result.scene.tokens[: result.place]
    cut = tokens if most is None or len(tokens) <= most else tokens[-most:]
    return ("… " if len(cut) < len(tokens) else "") + " ".join(cut)


def quoted(text: str) -> str:
    """An answer in quotation marks, cut where it is long; an empty one is said to be empty."""
    if not text:
        return "nothing at all"
    short = text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN].rsplit(" ", 1)[0] + " …"
    return f"“{plain(short)}”"


def telling(cost: float) -> int:
    """Decimals at which a cost in nats, or the probability that belongs to it, still tells something: 3, more for small costs."""
    return min(max(1 - math.floor(math.log10(cost)), 3), 9) if cost > 0 else 3


def formula(result: Result) -> Formula:
    """The loss of the demonstration and the picked token's share of it."""
    if result.view == "long":
        return long_walk.formula(result.long)
    now, count = result.now, result.scene.n_answer
    total = -math.fsum(result.answer_logps)
    place = result.place
    logp = float(now.logps[place - 1])
    if result.scored:
        share = rf"-\log p(y_{{{place - result.scene.n_prompt + 1}}}) = -\log {tex(math.exp(logp), telling(-logp))} = {tex(-logp, 3)}"
    else:
        share = rf"x_{{{place + 1}}}:\ p = {tex(math.exp(logp), 3)},\quad \text{{mask }} 0:\ \text{{adds nothing}}"
    return Formula(
        f"Your numbers · “{result.token}”, step {result.step}",
        (
            r"L = -\frac{1}{|y|}\sum_t \log \pi(y_t \mid x, y_{<t})",
            rf"= \frac{{{tex(total, telling(total))}}}{{{count}}} = {tex(now.loss, 3)},\quad e^{{L}} = {tex(result.perplexity)}",
            share,
            rf"\text{{blind guess: }} \ln V = \ln {result.vocabulary} = {tex(result.uniform_loss)}",
        ),
        (
            ("x", "the prompt"),
            ("y", "the demonstration, end token included"),
            ("e^L", "perplexity"),
            ("V", "size of the vocabulary"),
        ),
    )


def chart_text(result: Result) -> str:
    """The chart in words."""
    now, before = result.now, result.before
    first, last = (math.exp(float(s.logps[result.place - 1])) for s in (before, now))
    return (
        f"Bars: after “{before_place(result)}” the demonstrated token “{result.token}” has probability {percent(last)} at "
        f"step {result.step}, {percent(first)} before training. Lines: loss of this demonstration {number(now.loss, 3)}, of "
        f"{len(result.scene.others)} other prompts {number(now.others_loss, 3)}; gold {number(now.says_gold)} and "
        f"{number(now.others_gold)}."
    )


def note(result: Result) -> str:
    """Why the learner's own texts are not what is walked; "" if they are, or if there are none."""
    if not result.refused:
        return ""
    return (
        f"{result.refused} So “{result.prompt}” is walked instead. A prompt may have {LONGEST_PROMPT} words and marks, a "
        f"demonstration {LONGEST_ANSWER}."
    )


def of_prompt(result: Result) -> str:
    """What is to be known of the walked prompt, as a sentence behind others; "" for a held-out one."""
    prompt = result.scene.demonstration.prompt
    if prompt.kind == "own":
        return " The gold of an own prompt counts manners and form alone."
    return "" if prompt.held_out else " The books answer this prompt now and then."


def says(result: Result) -> tuple[str, ...]:
    """What the step shown says: this demonstration, the answer, and the prompts that are never trained on."""
    if result.view == "long":
        return long_walk.says(result.long)
    return (_says_loss(result), result.now.diverged or _says_answer(result), _says_others(result))


def _says_loss(result: Result) -> str:
    now, before = result.now, result.before
    blind = f"a blind guess among {result.vocabulary} tokens would cost {number(result.uniform_loss)}"
    cost = f"**{number(now.loss, 3)} nats** per token"
    if result.step == 0:
        return (
            f"Before the first step this demonstration costs {cost} (perplexity {number(result.perplexity)}); {blind}."
        )
    change = now.loss - before.loss
    after = f"After {plural(result.step, 'step')} this demonstration costs {cost}"
    if result.config.lr == 0:
        return f"{after}, as before training: the learning rate is 0, so nothing moves."
    if abs(change) < MOVED:
        return f"{after}, about as before training ({number(before.loss, 3)}); {blind}."
    word = "less" if change < 0 else "more"
    return f"{after}, {number(abs(change), 3)} {word} than before training (perplexity {number(result.perplexity)}); {blind}."


def _says_answer(result: Result) -> str:
    now, before = result.now, result.before
    gold = f"gold {number(now.says_gold)}"
    if result.step == 0:
        return f"Taking its most probable token at each place, it answers {quoted(now.says)} ({gold})."
    if now.says == before.says:
        return f"It still answers {quoted(now.says)} ({gold})."
    same = " That is the demonstration." if now.says == result.scene.answer else ""
    return f"It now answers {quoted(now.says)} ({gold}) instead of {quoted(before.says)} ({number(before.says_gold)}).{same}"


def _moved(before: float, now: float) -> str:
    if abs(now - before) < MOVED:
        return f"is still **{number(now)}**"
    return f"{'is up' if now > before else 'is down'} from {number(before)} to **{number(now)}**"


def _says_others(result: Result) -> str:
    now, before = result.now, result.before
    on = f"On {len(result.scene.others)} other prompts, which it never trains on,"
    if result.step == 0:
        gap = now.others_loss - now.loss
        return (
            f"{on} the loss is {number(now.others_loss)}, {number(abs(gap))} {'more' if gap > 0 else 'less'} than on this one, "
            f"and the mean gold of its answers {number(now.others_gold)}."
        )
    return (
        f"{on} {plural(result.step, 'step')} later the loss {_moved(before.others_loss, now.others_loss)} and the mean gold of "
        f"the answers {_moved(before.others_gold, now.others_gold)}{_meaning(result)}."
    )


def _meaning(result: Result) -> str:
    """What the two kinds of loss, or loss and gold, say about each other; nothing where they say nothing."""
    now, before = result.now, result.before
    this, others = now.loss - before.loss, now.others_loss - before.others_loss
    gold = now.others_gold - before.others_gold
    lowest = lowest_loss(result.steps[: result.step + 1])
    if this < -MOVED and others > MOVED:
        return ": the two losses part company" + (", yet those answers are better" if gold > MOVED else "")
    if others > MOVED and gold > MOVED:
        return ": a higher loss, and better answers"
    if others < -MOVED and gold < -MOVED:
        return ": a lower loss, and worse answers"
    if now.others_loss > lowest.others_loss + 0.02:
        return f"; that loss was lowest, {number(lowest.others_loss)}, at step {lowest.step}"
    if this < -MOVED and others < -MOVED:
        return ": what it learns carries over"
    return ""


def lowest_loss(steps: tuple[TracedStep, ...]) -> TracedStep:
    """The first step at which the loss on the other prompts is lowest."""
    return min(steps, key=lambda step: (step.others_loss, step.step))


def highest_gold(steps: tuple[TracedStep, ...]) -> TracedStep:
    """The first step at which the mean gold on the other prompts is highest."""
    return max(steps, key=lambda step: (step.others_gold, -step.step))


def predict(result: Result) -> Prediction:
    """Does what is learned carry over? Marked from the loss on the other prompts after some steps."""
    if result.view == "long":
        return long_walk.predict(result.long)
    later, before = result.foreseen[-1], result.before
    change = later.others_loss - before.others_loss
    answer = 0 if change < -PREDICTED else 1 if change > PREDICTED else 2
    company = f"with {result.config.others} others" if result.config.others else "alone"
    return Prediction(
        question=f"Predict: train {PREDICT_AT} steps on this demonstration {company}. The loss on other prompts then …",
        options=("falls", "rises", f"stays within {PREDICTED}"),
        answer=answer,
        because=f"From step 0 to step {later.step} the loss on the other prompts went from {number(before.others_loss, 3)} to "
        f"{number(later.others_loss, 3)}, on this demonstration from {number(before.loss, 3)} to {number(later.loss, 3)}.",
        revealed=result.step >= later.step,
    )


def quiz(result: Result) -> tuple[Question, ...]:
    """What a blind guess costs, and whether loss and quality choose the same checkpoint in this walk."""
    size = result.vocabulary
    seen = max(result.steps[: result.step + 1], result.foreseen, key=len)
    low, high = lowest_loss(seen), highest_gold(seen)
    # Gold may be as high at several steps: then the loss may point to any of them.
    agree = low.others_gold >= high.others_gold
    return (
        Question(
            f"A model that knows nothing holds all {size} tokens equally probable. What is its loss per token?",
            (f"ln {size} = {number(result.uniform_loss)}", f"1/{size} = {number(1 / size, 4)}", f"{size}"),
            0,
            f"−ln(1/{size}) = {number(result.uniform_loss)} nats, whatever the text; its perplexity is {size}. At step "
            f"{result.step} this demonstration costs {number(result.now.loss, 3)}: perplexity {number(result.perplexity)}.",
        ),
        Question(
            f"Steps 0 to {seen[-1].step}: would the lowest loss on other prompts choose a checkpoint with the best answers to them?",
            ("yes", "no"),
            0 if agree else 1,
            f"The loss is lowest at step {low.step} ({number(low.others_loss, 3)}), where the mean gold is "
            f"{number(low.others_gold)}. The best mean gold is {number(high.others_gold)}, first at step {high.step}.",
        ),
    )


WHY = Why(
    text=(
        "SFT makes each demonstrated token more probable, given the prompt and the demonstrated tokens before it. The prompt's "
        "own tokens are masked; Llama 2 too sets their loss to zero. From one demonstration a model can learn something that "
        "carries over, such as to answer instead of asking back, before it learns the text by heart. Loss and quality can part "
        "company: InstructGPT's SFT models overfitted in validation loss after one epoch, yet reward-model score and human "
        "preference kept improving over 16, so the checkpoint was chosen by reward-model score."
    ),
    misconception="“A lower loss means better answers.” It means that the shown tokens became more probable, each behind a "
    "prefix that was right already.",
    sources=(
        Source("Ouyang et al. 2022, InstructGPT", "https://arxiv.org/abs/2203.02155"),
        Source("Touvron et al. 2023, Llama 2", "https://arxiv.org/abs/2307.09288"),
    ),
)
