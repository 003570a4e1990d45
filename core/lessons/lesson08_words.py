"""Lesson 8 in words: sentences derived from the state, questions marked from it. Its formulas: `lesson08_formulas`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.lessons.lesson import Prediction, Question, Source, Why
from core.lessons.text import number, percent, plain, plural, signed

if TYPE_CHECKING:
    from core.lessons.lesson08 import Result
    from core.records import PolicyStep

MOVED = 5e-4


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
    paid, first = result.stats.expected_reward, result.first.expected_reward
    return (
        f"The paid reward {_went(first, paid)}, while the score without that bonus {_went(before, after, bold=True)}: asking back "
        f"now has {percent(_asking(result, result.step))} of the policy, {percent(_asking(result, 0))} at the start."
    )


def _asking(result: Result, step: int) -> float:
    """The policy's share of the answers that ask back, which the bonus pays for."""
    column = [feature.key for feature in result.candidates.features].index("asks_back")
    return float(np.dot(result.probs(step), result.candidates.matrix()[:, column] > 0))


def _went(before: float, after: float, bold: bool = False) -> str:
    now = f"**{number(after)}**" if bold else number(after)
    if abs(after - before) < 5e-3:
        return f"stays at {now}"
    return f"{'rises' if after > before else 'falls'} from {number(before)} to {now}"


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
    if abs(now - first) < MOVED:
        return f"It is about as far from π\\* as the reference was: {number(now, 3)}."
    if way < 0:
        return f"The policy is now further from π\\* than the reference was: {number(now, 3)} instead of {number(first, 3)}."
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
        f"“{plain(names[best])}” gained {100 * change[best]:.1f} points"
        + (
            f": its advantage was {signed(first.advantages[best])} and the old policy gave it "
            f"{percent(float(np.exp(first.old_logps[best])))}."
            if first.advantages[best] > 0
            else f", although its advantage was {signed(first.advantages[best])}: other answers were pushed down harder, and "
            "what they lose goes to the rest."
        )
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
