"""Lesson 7's sentences: what the state on screen shows, derived from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.lessons.lesson07_lab import NO_GRADIENT
from core.lessons.lesson07_words import ALIKE, branch, clip_range
from core.lessons.text import number, percent, plain, plural, signed

if TYPE_CHECKING:
    from core.lessons.lesson07_lab import Leash, Result

STILL = 5e-4
"""A ratio that changed by less counts as unmoved."""


def apart(first: float, second: float) -> tuple[str, str]:
    """Two numbers with as many digits (2 to 6) as it takes to tell them apart."""
    for digits in range(2, 7):
        if number(first, digits) != number(second, digits):
            return number(first, digits), number(second, digits)
    return number(first), number(second)


def times(factor: float) -> str:
    """How many times as much, in two digits or more."""
    return number(factor, 0 if factor >= 10 else 1)


def gap(value: float) -> str:
    """A difference that should be nothing: "0" if it is exactly that, else with its power of ten."""
    return "0" if value == 0 else number(value, 3)


def in_batch(result: Result) -> str:
    """How many answers the batch holds: "7 drawn answers", or all of them where nothing was sampled."""
    count = int(result.reuse.drawn.sum())
    return plural(count, "drawn answer" if result.config.batch_size else "answer")


def says(result: Result) -> tuple[str, ...]:
    """What the state shows, in one to three sentences; each holds a number or a direction taken from it."""
    return {"response": _response_says, "epochs": _epochs_says, "leashes": _leashes_says}[result.view](result)


def _first_step(result: Result) -> str:
    return (
        "The first step is plain policy gradient: the largest difference between its gradient and PPO's is "
        f"**{gap(result.reuse.first_gap)}**."
    )


def _response_says(result: Result) -> tuple[str, ...]:
    lab, k = result.reuse, result.step
    sentences = [_place(result), _first_step(result) if k == 0 else _last_epoch(result)]
    if k:
        sentences.append(f"The clip holds {lab.clipped[k].sum()} of the {in_batch(result)}.")
    return tuple(sentences)


def _place(result: Result) -> str:
    """Where the picked response stands on its curve, and whether it has a gradient there."""
    lab, i, k = result.reuse, result.picked, result.step
    name, a, rho = plain(result.candidates.names[i]), lab.batch.advantages[i], lab.points.ratios[k, i]
    epsilon = result.config.clip_epsilon
    if not lab.drawn[i]:
        return f"“{name}” was not drawn, so it is not in the loss; its ratio is **{number(rho)}**."
    if abs(a) < NO_GRADIENT:
        return f"“{name}” has advantage {signed(a)}: both branches are 0 at every ratio, and so is its gradient."
    kind = branch(result, i)
    if kind == "=":
        inside = f"“{name}” stands at ρ = **{number(rho)}**, within {clip_range(result)}"
        return f"{inside}: both branches are equal, and its slope is A = {signed(a)}."
    edge, side, sign = (1 + epsilon, "above", "+") if rho > 1 else (1 - epsilon, "below", "−")
    written, written_edge = apart(rho, edge)
    where = f"“{name}” (A = {signed(a)}) stands at ρ = **{written}**, {side} 1 {sign} ε = {written_edge}"
    if kind == "clip":
        return f"{where}: the clip branch is the smaller one, so its gradient is **0**."
    return f"{where}, the wrong way: the free branch is the smaller one, so its gradient **stays** (slope {signed(a)})."


def _last_epoch(result: Result) -> str:
    """How the picked response's ratio came where it is."""
    lab, i, k = result.reuse, result.picked, result.step
    before, now = lab.points.ratios[k - 1, i], lab.points.ratios[k, i]
    if abs(now - before) < STILL:
        return f"Epoch {k} moved it by less than {STILL:g}."
    was, here = apart(before, now)
    own = lab.drawn[i] and not lab.clipped[k - 1, i] and abs(lab.batch.advantages[i]) >= NO_GRADIENT
    if not own:
        return f"Epoch {k} moved it from {was} to {here} without a gradient of its own: the other answers moved it."
    return f"Epoch {k} moved it from {was} to {here}."


def _epochs_says(result: Result) -> tuple[str, ...]:
    lab, k = result.reuse, result.step
    ppo, free = lab.ppo_kl[k], lab.plain_kl[k]
    if k == 0:
        return (
            f"Both start as the old policy: KL {number(ppo)} and mean reward {number(lab.rewards[0][0])}.",
            _first_step(result),
        )
    return (
        f"After {plural(k, 'epoch')} on this batch the KL to the old policy is **{number(free, 3)} nats** with plain policy "
        f"gradient and **{number(ppo, 3)}** with PPO: {_compared(free, ppo)}.",
        _first_step(result) if k == 1 else _pushes(result),
        _reward(result),
    )


def _compared(free: float, ppo: float) -> str:
    if max(free, ppo) < 1e-9:
        return "neither has moved"
    if free > ALIKE * ppo:
        return f"{times(free / ppo)} times as far without the clip" if ppo > 1e-9 else "only the plain one has moved"
    return "PPO has gone further here" if ppo > ALIKE * free else "about equally far"


