"""PPO on the whiteboard: by hand, against a bare re-computation, at its ends, and towards the optimum."""

import dataclasses
import itertools
import math

import numpy as np
import pytest

from core.stages.whiteboard import WhiteboardConfig, optimum, start, trajectory, updates
from core.world.candidates import NORWAY

SCORES = (1.2, 1.5, 0.9, -1.0, -0.8, -1.4, -0.6, 0.2)
EXACT = WhiteboardConfig(NORWAY.ref_logps(), SCORES, batch_size=0)
SAMPLED = dataclasses.replace(EXACT, batch_size=64)
TWO = WhiteboardConfig((math.log(0.5),) * 2, (1.0, -1.0), kl_coef=0.0, learning_rate=1.0, epochs=1, batch_size=0)


def _run(config, steps):
    return list(itertools.islice(updates(config), steps))


def _numbers(thing):
    """Every number in a record, however deep."""
    if isinstance(thing, (bool, str)) or thing is None:
        return
    if isinstance(thing, (int, float)):
        yield float(thing)
    elif isinstance(thing, tuple):
        for item in thing:
            yield from _numbers(item)
    else:
        for field in dataclasses.fields(thing):
            yield from _numbers(getattr(thing, field.name))


def test_two_responses_by_hand():
    """π = (½, ½), scores ±1, no penalty: A = ±1, the loss has the slope ∓½ in the logits, so a step of size 1 adds ±½."""
    (step,) = _run(TWO, 1)
    assert step.baseline == pytest.approx(0.0, abs=1e-15)
    assert step.advantages == pytest.approx((1.0, -1.0))
    assert step.epochs[0].loss == pytest.approx(0.0, abs=1e-15)
    assert step.epochs[0].logit_steps == pytest.approx((0.5, -0.5))
    assert np.exp(step.logps) == pytest.approx((1 / (1 + math.exp(-1)), 1 / (1 + math.exp(1))))
    assert step.stats.expected_reward == pytest.approx(math.tanh(0.5))


def test_the_clip_holds_both_by_hand():
    """After one epoch ρ = (1.46, 0.54) with A = ±1 lies beyond 1 ± 0.2 on the wanted sides: nothing moves any more."""
    (step,) = _run(dataclasses.replace(TWO, epochs=3), 1)
    second = step.epochs[1]
    assert second.ratios == pytest.approx((2 / (1 + math.exp(-1)), 2 / (1 + math.exp(1))))
    assert second.clipped_ratios == pytest.approx((1.2, 0.8))
    assert second.clip_won == (True, True)
    assert second.clip_fraction == pytest.approx(1.0)
    assert second.loss == pytest.approx(-0.5 * (1.2 - 0.8))
    assert second.logit_steps == (0.0, 0.0)
    assert step.epochs[2].logps == second.logps
    assert step.clip_fraction == pytest.approx(2 / 3)


def test_the_penalty_by_hand():
    """Away from the reference k1 = log(π/π_ref) is paid: with scores 0 the advantage is minus its centred value."""
    config = dataclasses.replace(TWO, scores=(0.0, 0.0), kl_coef=2.0, learning_rate=0.1)
    (step,) = _run(config, 1)
    assert step.kl == (0.0, 0.0)
    assert step.logps == pytest.approx(config.ref_logps)
    moved = dataclasses.replace(TWO, kl_coef=0.7)
    _, second = _run(moved, 2)
    expected = [1.0 - 0.7 * (second.old_logps[0] - math.log(0.5)), -1.0 - 0.7 * (second.old_logps[1] - math.log(0.5))]
    assert second.rewards == pytest.approx(expected)
    mean = sum(w * r for w, r in zip(np.exp(second.old_logps), expected))
    assert second.advantages == pytest.approx([r - mean for r in expected])


