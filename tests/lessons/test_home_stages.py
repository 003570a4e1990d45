"""What each stage did, in plain words: every number and every answer is the run's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.lessons import home_stages
from core.lessons.text import plain, signed
from core.stages import my_votes_recorded, recorded
from core.stages.my_votes_features import FEATURES, KEYS

KEPT = my_votes_recorded.load()
RUN = KEPT.run("example")


def told(run=RUN, votes="Your 5 votes"):
    return [stage.sentences for stage in home_stages.yours(KEPT, run, votes)]


def test_sft_is_told_with_the_answers_and_the_count_of_the_relay_of_lesson_3():
    relay = recorded.find(True, True)
    sft = told()[0]
    assert plain(relay.evaluations[0].samples[0][1]) in sft
    assert f"{relay.handed('sft').count} example answers" in sft
    assert plain(RUN.shown[0].texts[0]) in sft
    assert (
        f"{relay.handed('reward_model').count:,} comparisons"
        in home_stages.playing(KEPT, KEPT.run("model"))[1].sentences
    )


def test_the_reward_model_is_told_with_the_answers_that_it_puts_first_and_last():
    manners = replace(RUN.config, belief=0.0, manners=1.0, flattery=0.0, declines=0.0, length=0.0)
    sentence = told(replace(RUN, config=manners))[1]
    assert "hope this helps" in sentence.split("best")[0]
    assert "stupid question" in sentence.split("best")[1]
    assert "(+1.00)" in sentence
    assert "(−1.00)" in sentence
    none = replace(RUN.config, **dict.fromkeys(KEYS, 0.0))
    assert "does not tell the eight answers above apart" in told(replace(RUN, config=none))[1]


def test_ppo_is_told_with_the_last_answer_and_the_mean_reward():
    ppo = told()[2]
    assert plain(RUN.shown[-1].texts[0]) in ppo
    assert f"from {signed(RUN.before.reward)} to {signed(RUN.after.reward)}" in ppo
    assert f"{RUN.config.ppo.steps} times" in ppo


@pytest.mark.parametrize("place", range(len(FEATURES)))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_feature_that_is_named_is_the_one_that_moved_the_reward(place, sign):
    weights = dict.fromkeys(KEYS, 0.0) | {KEYS[place]: 1.0}
    moved = tuple(v + sign * (k == place) for k, v in enumerate(RUN.before.features))
    after = replace(RUN.after, features=moved, reward=RUN.before.reward + sign)
    run = replace(RUN, config=replace(RUN.config, **weights), after=after)
    assert f"the largest part is “{FEATURES[place].name}”" in told(run)[2]


def test_no_feature_is_named_where_the_reward_did_not_move():
    still = replace(RUN.after, features=RUN.before.features, reward=RUN.before.reward)
    assert "largest part" not in told(replace(RUN, after=still))[2]


def test_without_the_relay_the_words_name_no_count(monkeypatch):
    monkeypatch.setattr(recorded, "find", lambda *_: None)
    assert "write like example answers" in told()[0]
    assert "from comparisons of two answers" in home_stages.playing(KEPT, KEPT.run("model"))[1].sentences