def _pushes(result: Result) -> str:
    """Why PPO stopped, or why it did not."""
    lab, k = result.reuse, result.step
    if lab.pushes_plain[0] == 0:
        reason = "the learning rate is 0" if result.config.learning_rate == 0 else "every advantage is 0.00"
        return f"No epoch pushed at all: {reason}."
    first, now = lab.ppo_kl[1], lab.ppo_kl[k]
    held = lab.clipped[k - 1].sum()
    if held and first >= 0.5 * now and first > 0.01:
        return (
            f"Epoch 1 alone, where ρ = 1 and the clip cannot act, moved PPO {number(first, 3)} nats: "
            "the clip takes a push away, it does not undo a step."
        )
    return (
        f"In epoch {k} the push was {percent(lab.pushes_plain[k - 1], 0)} of the first with plain policy gradient and "
        f"{percent(lab.pushes_ppo[k - 1], 0)} with PPO, whose clip held {held} of the {in_batch(result)}."
    )


def _reward(result: Result) -> str:
    lab, k = result.reuse, result.step
    (ppo, free), start = (rewards[k] for rewards in lab.rewards), lab.rewards[0][0]
    top = int(np.argmax(lab.plain_logps[k]))
    name, share = plain(result.candidates.names[top]), percent(np.exp(lab.plain_logps[k, top]), 0)
    return (
        f"Mean reward went from {number(start)} to {number(free)} with the plain one ({share} on “{name}”) "
        f"and to {number(ppo)} with PPO."
    )


def _leashes_says(result: Result) -> tuple[str, ...]:
    k = result.step
    by_run: dict[str, Leash] = {leash.run: leash for leash in result.leashes}
    if k == 0:
        return (
            f"All four runs start at the frozen reference, so both distances are {number(by_run['both'].kl_to_ref[0])}.",
            f"With KL coefficient {number(result.config.kl_coef)} the optimum π\\* lies **{number(result.optimum_kl)} nats** from it.",
        )
    sentences = [_first_leash(result, by_run), _second_leash(result, by_run)]
    ended = next((leash.steps[-1] for leash in result.leashes if leash.steps[-1].diverged), None)
    if ended and ended.index == k:
        sentences.append(f"{ended.diverged} It ended at update {ended.index}.")
    return tuple(sentences)


def _first_leash(result: Result, by_run: dict[str, Leash]) -> str:
    k = result.step
    largest = {run: leash.kl_to_old[: k + 1].max() for run, leash in by_run.items()}
    pairs = (("neither", "clip"), ("kl", "both"))
    if all(np.abs(by_run[a].kl_to_old[: k + 1] - by_run[b].kl_to_old[: k + 1]).max() < 1e-9 for a, b in pairs):
        reason = (
            "the learning rate is 0"
            if result.config.learning_rate == 0
            else "each batch is used once, so ρ = 1 whenever a gradient is taken"
            if result.config.epochs == 1
            else "no answer had an advantage so far"
        )
        return f"The clip has changed nothing (largest move {number(largest['clip'], 3)} nats with it and without it): {reason}."
    with_clip, without = max(largest["clip"], largest["both"]), max(largest["neither"], largest["kl"])
    verdict = (
        f"{times(without / with_clip)} times as much without it"
        if without > ALIKE * with_clip and with_clip > 1e-9
        else "no smaller with it here"
        if with_clip > without
        else "about the same"
    )
    return (
        f"Leash 1: the largest move in one update was **{number(with_clip, 3)} nats** with the clip and "
        f"**{number(without, 3)}** without: {verdict}."
    )


def _second_leash(result: Result, by_run: dict[str, Leash]) -> str:
    k, best = result.step, result.optimum_kl
    reached = {run: float(leash.kl_to_ref[k]) for run, leash in by_run.items()}
    opening = (
        f"Leash 2: after {plural(k, 'update')} the distance from the reference is **{number(reached['clip'])}** with the clip only, "
        f"**{number(reached['kl'])}** with KL only and {number(reached['both'])} with both (π\\*: {number(best)})"
    )
    if result.config.kl_coef == 0:
        return f"{opening}; at KL coefficient 0 nothing ties a run to the reference."
    if max(reached.values()) < 1e-9:
        return f"{opening}; nothing has moved."
    if reached["both"] > 1.25 * best:
        return f"{opening}: even with both leashes it is further out than π\\*."
    if reached["kl"] > 1.25 * best and reached["kl"] > ALIKE * reached["both"]:
        return f"{opening}: the penalty alone, without a clip, has let it go further out than π\\*."
    if reached["clip"] > ALIKE * reached["both"] > 1e-9:
        return f"{opening}: with the clip alone it is {times(reached['clip'] / reached['both'])} times as far out as with both."
    return f"{opening}; the runs have not parted yet." if _together(reached) else f"{opening}."


def _together(reached: dict[str, float]) -> bool:
    return max(reached.values()) <= ALIKE * min(reached.values())
