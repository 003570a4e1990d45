"""Lesson 8 in words: formulas with the learner's numbers, sentences derived from the state, questions marked from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.lessons.lesson import Formula, Prediction, Question, Source, Why
from core.lessons.text import number, percent, plain, plural, signed, tex, tex_signed, tex_term

if TYPE_CHECKING:
    from core.lessons.lesson08 import Result
    from core.records import PolicyStep

SUBSTEPS = ("sample", "score", "KL", "advantage", "ratio, clip", "gradient", "new")
MOVED = 5e-4


def quantity_title(sub: int, epoch: int, exact: bool) -> str:
    """Axis title of the quantity that sub-step `sub` computes."""
    return {
        1: "1 · weight, %" if exact else "1 · times drawn",
        2: "2 · score r",
        3: "3 · KL penalty",
        4: "4 · advantage A",
        5: f"5 · ratio ρ, epoch {epoch}",
        6: f"6 · logit step, epoch {epoch}",
        7: "7 · change, points",
    }[sub]


def formula(result: Result) -> Formula:
    """The formula of the sub-step shown, filled with the picked response's numbers."""
    name = result.candidates.names[result.picked]
    caption = f"Your numbers · {name}"
    if result.now is None:
        i = result.picked
        p, best = float(np.exp(result.config.ref_logps[i])), result.optimum_probs[i]
        return Formula(
            caption,
            (
                rf"\pi_{{\text{{ref}}}} = {tex(p, 3)},\quad r = {tex(result.config.scores[i])}",
                r"\pi^*\propto\pi_{\text{ref}}\,e^{\,r/\text{kl\_coef}}"
                + (
                    rf" \;\Rightarrow\; \pi^* = {tex(best, 3)}"
                    if result.config.kl_coef
                    else rf":\; \pi^* = {tex(best, 3)}"
                ),
            ),
            (
                (r"\pi_{\text{ref}}", "the frozen reference policy"),
                (r"\pi^*", "the best policy for this KL coefficient"),
            ),
        )
    return Formula(caption, *_FORMULAS[result.sub](result, result.now, result.picked))


Lines = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]


def _sample(result: Result, step: PolicyStep, i: int) -> Lines:
    p = float(np.exp(step.old_logps[i]))
    if result.config.batch_size == 0:
        return (rf"w = \pi_{{\text{{old}}}} = {tex(p, 3)}",), ((r"\pi_{\text{old}}", "the policy before this update"),)
    n = result.config.batch_size
    return (
        (
            rf"\pi_{{\text{{old}}}} = {tex(p, 3)}",
            rf"\text{{expected }} {n}\cdot {tex(p, 3)} = {tex(n * p, 1)}",
            rf"\text{{drawn }} {step.weights[i]:.0f}\text{{ of }} {n}",
        ),
        ((r"\pi_{\text{old}}", "the policy before this update"),),
    )


def _score(result: Result, step: PolicyStep, i: int) -> Lines:
    source = {"votes": "from your votes", "hand": "from your sliders", "no votes": "set by hand: no votes yet"}
    return (
        (rf"r = {tex(step.scores[i])}\quad\text{{({source[result.scores_from]})}}",),
        (("r", "the score of the whole response"),),
    )


def _penalty(result: Result, step: PolicyStep, i: int) -> Lines:
    log_ratio = step.old_logps[i] - step.ref_logps[i]
    estimate = {
        "k1": rf"k_1 = \log\frac{{\pi_{{\text{{old}}}}}}{{\pi_{{\text{{ref}}}}}} = {tex(log_ratio)}",
        "k2": rf"k_2 = \tfrac12\left({tex(log_ratio)}\right)^2 = {tex(step.kl[i])}",
        "k3": rf"k_3 = e^{{{tex(-log_ratio)}}} - 1 {tex_signed(log_ratio)} = {tex(step.kl[i])}",
    }[result.config.kl_estimator]
    return (
        (
            estimate,
            rf"\text{{kl\_coef}}\cdot k = {tex(step.kl_coef)}\cdot{tex_term(step.kl[i])} = {tex(step.kl_coef * step.kl[i])}",
            rf"r - \text{{penalty}} = {tex(step.rewards[i])}",
        ),
        ((r"\pi_{\text{ref}}", "the frozen reference policy"), ("k", "estimate of the KL divergence, in nats")),
    )


