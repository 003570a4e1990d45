"""Lesson 8: each preset does in numbers what its name says, the pinned run is the run it was, estimators tell the truth."""

import re

import numpy as np
import pytest

from core.lessons import lesson08_words as words
from core.lessons.lesson08 import LESSON
from core.lessons.lesson08_params import CONTROLS, HORIZON
from core.lessons.text import percent
from core.world.votes import PAIRS, Vote, encode

PRESETS = {preset.key: preset.values for preset in LESSON.presets}


def at(step=HORIZON, preset="recommended", **changes):
    return LESSON.result({**LESSON.defaults(), **PRESETS[preset], "l8_step": step, **changes})


def moved(result, step=None):
    step = result.step if step is None else step
    return float(np.abs(np.subtract(result.probs(step), result.probs(0))).max())


def total_variation(one, other):
    return float(np.abs(np.subtract(one, other)).sum() / 2)


def test_recommended_comes_near_the_optimum_and_raises_the_score():
    result = at()
    assert result.honest_mean(HORIZON) > result.honest_mean(0) + 1
    assert result.stats.tv_to_optimum < 0.05 * result.first.tv_to_optimum


def test_exact_has_no_sampling_noise():
    runs = [at(preset="exact", l8_seed=seed).steps for seed in (0, 5)]
    assert runs[0] == runs[1]
    assert at(l8_seed=0).steps != at(l8_seed=5).steps


def test_leash_off_ends_further_from_the_reference():
    assert at(preset="off").stats.kl > at().stats.kl + 0.5


def test_leash_too_short_ends_nearer_to_the_reference_and_learns_less():
    assert at(preset="short").stats.kl < at().stats.kl / 5
    assert at(preset="short").honest_mean(HORIZON) < at().honest_mean(HORIZON) - 0.5


def test_a_tiny_clip_makes_smaller_steps_and_clips_more():
    tiny, wide = at(preset="clip", step=10, start="hand"), at(step=10, start="hand")
    assert total_variation(tiny.probs(1), tiny.probs(0)) < 0.6 * total_variation(wide.probs(1), wide.probs(0))
    assert sum(s.clip_fraction for s in tiny.steps[:10]) > sum(s.clip_fraction for s in wide.steps[:10])


@pytest.mark.parametrize("source", ["hand", "votes"])
def test_a_flipped_sign_lowers_the_score_below_the_start(source):
    votes = encode(tuple(Vote(*pair, float(pair[0] < pair[1])) for pair in PAIRS[::2])) if source == "votes" else ""
    result = at(preset="flipped", votes=votes)
    assert result.scores_from == ("votes" if votes else "no votes")
    assert result.honest_mean(HORIZON) < result.honest_mean(0) - 0.2
    assert result.stats.expected_reward > result.first.expected_reward
    assert result.config.scores == tuple(-score for score in result.honest_scores)


@pytest.mark.parametrize("mode", ["sampled", "exact"])
def test_a_flat_reward_moves_nothing(mode):
    result = at(preset="flat", l8_mode=mode)
    assert moved(result) < 1e-12
    assert moved(at(preset="flat", l8_mode=mode, l8_lr=20.0, l8_epochs=10)) < 1e-12
    assert "No bar moved" in result_text(result)


def test_zero_variance_moves_nothing_although_scores_differ():
    result = at(preset="zero")
    assert len(set(result.config.scores)) > 1
    assert moved(result) < 1e-12
    assert all(abs(a) < 1e-12 for s in result.steps for a, w in zip(s.advantages, s.weights) if w > 0)


def test_a_hacked_reward_is_paid_more_while_the_score_falls():
    result = at(preset="hacked")
    assert result.stats.expected_reward > result.first.expected_reward + 1
    assert result.honest_mean(HORIZON) < result.honest_mean(0) - 0.3
    asks_back = [feature.key for feature in result.candidates.features].index("asks_back")
    favoured = result.candidates.matrix()[:, asks_back] > 0
    assert np.dot(result.probs(HORIZON), favoured) > np.dot(result.probs(0), favoured) + 0.3
    text = result_text(result)
    assert "The paid reward rises" in text
    assert "bonus falls" in text
    assert f"asking back now has {percent(np.dot(result.probs(HORIZON), favoured))}" in text


def test_a_distance_that_is_called_larger_reads_larger():
    """Leash off, first updates: the policy is a little further from π* than the reference was."""
    for step in range(1, 8):
        text = result_text(at(preset="off", step=step))
        found = re.search(r"reference was: ([\d.]+) instead of ([\d.]+)", text)
        assert found is None or float(found[1]) > float(found[2])


def test_a_bar_that_gains_against_its_advantage_says_so():
    values = {**LESSON.defaults(), **PRESETS["hacked"], "l8_step": 1, "votes": "86eM1eAM", "prior_sd": 0.1}
    walk = {"start": "walk", "walk": "steps=20&lr=0.003"}
    result = LESSON.result({**values, **walk})
    first = result.steps[0]
    best = int(np.argmax(np.subtract(first.logps, first.old_logps) * np.exp(first.old_logps)))
    because = LESSON.predict(result).because
    assert ("although its advantage was" in because) == (first.advantages[best] <= 0)


