"""Lesson 7: the surrogate by hand, equal first gradients, sentences against their numbers, presets that keep their word."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.lessons import lesson07_lab as lab
from core.lessons import lesson08
from core.lessons.catalogue import lesson
from core.lessons.lesson07 import config_of
from core.lessons.lesson07_params import PRESETS
from core.stages.whiteboard import WhiteboardConfig, trajectory
from tests.lessons.states import VOTES

LESSON = lesson(7)


def shown(**values):
    return LESSON.result({**LESSON.defaults(), **{f"l7_{key}": value for key, value in values.items()}})


def preset(key):
    chosen = next(item for item in PRESETS if item.key == key)
    return LESSON.result({**LESSON.defaults(), **chosen.values})


@pytest.mark.parametrize(
    ("ratio", "advantage", "value", "slope"),
    [
        (1.0, 2.0, 2.0, 2.0),
        (1.1, 2.0, 2.2, 2.0),
        (1.5, 2.0, 2.4, 0.0),  # past the edge, good answer
        (0.5, 2.0, 1.0, 2.0),  # wrong direction, good answer: the gradient stays
        (0.5, -2.0, -1.6, 0.0),  # past the edge, bad answer
        (1.5, -2.0, -3.0, -2.0),  # wrong direction, bad answer: the gradient stays
        (1.5, 0.0, 0.0, 0.0),
    ],
)
def test_the_surrogate_and_its_slope_by_hand(ratio, advantage, value, slope):
    one = lab.surrogate(torch.tensor([ratio], dtype=torch.float64), torch.tensor([advantage], dtype=torch.float64), 0.2)
    assert one.smaller[0] == pytest.approx(value, abs=1e-12)
    assert one.slopes[0] == pytest.approx(slope, abs=1e-12)
    assert one.smaller[0] == min(one.unclipped[0], one.clipped[0])


@pytest.mark.parametrize("epsilon", [0.01, 0.05, 0.2, 0.37, 1.0])
def test_the_flat_region_begins_at_the_edge_and_lies_on_the_right_side(epsilon):
    result = shown(clip=epsilon)
    low, high = result.reuse.reach
    for i, advantage in enumerate(result.reuse.batch.advantages):
        flat = result.reuse.flat(i)
        if advantage > 0:
            assert np.allclose(flat, [(1 + epsilon, high)])
        elif 1 - epsilon > max(low, lab.SMALLEST_RATIO):
            assert np.allclose(flat, [(max(low, lab.SMALLEST_RATIO), 1 - epsilon)])
        else:
            assert flat == ()


def test_points_lie_on_their_own_curves():
    for result in (shown(), shown(lr=20.0), shown(batch=4, seed=3), preset("wrong")):
        reuse = result.reuse
        for i in range(len(reuse.batch.advantages)):
            curve = np.interp(reuse.points.ratios[:, i], reuse.fan.ratios[i], reuse.fan.smaller[i])
            inside = reuse.points.ratios[:, i] >= reuse.fan.ratios[i][0]
            assert np.allclose(curve[inside], reuse.points.smaller[inside, i], atol=1e-9)


@pytest.mark.parametrize("mode", ["sampled", "exact"])
@pytest.mark.parametrize("whiten", [False, True])
def test_the_first_inner_step_is_the_plain_policy_gradient(mode, whiten):
    for seed in range(5):
        reuse = shown(mode=mode, whiten=whiten, seed=seed).reuse
        assert reuse.first_gap < 1e-14
        assert np.allclose(reuse.ppo_logps[1], reuse.plain_logps[1], atol=1e-12)
        # From the second epoch on they differ: the gap above is no accident of a loss that never moves.
        assert np.abs(reuse.ppo_logps[3] - reuse.plain_logps[3]).max() > 1e-3


def test_first_gradients_are_the_gradient_of_the_expected_advantage():
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(6))
    advantages = rng.normal(size=6)
    tensors = [torch.tensor(vector) for vector in (np.log(probs), advantages, probs)]
    plain, ppo = lab.first_gradients(*tensors, clip_epsilon=0.2)
    by_hand = -probs * (advantages - probs @ advantages)
    assert np.allclose(plain, by_hand, atol=1e-14)
    assert np.allclose(ppo, by_hand, atol=1e-14)


def test_the_batch_is_the_first_update_of_lesson_8():
    values = lesson(8).defaults()
    eight = lesson08.compute({**values, "l8_step": 1}).steps[0]
    reuse = shown().reuse
    assert reuse.batch.weights == eight.weights
    assert np.allclose(reuse.batch.advantages, eight.advantages, atol=1e-12)
    for k, epoch in enumerate(eight.epochs):
        assert np.allclose(reuse.ppo_logps[k], epoch.logps, atol=1e-12)
        assert reuse.ppo_kl[k] == pytest.approx(epoch.kl_to_old, abs=1e-12)
    assert np.allclose(reuse.ppo_logps[len(eight.epochs)], eight.logps, atol=1e-12)


def test_the_run_with_both_leashes_is_the_run_of_lesson_8():
    eight = lesson08.compute({**lesson(8).defaults(), "l8_step": 10}).steps[:10]
    both = shown(view="leashes", step=10).leashes[lab.RUNS.index("both")]
    assert both.steps[:10] == eight


def test_kl_to_old_is_the_sum_over_all_responses():
    steps = trajectory(shown().config).upto(4)
    by_hand = [np.exp(s.logps) @ np.subtract(s.logps, s.old_logps) for s in steps]
    assert np.allclose(lab.kl_to_old(steps), by_hand, atol=1e-14)


def test_pushes_are_relative_to_the_first():
    reuse = shown(lr=0.5).reuse
    steps = np.linalg.norm([e.logit_steps for e in reuse.batch.epochs], axis=1)
    assert np.allclose(reuse.pushes_ppo, steps[:-1] / steps[0])
    assert reuse.pushes_plain[0] == reuse.pushes_ppo[0] == 1.0
    # With the batch's mean as baseline the plain policy gradient does not depend on the policy: it never tires.
    assert np.allclose(reuse.pushes_plain, 1.0)


def test_ppo_stays_near_and_the_plain_policy_gradient_runs_away():
    reuse = shown().reuse
    assert reuse.plain_kl[-1] > 20 * reuse.ppo_kl[-1]
    assert np.all(np.diff(reuse.plain_kl) > 0)


def test_the_clip_does_not_undo_a_large_step():
    reuse = preset("large").reuse
    assert reuse.ppo_kl[1] == pytest.approx(reuse.plain_kl[1])
    assert reuse.ppo_kl[2] > 1.0
    assert reuse.points.ratios.max() > 5


def test_responses_that_were_not_drawn_have_their_true_ratio():
    reuse = shown(batch=4, seed=1, lr=2.0).reuse
    assert not reuse.drawn.all()
    true = np.exp(reuse.ppo_logps - np.asarray(reuse.batch.old_logps))
    assert np.allclose(reuse.points.ratios, true)
    assert not reuse.clipped[:, ~reuse.drawn].any()


def test_presets_hold_what_their_labels_say():
    for key, sign in (("good", 1), ("bad", -1)):
        result = preset(key)
        i, k, epsilon = result.picked, result.step, result.config.clip_epsilon
        rho, advantage = result.reuse.points.ratios[k, i], result.reuse.batch.advantages[i]
        assert sign * advantage > 0
        assert sign * (rho - 1) > epsilon
        assert result.reuse.points.slopes[k, i] == 0
        assert result.reuse.clipped[k, i]
    wrong = preset("wrong")
    i, k = wrong.picked, wrong.step
    assert wrong.reuse.batch.advantages[i] > 0
    assert wrong.reuse.points.ratios[k, i] < 1 - wrong.config.clip_epsilon
    assert wrong.reuse.points.slopes[k, i] == pytest.approx(wrong.reuse.batch.advantages[i])
    assert wrong.reuse.points.ratios[k + 1, i] > wrong.reuse.points.ratios[k, i]  # and is pulled back
    unlucky = preset("unlucky")
    ppo, plain = (rewards[unlucky.step] for rewards in unlucky.reuse.rewards)
    assert sum(unlucky.reuse.batch.weights) == 4
    assert all(score < 0 for score, weight in zip(unlucky.config.scores, unlucky.reuse.batch.weights) if weight)
    assert plain < ppo - 0.5
    thrown = preset("thrown")
    assert thrown.leash.run == "kl"
    assert thrown.leash.kl_to_ref[thrown.step] > 1.5 * thrown.optimum_kl
    assert thrown.leashes[lab.RUNS.index("both")].kl_to_ref[thrown.step] < 1.25 * thrown.optimum_kl


def test_two_leashes_hold_two_different_things():
    result = preset("leashes")
    by_run = {leash.run: leash for leash in result.leashes}
    move = {run: leash.kl_to_old.max() for run, leash in by_run.items()}
    end = {run: leash.kl_to_ref[result.step] for run, leash in by_run.items()}
    assert max(move["clip"], move["both"]) < min(move["neither"], move["kl"]) / 3
    assert max(end["kl"], end["both"]) < min(end["neither"], end["clip"]) / 2
    assert end["both"] == pytest.approx(result.optimum_kl, rel=0.15)


def test_runs_that_explode_end_together_and_say_so():
    config = replace(shown().config, scores=(900.0, -900.0, 3.0, 0.0, 1.0, 2.0, -3.0, 4.0), learning_rate=500.0)
    runs = lab.leashes(config, 20)
    length = {len(run.steps) for run in runs}
    assert len(length) == 1
    assert length.pop() < 20
    result = replace(preset("leashes"), config=config, leashes=runs, step=len(runs[0].steps))
    assert result.steps[-1].diverged
    assert len(LESSON.says(result)) == 3
    assert "stopped" in LESSON.says(result)[2]
    assert all(np.isfinite(run.kl_to_old).all() and np.isfinite(run.kl_to_ref).all() for run in runs)


def test_the_prediction_is_marked_from_the_last_epoch():
    assert LESSON.predict(shown()).answer == 0
    assert LESSON.predict(shown(lr=0.0)).answer == 2
    assert LESSON.predict(shown(batch=1)).answer == 2
    assert not LESSON.predict(shown(step=30)).revealed
    assert not LESSON.predict(shown(view="epochs", step=29)).revealed
    assert LESSON.predict(shown(view="epochs", step=30)).revealed


def test_the_quiz_is_answered_by_computing():
    assert [question.answer for question in LESSON.quiz(shown())] == [1, 1]
    ties = LESSON.result({**LESSON.defaults(), "votes": VOTES["ties"]})
    assert len(set(ties.config.scores)) == 1
    assert LESSON.quiz(ties)[1].answer == 2


def test_scores_come_from_the_votes_if_there_are_any():
    config, source = config_of(LESSON.defaults())
    assert source == "no votes"
    voted, from_votes = config_of({**LESSON.defaults(), "votes": VOTES["all"]})
    assert from_votes == "votes"
    assert voted.scores != config.scores
    by_hand, _ = config_of({**LESSON.defaults(), "votes": VOTES["all"], "l7_scores": "hand"})
    assert by_hand == config


def test_history_has_one_row_a_step():
    rows = LESSON.history(shown(view="epochs", step=7))
    assert [row["epoch"] for row in rows] == list(range(8))
    assert rows[-1]["kl_to_old(ppo)"] == shown(view="epochs").reuse.ppo_kl[7]
    runs = LESSON.history(shown(view="leashes", step=4))
    assert [row["update"] for row in runs] == list(range(5))


def printed(result, tmp_path):
    """What the snippet prints, with our own package out of reach."""
    (tmp_path / "snippet.py").write_text(LESSON.snippet(result))
    start = "import runpy, sys; sys.modules['core'] = None; runpy.run_path('snippet.py', run_name='__main__')"
    run = subprocess.run([sys.executable, "-c", start], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-800:]
    return run.stdout.splitlines()


def test_the_snippet_prints_the_response_on_screen(tmp_path):
    result = shown(step=5, batch=16, seed=4)
    place = result.reuse.points
    rows = [[float(x) for x in re.findall(r"[-\d.e]+", line)] for line in printed(result, tmp_path)]
    assert len(rows) == 8
    for i, row in enumerate(rows):
        k = result.step
        wanted = (
            place.ratios[k, i], result.reuse.batch.advantages[i], place.unclipped[k, i], place.clipped[k, i],
            place.smaller[k, i], place.slopes[k, i],
        )  # fmt: skip
        assert row == pytest.approx(wanted, abs=2e-6)


def test_the_snippet_prints_both_distances_of_the_batch(tmp_path):
    result = shown(view="epochs", step=3, mode="exact")
    gap, *lines = printed(result, tmp_path)
    assert float(gap.split()[-1]) == pytest.approx(result.reuse.first_gap, abs=1e-15)
    for k, line in enumerate(lines):
        assert [float(x) for x in line.split()] == pytest.approx(
            [k, result.reuse.ppo_kl[k], result.reuse.plain_kl[k]], abs=2e-6
        )
    assert len(lines) == 4


def test_the_snippet_prints_the_four_runs(tmp_path):
    result = shown(view="leashes", step=6)
    rows = [line.split() for line in printed(result, tmp_path)]
    assert [row[0] for row in rows] == list(lab.RUNS)
    for row, leash in zip(rows, result.leashes):
        wanted = (leash.kl_to_old[:7].max(), leash.kl_to_ref[6])
        assert [float(x) for x in row[1:]] == pytest.approx(wanted, abs=2e-6)


def test_equal_configurations_are_computed_once():
    config = lab.batch_config(WhiteboardConfig(ref_logps=shown().config.ref_logps, scores=(0.5,) * 8, kl_coef=1.7))
    assert lab.reuse(config) is lab.reuse(lab.batch_config(replace(config, kl_coef=0.2, epochs=3)))


def test_a_start_by_hand_is_this_lessons_own():
    shown = LESSON.result({**LESSON.defaults(), "start": "base", "l7_from": "hand"})
    assert shown.candidates.origin == "chosen by hand"
    assert LESSON.result({**LESSON.defaults(), "start": "base"}).candidates.origin != "chosen by hand"