def _bare_update(config, logits, weights):
    """One update again, in plain numpy with the gradient worked out by hand."""
    log_softmax = lambda z: z - z.max() - np.log(np.exp(z - z.max()).sum())  # noqa: E731
    ref, old, w = np.array(config.ref_logps), log_softmax(logits), np.array(weights) / sum(weights)
    difference = old - ref
    kl = {"k1": difference, "k2": difference**2 / 2, "k3": np.exp(-difference) - 1 + difference}[config.kl_estimator]
    rewards = np.array(config.scores) - config.kl_coef * kl
    advantages = rewards - w @ rewards
    if config.whitening:
        count = sum(weights)
        variance = w @ advantages**2 * (count / (count - 1) if config.batch_size else 1)
        scale = 1 / np.sqrt(variance + 1e-8) if config.batch_size else 1 / np.sqrt(max(variance, 1e-8))
        advantages = advantages * scale
    epochs = []
    for _ in range(config.epochs):
        new = log_softmax(logits)
        ratios = np.exp(new - old)
        clipped = np.clip(ratios, 1 - config.clip_epsilon, 1 + config.clip_epsilon)
        free, held = ratios * advantages, clipped * advantages
        pull = w * (np.where(held < free, 0.0, advantages * ratios) if config.algorithm == "ppo" else advantages)
        step = config.learning_rate * (pull - np.exp(new) * pull.sum())
        epochs.append((ratios, free, held, step, w @ (held < free), -(w @ np.minimum(free, held))))
        logits = logits + step
    return logits, kl, rewards, advantages, epochs, log_softmax(logits)


@pytest.mark.parametrize(
    "config",
    [
        EXACT,
        SAMPLED,
        dataclasses.replace(EXACT, whitening=True),
        dataclasses.replace(SAMPLED, whitening=True, kl_estimator="k3", seed=5),
        dataclasses.replace(EXACT, kl_estimator="k2", kl_coef=1.7),
        dataclasses.replace(SAMPLED, clip_epsilon=0.02, epochs=10, learning_rate=5.0, batch_size=8),
        dataclasses.replace(SAMPLED, algorithm="reinforce", epochs=6),
        dataclasses.replace(EXACT, kl_coef=0.0, learning_rate=3.0),
    ],
    ids=lambda c: f"{c.algorithm}-{c.batch_size}-{c.kl_estimator}-{c.whitening}-{c.learning_rate}",
)
def test_records_agree_with_a_bare_recomputation(config):
    logits = np.array(config.ref_logps)
    for record in _run(config, 12):
        logits, kl, rewards, advantages, epochs, logps = _bare_update(config, logits, record.weights)
        close = {"rtol": 1e-7, "atol": 1e-9}
        assert np.allclose(record.kl, kl, **close)
        assert np.allclose(record.rewards, rewards, **close)
        assert np.allclose(record.advantages, advantages, **close)
        for mine, (ratios, free, held, step, fraction, loss) in zip(record.epochs, epochs, strict=True):
            assert np.allclose(mine.ratios, ratios, **close)
            assert np.allclose(mine.unclipped, free, **close)
            assert np.allclose(mine.clipped, held, **close)
            assert np.allclose(mine.logit_steps, step, **close)
            assert mine.clip_fraction == pytest.approx(fraction, abs=1e-9)
            if config.algorithm == "ppo":
                assert mine.loss == pytest.approx(loss, abs=1e-9)
            assert mine.clip_won == tuple((held < free) & (np.array(record.weights) > 0))
        assert np.allclose(record.logps, logps, **close)


@pytest.mark.parametrize("config", [EXACT, SAMPLED])
def test_figures_of_a_record_agree_with_its_own_vectors(config):
    for record in _run(config, 5):
        probs, ref, best = np.exp(record.logps), np.array(record.ref_logps), optimum(config).logps.numpy()
        assert probs.sum() == pytest.approx(1.0)
        assert record.stats.expected_reward == pytest.approx(probs @ config.scores)
        assert record.stats.kl == pytest.approx(probs @ (np.array(record.logps) - ref))
        assert record.stats.entropy == pytest.approx(-probs @ record.logps)
        assert record.stats.objective == pytest.approx(record.stats.expected_reward - config.kl_coef * record.stats.kl)
        assert record.stats.tv_to_optimum == pytest.approx(0.5 * np.abs(probs - np.exp(best)).sum())
        old = np.exp(record.old_logps)
        weights = np.array(record.weights) / sum(record.weights)
        difference = np.array(record.old_logps) - ref
        assert record.exact_kl_old == pytest.approx(old @ difference, abs=1e-12)
        assert record.k1 == pytest.approx(weights @ difference, abs=1e-12)
        assert record.k2 == pytest.approx(weights @ difference**2 / 2, abs=1e-12)
        assert record.k3 == pytest.approx(weights @ (np.exp(-difference) - 1 + difference), abs=1e-12)


