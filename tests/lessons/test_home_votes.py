"""The home page's votes: their link, the fit, the whiteboard, and sentences that follow the numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.lessons import home_votes_views as views
from core.lessons import home_votes_words as words
from core.lessons.home_votes import HV, compute, decode, encode
from core.stages import my_votes_recorded
from core.stages.my_votes_features import KEYS

PAIRS = my_votes_recorded.load().pairs
TAG = encode("l")[:3]
MANNERS = KEYS.index("manners")


def votes_for(feature: int) -> str:
    """Votes on every pair for the answer with more of one feature; ties where both have the same."""
    return "".join("t" if p.difference[feature] == 0 else "lr"[int(p.difference[feature] < 0)] for p in PAIRS)


def looked(gold: float, reward: float, run=None):
    """The recorded example with another end: gold and reward so much above the start."""
    run = run or my_votes_recorded.load().run("example")
    after = replace(run.after, gold=run.before.gold + gold, reward=run.before.reward + reward)
    return replace(run, after=after)


@given(st.text("lrts", max_size=len(PAIRS)))
@settings(max_examples=50)
def test_votes_come_back_from_the_link(letters):
    assert decode(encode(letters)) == letters
    reading = HV.read(encode(letters))
    assert (reading.value, reading.note) == (encode(letters), None)


@pytest.mark.parametrize(
    "text", ["???l", TAG + "x", TAG + "l" * (len(PAIRS) + 1), "l", "<b>", TAG[:2], "9" * 5000, TAG + "L"]
)
def test_a_damaged_link_means_no_votes_and_says_so(text):
    reading = HV.read(text)
    assert reading.value == ""
    assert reading.note
    assert compute(text).letters == ""


def test_votes_for_politeness_give_a_positive_weight_and_turned_votes_a_negative_one():
    letters = votes_for(MANNERS)
    assert set(letters) & set("lr")
    liked = compute(encode(letters)).fit.weights
    turned = compute(encode(letters.translate(str.maketrans("lr", "rl")))).fit.weights
    assert liked[MANNERS] > 0
    assert turned == pytest.approx(-liked, abs=1e-6)


def test_votes_shrink_the_uncertainty_and_skips_change_nothing():
    none, skipped, five = compute(""), compute(encode("sss")), compute(encode("lllll"))
    assert np.allclose(none.weight_sd, my_votes_recorded.PRIOR_SD)
    assert np.allclose(skipped.fit.weights, 0)
    assert np.all(five.weight_sd < none.weight_sd)
    assert (none.missing, skipped.missing, five.missing) == (5, 5, 0)
    assert compute(encode("s" * len(PAIRS))).missing > 0
    assert compute(encode("l" + "s" * (len(PAIRS) - 1))).missing == 0


def test_ties_alone_leave_nothing_to_train_on():
    tied = compute(encode("ttttt"))
    assert tied.flat
    assert "cancel out" in words.missing(tied)
    assert tied.board_probs == pytest.approx(tied.candidates.ref_probs)
    assert "leave the policy where it is" in words.board(tied)


def test_the_whiteboard_moves_towards_the_optimum_of_the_votes():
    now = compute(encode(votes_for(MANNERS)))
    start, end, best = (np.array(p) for p in (now.candidates.ref_probs, now.board_probs, now.board_optimum))
    assert np.abs(end - best).sum() < np.abs(start - best).sum()
    assert now.board.scores @ end > now.board.scores @ start


def test_the_charts_show_the_fit_and_say_where_the_start_comes_from():
    now = compute(encode("lrlrl"))
    weights = views.weights_chart(now)
    assert weights.figure["data"][0]["x"] == pytest.approx(now.fit.weights, rel=1e-4)
    board = views.board_chart(now)
    assert board.recordings == (("reference",) if now.candidates.recorded else ())
    assert board.frames == ()
    run = now.recording.run("model")
    chart = views.run_chart(run, key="k", title="t", badge="recorded", prompts=3)
    assert len(chart.frames) == len(chart.spoken) == len(run.shown)
    assert [answer for _, answer in chart.spoken[-1]] == list(run.shown[-1].texts[:3])


def test_the_verdict_follows_reward_and_gold():
    verdicts = {(g, r): words.verdict(looked(g, r)) for g in (-2.0, 0.0, 2.0) for r in (-3.0, 0.0, 3.0)}
    assert {key for key, text in verdicts.items() if "something silly" in text} == {(-2.0, 3.0)}
    assert "gold with it" in verdicts[2.0, 3.0]
    assert "no clear difference" in verdicts[0.0, 3.0]
    for gold in (-2.0, 0.0, 2.0):
        assert "did not raise the reward" in verdicts[gold, 0.0]
        assert "did not raise the reward" in verdicts[gold, -3.0]
    assert "n = " in words.gold(looked(0.0, 0.0))


def test_rewards_in_words_name_the_largest_weight_first():
    config = my_votes_recorded.load().run("example").config
    said = words.rewarded(replace(config, belief=0.0, manners=1.0, flattery=-2.0, declines=0.0, length=0.0))
    assert said == "no flattery (−2.00) and good manners (+1.00)"
    assert "nothing" in words.rewarded(replace(config, **dict.fromkeys(KEYS, 0.0)))
