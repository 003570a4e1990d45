"""Lesson 10 in words: sentences derived from both runs, and questions marked from them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.lessons.lesson import Prediction, Question, Source, Why
from core.lessons.lesson10_result import distance
from core.lessons.text import number, percent, plain, plural, signed
from core.stages.whiteboard_dpo import end_point

if TYPE_CHECKING:
    from core.lessons.lesson10_result import Result
    from core.stages.comparisons import Comparison

MOVED = 5e-4
STILL = 0.005


# --- the chart in words -----------------------------------------------------------------------------------------------


def policy_text(result: Result) -> str:
    """The bars in words at the step shown."""
    rows = "; ".join(
        f"{name}: reference {percent(r)}, policy {percent(p)}, optimum {percent(b)}, implicit reward {signed(i)}, score {signed(s)}"
        for name, r, p, b, i, s in zip(
            result.names, result.probs(0), result.probs(result.step), np.exp(result.optimum_logps),
            result.implicit_rewards(result.step), result.scores,
        )
    )  # fmt: skip
    return f"Step {result.step}. {rows}."


def logps_text(result: Result, means: dict[str, tuple[float, ...]]) -> str:
    """The lines in words: where they began and where they are."""
    k, pair = result.step, result.picked
    start, now = result.steps[0], result.now
    return (
        f"Step {k}. Mean log π of the chosen answers {number(means['logps_chosen'][0])} at step 0, {number(means['logps_chosen'][k])} "
        f"now; of the rejected ones {number(means['logps_rejected'][0])}, {number(means['logps_rejected'][k])} now. "
        f"{result.names[pair.first]}: {number(start.logps[pair.first])}, {number(now.logps[pair.first])} now. "
        f"{result.names[pair.second]}: {number(start.logps[pair.second])}, {number(now.logps[pair.second])} now. "
        f"Mean margin {number(now.margin)}."
    )


def routes_text(result: Result) -> str:
    """Both policies in words at the step shown."""
    ppo = np.exp(result.ppo_logps(result.step))
    rows = "; ".join(
        f"{name}: DPO {percent(d)}, PPO {percent(p)}, optimum {percent(b)}"
        for name, d, p, b in zip(result.names, result.probs(result.step), ppo, np.exp(result.optimum_logps))
    )
    return f"After {result.step} steps. {rows}."


# --- what you see -----------------------------------------------------------------------------------------------------


def says(result: Result) -> tuple[str, ...]:
    """What the state shows: whose labels these are, then one or two sentences on the view that is open."""
    sentences = {"policy": _policy_says, "logps": _logps_says, "routes": _routes_says}[result.view](result)
    if result.now.diverged:
        sentences = (sentences[0], f"{result.now.diverged} It ended at step {result.now.index}.")
    return (_labels(result), *sentences)


def _labels(result: Result) -> str:
    pairs, votes = len(result.comparisons), len(result.votes)
    if result.source == "one":
        pair = result.picked
        return f"1 pair with 1 certain label: “{plain(result.names[pair.first])}” beats “{plain(result.names[pair.second])}”."
    if result.source == "votes":
        ties = f", {plural(result.ties, 'tie')} counted half each way" if result.ties else ""
        return f"Both routes learn from your {plural(votes, 'vote')} on {plural(pairs, 'pair')}{ties}."
    begin = "No votes yet: " if result.source == "no votes" else ""
    how = "exact shares" if result.labels_exact else plural(votes // pairs, "vote") + " each"
    return f"{begin}{plural(pairs, 'pair')} labelled by a simulated voter ({how})."


def _policy_says(result: Result) -> tuple[str, ...]:
    now, start = result.now, result.steps[0]
    if result.step == 0:
        best = int(np.argmax(result.optimum_logps))
        return (
            f"The policy is still the reference: every implicit reward is {number(0.0)}, the loss {number(now.loss)}.",
            f"With the reward model of these labels π\\* gives “{plain(result.names[best])}” "
            f"**{percent(float(np.exp(result.optimum_logps[best])))}**.",
        )
    change = result.probs(result.step) - result.probs(0)
    up, down = int(np.argmax(change)), int(np.argmin(change))
    if change[up] < MOVED:
        return (f"No bar has moved by {100 * MOVED:.2f} points: {_why_still(result)}",)
    return (
        f"Since step 0 “{plain(result.names[up])}” gained **{100 * change[up]:.1f} points** and “{plain(result.names[down])}” lost "
        f"**{-100 * change[down]:.1f}**; the loss went from {number(start.loss)} to {number(now.loss)}.",
        _end(result),
    )


def _why_still(result: Result) -> str:
    if result.config.learning_rate == 0:
        return "the learning rate is 0."
    if max(abs(result.own_push(result.step, response)) for response in range(len(result.names))) < 1e-9:
        return f"the pulls of the {plural(len(result.comparisons), 'pair')} cancel out."
    return f"the steps so far were too small (margin {number(result.now.margin, 4)})."


def _end(result: Result) -> str:
    """Where the loss itself wants to go, and how that compares with π*."""
    if result.end_logps is None:
        if result.config.loss_type in ("hinge", "robust"):
            return f"The mean margin is **{signed(result.now.margin)}** and KL to the reference {number(result.now.stats.kl)} nats."
        return (
            "Some answers never lost to the rest, so this loss has no lowest point: only stopping stops it "
            f"(KL is {number(result.now.stats.kl)} nats at step {result.step})."
        )
    left = distance(result.now.logps, result.end_logps)
    apart = distance(result.end_logps, result.optimum_logps)
    arrived = f"It has reached the lowest point of its loss (within {number(left, 3)})" if left < STILL else (
        f"The lowest point of its loss is {number(left)} away (total variation)"
    )  # fmt: skip
    if apart < STILL:
        return f"{arrived}, and that point is π\\* (within {number(apart, 3)})."
    return f"{arrived}; that point is **{number(apart)}** from π\\*: {_difference(result)}."


def _difference(result: Result) -> str:
    """Why the loss on the pairs and the reward model do not ask for the same policy."""
    model = f"the prior σ₀ = {number(result.prior_sd)}"
    if result.reward_kind == "features":
        model = f"{len(result.candidates.features)} features and {model}"
    other = {
        "sigmoid": "DPO believes the labels as they are",
        "cdpo": f"this loss expects {percent(result.config.label_smoothing, 0)} flipped labels",
        "ipo_sum": f"IPO wants gaps of {number(1 / (2 * result.config.beta))}",
    }[result.config.loss_type]
    return f"{other}, the reward model sees them through {model}"


def _logps_says(result: Result) -> tuple[str, ...]:
    chosen, rejected = (list(result.series(name)[: result.step + 1]) for name in ("logps_chosen", "logps_rejected"))
    if result.step == 0:
        return (
            f"Before the first step the mean log π of chosen answers is {number(chosen[0])}, of rejected ones {number(rejected[0])}.",
        )
    return (
        f"Mean log π: chosen {_went(chosen)}, rejected {_went(rejected)}; their margin is {signed(result.now.margin)}.",
        _why_moved(result, result.picked),
    )


def _went(values: list[float]) -> str:
    """How a figure went from the first step to the one shown, with its peak where that lies in between."""
    change = values[-1] - values[0]
    peak = int(np.argmax(values))
    if abs(change) < STILL:
        risen = values[peak] - values[0]
        return f"{'back' if risen >= STILL else 'still'} at {number(values[-1])}"
    if change < 0 and values[peak] - values[0] >= STILL:
        return f"rose until step {peak} and is now **{number(-change)} lower** than at the start"
    return f"**{'rose' if change > 0 else 'fell'} by {number(abs(change))}**"


def _why_moved(result: Result, pair: Comparison) -> str:
    """Why log π of the picked pair's first answer moved: its own pushes, and what the normaliser took or gave."""
    name, total = plain(result.names[pair.first]), float(result.log_ratios(result.step)[pair.first])
    own, others = result.own_push(result.step, pair.first), -result.normaliser(result.step)
    if abs(total) < STILL:
        return f"“{name}” stands where it began: own pushes {signed(own)}, the others {signed(others)}."
    if total > 0:
        return f"“{name}” rose by {number(total)}: own pushes {signed(own)}, the others {signed(others)}."
    mine = [p.share_of(pair.first) for p in result.comparisons if pair.first in (p.first, p.second)]
    lost = sum(share < 0.5 for share in mine)
    if own < 0:
        because = f", for it lost {lost} of its {plural(len(mine), 'pair')}" if lost else ""
        return f"“{name}” fell by {number(-total)}: its pushes sum to {signed(own)}{because}; the others gave {signed(others)}."
    return (
        f"“{name}” fell by **{number(-total)} although its own pushes are {signed(own)}**: others were pushed up more, and all "
        f"share a probability of 1 ({signed(others)})."
    )