def _advantage(result: Result, step: PolicyStep, i: int) -> Lines:
    raw = step.rewards[i] - step.baseline
    lines = [
        rf"A = r - \text{{kl\_coef}}\cdot {result.config.kl_estimator.replace('k', 'k_')} - b",
        rf"= {tex(step.scores[i])} - {tex(step.kl_coef)}\cdot{tex_term(step.kl[i])} - {tex_term(step.baseline)}",
        rf"= {tex(raw)}",
    ]
    if result.config.whitening:
        lines[2] += rf"\;\to\; {tex(step.advantages[i])}\ \text{{whitened}}"
    return tuple(lines), (("A", "advantage: better or worse than the batch's mean"), ("b", "mean reward of the batch"))


def _ratio(result: Result, step: PolicyStep, i: int) -> Lines:
    epoch = step.epochs[result.epoch - 1]
    rho, clipped, a = epoch.ratios[i], epoch.clipped_ratios[i], step.advantages[i]
    clip_wins, equal = epoch.clip_won[i], epoch.unclipped[i] == epoch.clipped[i]
    silent = step.weights[i] == 0
    free = r"\;\checkmark" if not clip_wins and not equal and not silent else ""
    held = r"\;\checkmark" if clip_wins and not silent else ""
    verdict = (
        r"\text{not drawn: weight } 0"
        if silent
        else r"\text{clip wins: gradient } 0"
        if clip_wins
        else r"\text{both equal: no clip}"
        if equal
        else r"\text{free branch wins}"
    )
    p_old, p = float(np.exp(step.old_logps[i])), float(np.exp(epoch.logps[i]))
    return (
        (
            rf"\rho = \frac{{\pi}}{{\pi_{{\text{{old}}}}}} = \frac{{{tex(p, 3)}}}{{{tex(p_old, 3)}}} = {tex(rho)}",
            rf"\rho A = {tex(rho)}\cdot{tex_term(a)} = {tex(epoch.unclipped[i], 3)}{free}",
            rf"\text{{clip}}(\rho)\,A = {tex(clipped)}\cdot{tex_term(a)} = {tex(epoch.clipped[i], 3)}{held}",
            rf"\min = {tex(min(epoch.unclipped[i], epoch.clipped[i]), 3)}\quad {verdict}",
        ),
        (
            (r"\rho", "ratio of new to old probability"),
            ("A", "advantage"),
            (r"\varepsilon", "half-width of the clip range"),
        ),
    )


def _gradient(result: Result, step: PolicyStep, i: int) -> Lines:
    epoch = step.epochs[result.epoch - 1]
    change = epoch.logit_steps[i]
    rate = result.config.learning_rate
    slope = -change / rate if rate else 0.0
    return (
        (
            r"\Delta z = -\eta\,\frac{\partial L}{\partial z}",
            rf"= -{tex(rate)}\cdot{tex_term(slope, 3)} = {tex(change, 3)}",
            rf"L = {tex(epoch.loss, 3)}\ \text{{over the batch}}",
        ),
        (("z", "logit of this response"), (r"\eta", "learning rate"), ("L", "the loss that is made small")),
    )


def _new(result: Result, step: PolicyStep, i: int) -> Lines:
    old, new, best = float(np.exp(step.old_logps[i])), float(np.exp(step.logps[i])), result.optimum_probs[i]
    return (
        (
            r"\pi_{\text{new}} = \text{softmax}(z)",
            rf"{tex(old, 3)} \to {tex(new, 3)}\quad({tex_signed(100 * (new - old), 1)}\text{{ points}})",
            rf"\pi^* = {tex(best, 3)}",
        ),
        ((r"\pi^*", "the best policy for this KL coefficient"),),
    )


_FORMULAS = {1: _sample, 2: _score, 3: _penalty, 4: _advantage, 5: _ratio, 6: _gradient, 7: _new}


def chart_text(result: Result) -> str:
    """The chart in words: every response's probabilities at the step shown."""
    new = result.probs(result.step)
    old = result.probs(max(result.step - 1, 0))
    rows = "; ".join(
        f"{name}: reference {percent(r)}, old {percent(o)}, new {percent(n)}, optimum {percent(b)}"
        for name, r, o, n, b in zip(result.candidates.names, result.probs(0), old, new, result.optimum_probs)
    )
    return f"Step {result.step}. {rows}."


def estimator_text(result: Result) -> str:
    """The estimates at the step shown, in words."""
    record = result.now
    if record is None:
        return "No update yet: the policy is the reference, and its KL divergence is 0."
    return (
        f"Update {record.index}: exact {number(record.exact_kl_old, 3)}, k1 {number(record.k1, 3)}, k2 {number(record.k2, 3)}, "
        f"k3 {number(record.k3, 3)} nats."
    )


