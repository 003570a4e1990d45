"""Lesson 8's live lens: its numbers are the run's, its formulas add up, the nearest recorded run is named as such."""

import contextlib
import io
import math
from dataclasses import replace

import numpy as np
import pytest

from core.lessons import lesson08_lens as lens
from core.lessons.lesson08 import LESSON
from core.lessons.lesson08_lens_formulas import rewards
from core.lessons.lesson08_lens_params import TOKENS
from core.lessons.lesson08_lens_words import word_values
from core.objectives.ppo import policy_loss
from core.stages import lens_recorded
from core.stages.lens import SETTINGS, LensConfig


def at(step=5, **changes):
    return LESSON.result({**LESSON.defaults(), "l8_lens": "lm", "l8_lm_step": step, **changes})


def said(result):
    return " ".join(LESSON.says(result))


def test_the_defaults_are_the_recorded_defaults():
    result = at()
    assert result.wanted == LensConfig()
    assert result.differs == ()
    assert result.source == "recorded"
    assert [chart.badge for chart in LESSON.figures(result)] == ["recorded"]
    assert LESSON.table(result).badge == "recorded"


def test_shared_settings_are_the_lessons_own():
    config = at(l8_kl_coef=1.2, l8_clip=0.1, l8_epochs=2, l8_whiten=True, l8_kl="k3", l8_reward="flipped").wanted
    ppo = config.ppo
    assert (ppo.kl_coef, ppo.clip_epsilon, ppo.epochs, ppo.whiten, ppo.kl_estimator) == (1.2, 0.1, 2, True, "k3")
    assert config.reward == "flipped"


def test_a_run_that_was_not_recorded_shows_the_nearest_and_says_so():
    result = at(l8_kl_coef=0.05, l8_lm_seed=3)
    assert result.run.config in lens_recorded.KEPT
    assert len(result.differs) == 2
    assert "recorded run with KL coefficient" in said(result)
    assert "seed 0 instead of 3" in " ".join(result.differs)
    for config in lens_recorded.KEPT:
        values = {"l8_kl_coef": config.ppo.kl_coef, "l8_reward": config.reward}
        assert at(**values).differs == ()


def test_the_ratio_is_one_in_the_first_epoch_and_moves_after_it():
    first, last = at(l8_lm_pass=1), at(l8_lm_pass=4)
    assert set(first.ratios) == {1.0}
    assert max(abs(ratio - 1) for ratio in last.ratios) > 0
    assert set(word_values(at(step=0), at(step=0).answer)) == {1.0}


@pytest.mark.parametrize("word", range(0, 4 * TOKENS, 11))
def test_the_branches_are_those_of_the_loss(word):
    import torch

    result = at(l8_at=word)
    answer, i = result.answer, result.word
    new = torch.tensor([answer.passes[-1][i]], dtype=torch.float64)
    old, a = (torch.tensor([row[i]], dtype=torch.float64) for row in (answer.logps, answer.advantages))
    found = policy_loss(new, old, a, result.config.ppo.clip_epsilon)
    assert result.surrogate["unclipped"][i] == pytest.approx(found.unclipped.item())
    assert result.surrogate["clipped"][i] == pytest.approx(found.clipped_surrogate.item())
    lines = " ".join(LESSON.formula(result).lines)
    held = found.clipped_surrogate.item() < found.unclipped.item()
    assert ("clip wins" in lines) == held
    assert lines.count("checkmark") == (0 if found.clipped_surrogate.item() == found.unclipped.item() else 1)


def test_advantages_follow_from_rewards_and_values():
    """What the formula adds up is what the run used: rewards and values give the recorded advantages."""
    for step in (1, 7, 40):
        result = at(step=step)
        for answer in result.update.answers:
            paid, values = rewards(result, answer), (*answer.values, 0.0)
            advantage = 0.0
            for i in reversed(range(len(answer.words))):
                advantage = paid[i] + values[i + 1] - values[i] + SETTINGS.lam * advantage
                assert advantage == pytest.approx(answer.advantages[i], abs=3e-3)