@pytest.mark.parametrize("config", [EXACT, SAMPLED, dataclasses.replace(SAMPLED, whitening=True)])
def test_in_epoch_one_every_ratio_is_one_and_the_clip_is_silent(config):
    for record in _run(config, 10):
        first = record.epochs[0]
        assert first.ratios == pytest.approx((1.0,) * 8, abs=1e-12)
        assert not any(first.clip_won)
        assert first.logps == pytest.approx(record.old_logps, abs=1e-12)


def test_a_response_that_was_not_drawn_has_its_true_ratio_and_no_gradient_of_its_own():
    (step,) = _run(dataclasses.replace(SAMPLED, batch_size=2), 1)
    absent = [i for i, weight in enumerate(step.weights) if weight == 0]
    assert absent
    last = step.epochs[-1]
    for i in absent:
        assert last.ratios[i] == pytest.approx(math.exp(last.logps[i] - step.old_logps[i]))
        assert last.unclipped[i] == pytest.approx(last.ratios[i] * step.advantages[i])
        assert not last.clip_won[i]


def test_the_first_inner_step_of_ppo_is_plain_policy_gradient():
    ppo, plain = (_run(dataclasses.replace(SAMPLED, algorithm=name), 1)[0] for name in ("ppo", "reinforce"))
    assert ppo.epochs[0].logit_steps == pytest.approx(plain.epochs[0].logit_steps, abs=1e-12)
    assert ppo.epochs[2].logit_steps != pytest.approx(plain.epochs[2].logit_steps, abs=1e-3)


@pytest.mark.parametrize(
    ("kl_coef", "learning_rate", "steps", "within"),
    [
        (0.5, 1.0, 250, 1e-3),
        (1.0, 1.0, 120, 1e-5),
        (0.25, 1.0, 300, 3e-3),
        (3.0, 0.2, 120, 1e-5),
        (0.0, 3.0, 250, 1e-3),
    ],
)
def test_the_exact_expectation_converges_to_the_optimum(kl_coef, learning_rate, steps, within):
    config = dataclasses.replace(EXACT, kl_coef=kl_coef, learning_rate=learning_rate)
    assert start(config).tv_to_optimum > 20 * within
    assert _run(config, steps)[-1].stats.tv_to_optimum < within


@pytest.mark.parametrize("estimator", ["k2", "k3"])
def test_only_k1_in_the_reward_ends_at_the_optimum(estimator):
    """k2 and k3 estimate the same KL, but as a reward that is held constant their gradient is not that of the KL."""
    *_, before, last = _run(dataclasses.replace(EXACT, kl_estimator=estimator, learning_rate=0.2), 400)
    assert last.stats.tv_to_optimum > 0.1
    assert abs(last.stats.tv_to_optimum - before.stats.tv_to_optimum) < 1e-4, "it has come to rest there"
    k1 = _run(dataclasses.replace(EXACT, learning_rate=0.2), 400)[-1]
    assert k1.stats.tv_to_optimum < 0.01


def test_a_sampled_batch_holds_as_many_responses_as_asked_and_follows_the_old_policy():
    config = dataclasses.replace(SAMPLED, batch_size=512, learning_rate=0.0)
    steps = _run(config, 40)
    assert {sum(step.weights) for step in steps} == {512.0}
    share = np.sum([step.weights for step in steps], axis=0) / (40 * 512)
    spread = np.sqrt(np.array(NORWAY.ref_probs) * (1 - np.array(NORWAY.ref_probs)) / (40 * 512))
    assert (np.abs(share - NORWAY.ref_probs) < 5 * spread).all()