def says(result: Result) -> tuple[str, ...]:
    """What the state shows, in one to four sentences; each holds a number or a direction taken from it."""
    if result.view == "kl":
        return _says_estimators(result)
    special: list[str] = []
    if result.reward == "hacked" and result.step:
        special.append(_says_hacked(result))
    if result.config.kl_target is not None and result.now:
        special.append(_says_adaptive(result, result.now))
    if result.pinned and result.step:
        special.append(_says_pinned(result))
    # What was switched on is said first of all; a screen holds three sentences.
    return (*_says_policy(result)[: 3 - len(special)], *special)


def _says_estimators(result: Result) -> tuple[str, ...]:
    record = result.now
    if record is None:
        return (
            f"No update yet: policy and reference are equal, so the KL divergence is {number(result.first.kl)} nats.",
        )
    first = (
        f"Update {record.index} began {number(record.exact_kl_old, 3)} nats from the reference; its batch says k1 = "
        f"**{number(record.k1, 3)}**, k2 = {number(record.k2, 3)}, k3 = {number(record.k3, 3)}."
    )
    if result.config.batch_size == 0:
        gap = abs(record.k1 - record.exact_kl_old)
        return (
            first,
            f"With the exact expectation k1 and k3 are the KL itself (difference {number(gap, 3)}); k2 is biased.",
        )
    so_far = result.steps[: result.step]
    negative = [step for step in so_far if step.k1 < -5e-4]
    if not negative:
        lowest = min(step.k1 for step in so_far)
        return (
            first,
            f"k1 was not below 0 in any of the {plural(len(so_far), 'batch', 'batches')} so far (lowest {number(lowest, 3)}).",
        )
    low = min(negative, key=lambda step: step.k1)
    return (
        first,
        f"In {len(negative)} of {plural(len(so_far), 'batch', 'batches')} k1 is negative, lowest **{number(low.k1, 3)}** at update "
        f"{low.index}, although the exact KL there is {number(low.exact_kl_old, 3)}: this batch drew more of the responses that "
        f"the policy has made rarer than the reference has them. k3 cannot be negative; there it is {number(low.k3, 3)}.",
    )


def _says_hacked(result: Result) -> str:
    before, after = result.honest_mean(0), result.honest_mean(result.step)
    word = "fell" if after < before - 5e-3 else "rose" if after > before + 5e-3 else "stayed"
    paid = "rises" if result.stats.expected_reward > result.first.expected_reward else "falls"
    return (
        f"The paid reward {paid} from {number(result.first.expected_reward)} to {number(result.stats.expected_reward)}, while the "
        f"score without that bonus {word} from {number(before)} to **{number(after)}**."
    )


def _says_adaptive(result: Result, record: PolicyStep) -> str:
    following = result.steps[record.index].kl_coef if record.index < len(result.steps) else record.kl_coef
    change = following - record.kl_coef
    move = (
        f"stays at {number(record.kl_coef, 3)}"
        if abs(change) < 5e-4
        else f"{'rises' if change > 0 else 'falls'} from {number(record.kl_coef, 3)} to {number(following, 3)}"
    )
    return f"The batch's k1 was {number(record.k1, 3)} against the target {number(result.config.kl_target or 0.0)}, so kl\\_coef {move}."


def _says_pinned(result: Result) -> str:
    pinned = result.pinned
    assert pinned is not None
    if not pinned.differs:
        return f"The pinned run has the same settings: both have KL {number(result.stats.kl)}."
    other = pinned.steps[min(result.step, len(pinned.steps)) - 1].stats
    return (
        f"Pinned run ({plain(pinned.differs)}): reward {number(other.expected_reward)} at KL {number(other.kl)}; this one "
        f"{number(result.stats.expected_reward)} at {number(result.stats.kl)}."
    )


def _says_policy(result: Result) -> tuple[str, ...]:
    stats, record, names = result.stats, result.now, result.candidates.names
    if record is None:
        best = int(np.argmax(result.optimum_probs))
        target = (
            f"All scores are equal ({number(result.config.scores[0])}), so π\\* is the reference itself: nothing to learn."
            if len(set(result.config.scores)) == 1
            else f"The optimum π\\* would give “{plain(names[best])}” **{percent(result.optimum_probs[best])}** "
            f"instead of {percent(result.probs(0)[best])}."
        )
        return (
            f"Before the first update the policy is the reference: KL is {number(stats.kl)} nats and the expected reward is "
            f"**{number(stats.expected_reward)}**.",
            target,
        )
    change = np.subtract(result.probs(result.step), result.probs(result.step - 1))
    up, down = int(np.argmax(change)), int(np.argmin(change))
    sentences = []
    if change[up] < MOVED:
        sentences.append(f"No bar moved by as much as {100 * MOVED:.2f} points: {_why_still(result, record)}")
    else:
        sentences.append(
            f"“{plain(names[up])}” gained **{100 * change[up]:+.1f} points** and “{plain(names[down])}” lost "
            f"**{abs(100 * change[down]):.1f}**."
        )
    clipped = sum(record.epochs[-1].clip_won)
    drawn = sum(weight > 0 for weight in record.weights)
    sentences.append(
        f"In the last epoch the clip held {clipped} of the {plural(drawn, 'drawn response')}; "
        f"KL to the reference is **{number(stats.kl)} nats**."
    )
    sentences.append(_distance(result))
    if record.diverged:
        sentences.append(f"{record.diverged} It ended at step {record.index}.")
    return tuple(sentences)