def _routes_says(result: Result) -> tuple[str, ...]:
    if result.step == 0:
        best = int(np.argmax(result.optimum_logps))
        return (
            f"Both start at the reference, {number(result.now.stats.tv_to_optimum)} from π\\*, which gives "
            f"“{plain(result.names[best])}” {percent(float(np.exp(result.optimum_logps[best])))}.",
        )
    ppo = result.ppo_stats(result.step).tv_to_optimum
    dpo = result.now.stats.tv_to_optimum
    return (
        f"After {plural(result.step, 'step')} PPO is **{number(ppo)}** from π\\* and has sampled {result.sampled(result.step):,} "
        f"answers; DPO is **{number(dpo)}** from it and has sampled none.",
        _end(result),
    )


# --- questions --------------------------------------------------------------------------------------------------------


def predict(result: Result) -> Prediction:
    """Do the chosen answers become more probable? Marked from the run itself."""
    last = result.foreseen
    chosen, before = (result.mean_over_labels(record.logps_chosen) for record in (last, result.steps[0]))
    change = chosen - before
    answer = 2 if abs(change) < STILL else 0 if change > 0 else 1
    rejected = result.mean_over_labels(last.logps_rejected) - result.mean_over_labels(result.steps[0].logps_rejected)
    return Prediction(
        question=f"Predict: after {plural(last.index, 'step')}, the mean log π of the chosen answers will be …",
        options=("higher than at the start", "lower than at the start", "the same (within 0.005)"),
        answer=answer,
        because=f"By step {last.index} it changed by {signed(change, 3)}, that of the rejected ones by {signed(rejected, 3)}; "
        f"the mean margin is {signed(last.margin)}.",
        revealed=result.step >= last.index,
    )