def test_equal_seeds_give_equal_records_and_other_seeds_others():
    assert _run(SAMPLED, 8) == _run(SAMPLED, 8)
    assert _run(SAMPLED, 8) != _run(dataclasses.replace(SAMPLED, seed=1), 8)


def test_a_shared_run_gives_the_same_records_as_a_fresh_one():
    assert list(trajectory(SAMPLED).upto(5)) == _run(SAMPLED, 5)
    assert trajectory(SAMPLED) is trajectory(dataclasses.replace(SAMPLED))


@pytest.mark.parametrize("config", [EXACT, SAMPLED])
def test_learning_rate_zero_moves_nothing(config):
    for step in _run(dataclasses.replace(config, learning_rate=0.0), 3):
        assert step.logps == pytest.approx(config.ref_logps, abs=1e-12)
        assert step.stats.kl == pytest.approx(0.0, abs=1e-12)
        assert all(change == 0 for epoch in step.epochs for change in epoch.logit_steps)


@pytest.mark.parametrize("whitening", [False, True])
@pytest.mark.parametrize("score", [0.0, 3.0])
@pytest.mark.parametrize("config", [EXACT, SAMPLED])
def test_flat_scores_leave_the_policy_at_the_reference(config, score, whitening):
    config = dataclasses.replace(config, scores=(score,) * 8, whitening=whitening)
    assert optimum(config).logps.numpy() == pytest.approx(config.ref_logps, abs=1e-12)
    for step in _run(config, 3):
        assert step.logps == pytest.approx(config.ref_logps, abs=1e-9)


def test_without_a_penalty_the_optimum_is_the_reference_on_the_best_responses():
    config = dataclasses.replace(EXACT, scores=(1.0, 1.0, 0, 0, 0, 0, 0, 0.5), kl_coef=0.0)
    probs = np.exp(optimum(config).logps.numpy())
    assert probs == pytest.approx([15 / 26, 11 / 26, 0, 0, 0, 0, 0, 0])


ENDS = {
    "kl_coef": (0.0, 3.0),
    "clip_epsilon": (0.01, 1.0),
    "learning_rate": (0.0, 20.0, 1e3),
    "epochs": (1, 10),
    "batch_size": (0, 1, 512),
    "whitening": (False, True),
    "kl_estimator": ("k1", "k2", "k3"),
    "scores": ((3.0, *(-3.0,) * 7), (0.0,) * 8, SCORES),
    "algorithm": ("ppo", "reinforce"),
}
CORNERS = [
    dict(zip(ENDS, (values[int(i)] for values, i in zip(ENDS.values(), indices))))
    for indices in np.random.default_rng(0).integers(0, [len(v) for v in ENDS.values()], size=(60, len(ENDS)))
]
ALONE = [{name: value} for name, values in ENDS.items() for value in values]


@pytest.mark.parametrize("change", ALONE + CORNERS, ids=str)
def test_every_end_of_every_setting_gives_finite_numbers(change):
    config = dataclasses.replace(SAMPLED, **change)
    steps = _run(config, 20)
    assert steps
    assert all(math.isfinite(number) for step in steps for number in _numbers(step))
    assert all(math.isfinite(number) for number in _numbers(start(config)))
    assert len(steps) == 20 or steps[-1].diverged


@pytest.mark.parametrize("rate", [1e6, 1e12])
def test_an_absurd_learning_rate_ends_with_a_sentence(rate):
    steps = _run(dataclasses.replace(SAMPLED, learning_rate=rate), 20)
    assert len(steps) < 20
    assert steps[-1].diverged.endswith(".")
    assert not any(step.diverged for step in steps[:-1])
    assert all(math.isfinite(number) for step in steps for number in _numbers(step))


def test_an_adaptive_coefficient_moves_towards_its_target():
    far = _run(dataclasses.replace(EXACT, kl_coef=0.05, kl_target=0.1), 30)
    assert far[-1].kl_coef > far[0].kl_coef == 0.05
    tight = _run(dataclasses.replace(EXACT, kl_coef=3.0, learning_rate=0.2, kl_target=1.0), 30)
    assert tight[-1].kl_coef < 3.0