def test_estimates_add_up_and_k3_is_never_negative():
    for step in (1, 10, 40):
        result = at(step=step)
        for answer, sums in zip(result.update.answers, result.sums, strict=True):
            ratio = np.subtract(answer.logps, answer.ref_logps)
            assert sums[0] == pytest.approx(ratio.sum())
            assert sums[1] == pytest.approx((ratio**2).sum() / 2)
            assert sums[2] >= 0
            assert sums[3] == pytest.approx(sum(answer.kl_exact))


def test_a_negative_estimate_is_explained_from_the_word_that_makes_it():
    for step in range(1, 41):
        result = at(step=step, l8_lm_view="kl")
        lowest = min(sums[0] for sums in result.sums)
        assert ("Why is k1" in said(result)) == (lowest < -5e-4)
    assert LESSON.formula(result).lines[0].startswith("k_1")


def test_a_click_on_a_word_puts_its_numbers_into_the_formula():
    for place in (0, 2, TOKENS + 1, 3 * TOKENS):
        result = at(l8_at=place)
        p = math.exp(result.answer.logps[result.word])
        assert f"{p:.3f}" in " ".join(LESSON.formula(result).lines)
        table = LESSON.table(result)
        assert table.picks[table.lit] == result.number * TOKENS + result.word
        assert all(LESSON.param("l8_at").nearest(pick) == pick for pick in table.picks)
        assert len(table.picks) == len(table.rows)


def test_the_followed_prompt_is_that_of_the_whiteboard():
    assert at().prompt == "What is the capital of Norway?"
    other = next(key for key, prompt in LESSON.param("example").options if prompt != at().prompt)
    assert at(example=other).prompt == dict(LESSON.param("example").options)[other]
    spoken = LESSON.figures(at())[0].spoken
    assert len(spoken) == at().run.last + 1
    assert spoken[5][1][1].startswith(at().said(5).text)
    assert spoken[5][0][1].startswith(at().said(4).text)


def test_a_live_run_takes_the_place_of_the_recorded_one_wholly():
    kept = lens_recorded.find(LensConfig(ppo=replace(SETTINGS, kl_coef=0.0)))
    recorded = at(step=20, l8_kl_coef=0.4, l8_lm_seed=9)
    live = lens.with_live(recorded, kept.steps[:6], 5, False)
    assert (live.step, live.source, live.differs, live.horizon) == (5, "live", (), 40)
    assert live.config == recorded.wanted
    (chart,) = LESSON.figures(live)
    assert (chart.badge, len(chart.frames), chart.horizon) == ("live", 6, 40)
    assert "recorded" not in said(live)
    stopped = lens.with_live(recorded, kept.steps[:6], 30, True)
    assert (stopped.step, stopped.horizon) == (5, 5)
    waiting = lens.with_live(recorded, kept.steps[:1], 0, False)
    assert LESSON.figures(waiting)
    assert LESSON.formula(waiting).lines
    assert LESSON.table(waiting) is None
    assert said(waiting)
    assert LESSON.predict(waiting).options
    assert LESSON.quiz(waiting)
    assert len(LESSON.history(waiting)) == 1


def test_the_script_prints_the_numbers_of_the_picked_answer():
    result = at(step=9, l8_at=TOKENS)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(LESSON.snippet(result), "snippet", "exec"), {"__name__": "snippet"})
    lines = printed.getvalue().split()
    for i, ratio in enumerate(result.ratios):
        assert float(lines[4 * i + 1]) == pytest.approx(ratio, abs=1e-4)
    assert [float(value) for value in lines[-3:]] == pytest.approx(result.sums[1][:3], abs=1e-3)


def test_without_a_recording_one_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setattr(lens_recorded, "load", lambda: ())
    with pytest.raises(ValueError, match="record lens"):
        LESSON.compute({**LESSON.defaults(), "l8_lens": "lm"})