def test_the_preset_for_a_negative_estimate_shows_one():
    values = {**LESSON.defaults(), **PRESETS["negative"]}
    result = LESSON.result(values)
    record = min(result.steps[: result.step], key=lambda step: step.k1)
    assert record.k1 < -0.005
    assert record.exact_kl_old > 0
    assert record.k3 >= 0
    text = result_text(result)
    assert "k1 is negative" in text
    assert f"update {record.index}" in text


def test_an_adaptive_coefficient_moves_towards_its_target():
    adaptive, fixed = at(preset="adaptive"), at()
    target = PRESETS["adaptive"]["l8_target"]
    assert len({step.kl_coef for step in adaptive.steps}) > 10
    assert abs(adaptive.stats.kl - target) < abs(fixed.stats.kl - target) / 5
    for step, following in zip(adaptive.steps, adaptive.steps[1:]):
        assert (following.kl_coef - step.kl_coef) * (step.k1 - target) >= 0


def test_presets_say_what_they_set():
    named = {preset.key: preset.label for preset in LESSON.presets}
    for key, number in (("off", "l8_kl_coef"), ("short", "l8_kl_coef"), ("clip", "l8_clip"), ("adaptive", "l8_target")):
        assert float(re.findall(r"\d+(?:\.\d+)?", named[key])[-1]) == PRESETS[key][number]


def result_text(result):
    return " ".join(words.says(result))


def query_of(**changes):
    """What the frame writes into the pin: the controls that are not at their defaults."""
    now = {**LESSON.defaults(), **changes}
    pairs = [f"{p.key}={p.write(now[p.key])}" for p in CONTROLS if now[p.key] != p.default]
    return "&".join(pairs) or "defaults=1"


def test_a_pinned_run_is_the_run_it_was():
    before = at(step=20, l8_kl_coef=1.5, l8_seed=4)
    now = at(step=20, l8_pin=query_of(l8_kl_coef=1.5, l8_seed=4))
    assert now.pinned.config == before.config
    assert now.pinned.steps == before.steps[: len(now.pinned.steps)]
    assert now.config != before.config
    assert "KL coefficient 1.5" in now.pinned.differs
    assert "Seed 4" in now.pinned.differs


def test_a_pinned_run_follows_the_present_votes():
    votes = encode((Vote(3, 0, 1.0), Vote(5, 1, 1.0)))
    now = at(step=5, l8_pin=query_of(), l8_clip=0.5, votes=votes)
    assert now.pinned.config.scores == now.config.scores
    assert now.pinned.config.clip_epsilon == LESSON.param("l8_clip").default


def test_pinning_defaults_is_a_pin_and_says_that_nothing_differs():
    now = at(step=5, l8_pin=query_of())
    assert now.pinned.differs == ""
    assert "The pinned run has the same settings" in result_text(now)


@pytest.mark.parametrize(
    "pin", ["l8_kl_coef=banana", "l8_lr=1e999&l8_epochs=-4", "%%%", "l8_step=60", "&&==", "x" * 600, "l8_kl_coef=nan"]
)
def test_a_damaged_pin_gives_a_legal_run(pin):
    now = at(step=3, l8_pin=pin)
    assert now.pinned is not None
    assert all(np.isfinite(step.logps).all() for step in now.pinned.steps)
    assert LESSON.figures(now)


def test_the_pinned_run_is_drawn_with_the_numbers_of_its_own_steps():
    now = at(step=9, l8_pin=query_of(l8_kl_coef=3.0))
    ticks = next(trace for trace in LESSON.figures(now)[0].figure["data"] if trace.get("name") == "pinned run")
    assert np.allclose(ticks["x"], 100 * np.exp(now.pinned.steps[8].logps), rtol=1e-4)


def test_the_whole_pin_fits_the_setting():
    ends = {p.key: max((p.write(v) for v in p.ends()), key=len) for p in CONTROLS}
    assert len("&".join(f"{key}={value}" for key, value in ends.items())) <= LESSON.param("l8_pin").max_characters


def test_history_has_a_row_for_every_step_and_one_at_the_start():
    assert len(LESSON.history(at(step=12))) == 12
    assert [row["step"] for row in LESSON.history(at(step=12))] == list(range(1, 13))
    assert LESSON.history(at(step=0))


def test_estimators_are_drawn_as_they_were_measured():
    result = at(step=15, l8_view="kl")
    drawn = {trace.get("name"): trace for trace in LESSON.figures(result)[0].figure["data"]}
    for name, read in (("exact", "exact_kl_old"), ("k1", "k1"), ("k2", "k2"), ("k3", "k3")):
        assert np.allclose(drawn[name]["y"], [getattr(step, read) for step in result.steps], rtol=1e-4, atol=1e-6)