def quiz(result: Result) -> tuple[Question, ...]:
    """Two questions, both marked from the labels and the run on screen."""
    record = max(result.now, result.foreseen, key=lambda step: step.index)
    moved = np.subtract(record.logps, result.steps[0].logps)
    decided = [pair for pair in result.comparisons if pair.share > 0.5]
    fell = [p for p in decided if moved[p.first] < 0 and moved[p.first] > moved[p.second]]
    answer = 0 if not fell else 2 if len(fell) == len(decided) else 1
    example = (
        f" One of them: “{plain(result.names[fell[0].first])}”, {signed(float(moved[fell[0].first]))}." if fell else ""
    )
    return (
        Question(
            f"By step {record.index}: in how many pairs did the margin grow although log π of the preferred answer fell?",
            ("in none", "in some", "in all"),
            answer,
            f"In {len(fell)} of {plural(len(decided), 'decided pair')}.{example} The loss sees only the difference u − v, never log π.",
        ),
        _half_beta(result),
    )


def _half_beta(result: Result) -> Question:
    pair, beta = result.picked, result.config.beta
    plain_dpo = replace(
        result.config, loss_type="sigmoid", label_smoothing=0.0, seed=0, batch_size=0, learning_rate=1.0
    )
    ends = [end_point(replace(plain_dpo, beta=value)) for value in (beta, beta / 2)]
    options = ("twice as large", "half as large", "equal: all gaps are 0", "without end both times")
    text = "You train DPO's sigmoid loss to its lowest point, then again with half of β. The second time the gaps u − v are …"
    if ends[0] is None or ends[1] is None:
        return Question(
            text, options, 3,
            "With these labels some answers never lost to the rest, so there is no lowest point: at β = "
            f"{number(beta)} as at {number(beta / 2)} the gaps grow for ever. Here β stops mattering.",
        )  # fmt: skip
    ref = result.steps[0].logps
    gaps = [(end[pair.first] - ref[pair.first]) - (end[pair.second] - ref[pair.second]) for end in ends]
    flat = max(abs(p.share - 0.5) for p in result.comparisons) < 1e-9
    return Question(
        text, options, 2 if flat else 0,
        f"The labels fix βΔ. For “{plain(result.names[pair.first])}” and “{plain(result.names[pair.second])}” the gap ends at "
        f"{signed(gaps[0])} with β = {number(beta)} and at {signed(gaps[1])} with {number(beta / 2, 3)}.",
    )  # fmt: skip


WHY = Why(
    text=(
        "PPO's goal has a closed-form optimum, π\\* ∝ π_ref · exp(r/β). Solved for r it says r = β log(π\\*/π_ref) + β log Z, and Z "
        "cancels between two answers to one prompt. So DPO puts β log(π/π_ref) where the reward stood in Bradley–Terry and fits the "
        "*policy* to the labels: no reward model, no sampling. The loss sees only differences: margins can grow while chosen and "
        "rejected both sink. Under certain labels the rejected answer goes to 0 at any β; IPO stops at a gap of 1/(2β). "
        "Choose DPO when pairs come from your own model and speed counts; online RL when a trusted scorer exists."
    ),
    misconception=(
        "“DPO has no reward model, so it cannot over-optimise.” The policy is one, and such methods do degrade, often "
        "within one epoch."
    ),
    sources=(
        Source("Rafailov et al. 2023, DPO", "https://arxiv.org/abs/2305.18290"),
        Source("Azar et al. 2023, IPO", "https://arxiv.org/abs/2310.12036"),
        Source("Razin et al. 2024, likelihood displacement", "https://arxiv.org/abs/2410.08847"),
        Source("Over-optimisation of direct methods, 2406.02900", "https://arxiv.org/abs/2406.02900"),
        Source("Xu et al. 2024, DPO against PPO", "https://arxiv.org/abs/2404.10719"),
    ),
)
