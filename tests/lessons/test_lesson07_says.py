"""Lesson 7's sentences against its numbers, in every state that is swept."""

from __future__ import annotations

import re

import numpy as np
import pytest

from core.lessons import lesson07_says as sentences
from core.lessons.catalogue import lesson
from tests.lessons.states import states
from tests.lessons.test_lesson07 import preset, shown

LESSON = lesson(7)


def by_view(view):
    """Results of all swept states, seen in one view, each setting once."""
    found = {}
    for _, state in states(7):
        state = {**state, "l7_view": view}
        found.setdefault(tuple(sorted(state.items())), state)
    return [LESSON.result(state) for state in found.values()]


def test_with_one_epoch_the_clip_changes_nothing():
    result = shown(view="leashes", step=12, epochs=1)
    by_run = {leash.run: leash for leash in result.leashes}
    assert np.allclose(by_run["neither"].kl_to_ref, by_run["clip"].kl_to_ref, atol=1e-9)
    assert "changed nothing" in LESSON.says(result)[0]


def test_sentences_about_one_response_agree_with_its_gradient():
    kinds = set()
    for result in by_view("response"):
        reuse, i, k, epsilon = result.reuse, result.picked, result.step, result.config.clip_epsilon
        rho, slope = reuse.points.ratios[k, i], reuse.points.slopes[k, i]
        place = LESSON.says(result)[0]
        if "not drawn" in place:
            kinds.add("not drawn")
            assert not reuse.drawn[i]
            continue
        assert reuse.drawn[i]
        if "gradient is **0**" in place:
            kinds.add("clipped")
            assert slope == 0
            assert abs(rho - 1) >= epsilon
        elif "**stays**" in place:
            kinds.add("wrong way")
            assert slope == pytest.approx(reuse.batch.advantages[i])
            assert (rho - 1) * slope < 0
            assert abs(rho - 1) >= epsilon
        elif "both branches are equal" in place:
            kinds.add("inside")
            assert slope == pytest.approx(reuse.batch.advantages[i])
            assert abs(rho - 1) <= epsilon + 1e-9
        else:
            kinds.add("no advantage")
            assert abs(reuse.batch.advantages[i]) < 1e-9
            assert abs(slope) < 1e-9
    assert kinds == {"not drawn", "clipped", "wrong way", "inside", "no advantage"}


def test_sentences_about_the_last_epoch_agree_with_the_ratios():
    seen = set()
    for result in by_view("response"):
        if not result.step:
            continue
        reuse, i, k = result.reuse, result.picked, result.step
        before, now = reuse.points.ratios[k - 1, i], reuse.points.ratios[k, i]
        moved = LESSON.says(result)[1]
        still = "by less than" in moved
        assert still == (abs(now - before) < sentences.STILL)
        if still:
            continue
        written = re.findall(r"from (\S+) to (\d[\d.]*\d(?:e[−\d]+)?)", moved)[0]
        first, second = (float(number.replace("−", "-")) for number in written)
        assert (first < second) == (before < now)
        if "without a gradient" in moved:
            seen.add("others")
            assert not reuse.drawn[i] or reuse.points.slopes[k - 1, i] == 0 or abs(reuse.batch.advantages[i]) < 1e-9
        else:
            seen.add("own")
            assert reuse.points.slopes[k - 1, i] != 0
    assert seen == {"others", "own"}


# A small batch and a wide clip: here PPO goes further than the plain gradient.
ODD_BATCH = {"l7_clip": 0.69, "l7_epochs": 8, "l7_seed": 150}


def test_sentences_about_the_batch_agree_with_the_curves():
    verdicts = set()
    extra = [
        shown(view="epochs", mode="exact", lr=20.0, step=2),
        shown(view="epochs", lr=0.0, step=3),
        LESSON.result(LESSON.defaults() | {"l7_view": "epochs", "l7_step": 2, "start": "base"} | ODD_BATCH),
    ]
    for result in [*by_view("epochs"), *extra]:
        reuse, k = result.reuse, result.step
        if not k:
            continue
        ppo, plain = reuse.ppo_kl[k], reuse.plain_kl[k]
        first, why, _ = LESSON.says(result)
        if "times as far" in first:
            verdicts.add("plain further")
            assert plain > 1.1 * ppo
        elif "PPO has gone further" in first:
            verdicts.add("PPO further")
            assert ppo > 1.1 * plain
        elif "neither has moved" in first:
            verdicts.add("still")
            assert max(ppo, plain) < 1e-9
        elif "about equally" in first:
            verdicts.add("equal")
            assert max(ppo, plain) <= 1.1 * min(ppo, plain) + 1e-12
        if "does not undo" in why:
            verdicts.add("one large step")
            assert reuse.ppo_kl[1] >= 0.5 * ppo
            assert reuse.clipped[k - 1].any()
        if "No epoch pushed" in why:
            verdicts.add("no push")
            assert np.allclose(reuse.plain_logps[k], reuse.plain_logps[0])
    assert verdicts == {"plain further", "PPO further", "still", "equal", "one large step", "no push"}


def test_sentences_about_the_leashes_agree_with_the_runs():
    seen = set()
    extra = [shown(view="leashes", step=20, kl_coef=3.0, lr=10.0), preset("thrown")]
    for result in [*by_view("leashes"), *extra]:
        k = result.step
        if not k:
            continue
        end = {leash.run: leash.kl_to_ref[k] for leash in result.leashes}
        move = {leash.run: leash.kl_to_old[: k + 1].max() for leash in result.leashes}
        with_clip, without = max(move["clip"], move["both"]), max(move["neither"], move["kl"])
        first, second = LESSON.says(result)[:2]
        for text, holds in {
            "changed nothing": np.isclose(with_clip, without, atol=1e-9),
            "times as much without it": without > 1.1 * with_clip,
            "no smaller with it": with_clip > without,
            "about the same": with_clip <= without <= 1.1 * with_clip,
            "nothing has moved": max(end.values()) < 1e-9,
            "even with both leashes it is further out": end["both"] > result.optimum_kl,
            "without a clip, has let it go further out": end["kl"] > max(result.optimum_kl, end["both"]),
            "times as far out as with both": end["clip"] > end["both"],
            "have not parted yet": max(end.values()) <= 1.1 * min(end.values()),
        }.items():
            if text in first + second:
                seen.add(text)
                assert holds, (text, first, second)
    assert len(seen) >= 7, seen


def test_another_result_gives_other_sentences():
    pairs = [
        (shown(step=1), shown(step=6)),
        (shown(step=6), shown(step=6, clip=0.5)),
        (shown(view="epochs", step=5), shown(view="epochs", step=5, lr=2.0)),
        (shown(view="leashes", step=5), shown(view="leashes", step=5, kl_coef=2.0)),
    ]
    for first, second in pairs:
        assert LESSON.says(first) != LESSON.says(second)
        assert LESSON.figures(first)[0].text != LESSON.figures(second)[0].text