def _why_still(result: Result, record: PolicyStep) -> str:
    if result.config.learning_rate == 0:
        return "the learning rate is 0."
    if max(abs(a) for a, w in zip(record.advantages, record.weights) if w > 0) < 1e-9:
        return "every drawn response has advantage 0.00, so there is no direction to move in."
    return f"the policy is {number(result.stats.tv_to_optimum, 3)} away from π\\* and the steps have become small."


def _distance(result: Result) -> str:
    first, now = result.first.tv_to_optimum, result.stats.tv_to_optimum
    if first < 1e-9:
        return f"π\\* equals the reference here; the policy is {number(now, 3)} away from it."
    way = 100 * (1 - now / first)
    if way < 0:
        return f"The policy is now further from π\\* than the reference was: {number(now)} instead of {number(first)}."
    return f"It has come **{way:.0f} %** of the way to π\\*."


def predict(result: Result) -> Prediction:
    """Which response gains most in the first update? Marked from the first update itself."""
    names = result.candidates.names
    options = (*names, "none: no bar will move")
    first = result.steps[0] if result.steps else None
    change = np.subtract(np.exp(first.logps), np.exp(first.old_logps)) if first else np.zeros(len(names))
    best = int(np.argmax(change))
    moved = bool(change[best] >= MOVED)
    because = (
        f"“{plain(names[best])}” gained {100 * change[best]:.1f} points: its advantage was {signed(first.advantages[best])} "
        f"and the old policy gave it {percent(float(np.exp(first.old_logps[best])))}."
        if moved and first
        else f"The largest change was {100 * max(change):.2f} points: no score stood out, or the step size is 0."
    )
    return Prediction(
        question="Predict: which answer gains most in the first update?",
        options=options,
        answer=best if moved else len(names),
        because=because,
        revealed=result.step > 0,
    )


def quiz(result: Result) -> tuple[Question, ...]:
    """Two questions; the first is answered by the state on screen."""
    record = result.now or (result.steps[0] if result.steps else None)
    ratios = record.epochs[0].ratios if record else (1.0,)
    spread = max(abs(ratio - 1) for ratio in ratios)
    return (
        Question(
            "In epoch 1 of every update, what is the ratio ρ of each response?",
            ("exactly 1", "the score r", "1 + ε"),
            0 if spread < 1e-9 else 1,
            f"New and old policy are still the same, so ρ = 1 (largest difference here: {number(spread, 3)}). "
            "The clip can act only from the second epoch on.",
        ),
        Question(
            "The KL coefficient goes up. Where does the optimum π* move?",
            ("towards the reference", "towards the highest score", "nowhere"),
            0,
            f"π* ∝ π_ref · exp(r / kl_coef). At kl_coef = {number(result.config.kl_coef)} its largest bar is "
            f"{percent(max(result.optimum_probs))}; a larger kl_coef flattens the factor, so π* comes closer to π_ref.",
        ),
    )


WHY = Why(
    text=(
        "PPO never sees the best answer. It samples answers from its own policy, scores them, and moves probability towards "
        "those that did better than the batch's mean. Two leashes hold it. The clip compares with the policy of *this batch*: "
        "once a ratio has passed 1 ± ε in the wanted direction, its gradient is zero. The KL penalty compares with the *frozen "
        "reference*: with the k1 estimate it sets where the run ends, at π\\* ∝ π_ref · exp(r / kl_coef)."
    ),
    misconception="“The KL penalty makes the steps small.” It does not: it moves the goal. Clip, learning rate and epochs set the pace.",
    sources=(
        Source("Schulman et al. 2017, PPO", "https://arxiv.org/abs/1707.06347"),
        Source("Rafailov et al. 2023, DPO (closed-form optimum)", "https://arxiv.org/abs/2305.18290"),
        Source("Stiennon et al. 2020 (KL to the SFT policy in the reward)", "https://arxiv.org/abs/2009.01325"),
    ),
)
