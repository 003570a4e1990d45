"""Lesson 6: six views of the same votes, each held against numbers that are written out once more here."""

import math

import numpy as np
import pytest

from core.lessons import lesson06_words as words
from core.lessons.lesson06 import LAST, LESSON
from core.lessons.lesson06_views import CENTRING, SHIFTS, shifted_losses
from core.stages.reward_curves import held_out_accuracy
from core.stages.reward_fit import fit_votes
from core.world.candidates import NORWAY
from core.world.simulated_voter import SimulatedVoter
from core.world.votes import MAX_EVENTS, PAIRS, Vote, encode

VOTES = (Vote(0, 3, 1.0), Vote(1, 5, 1.0), Vote(2, 7, 0.5), Vote(4, 0, 0.0), Vote(6, 1, 0.0), Vote(0, 0, None))
FEATURES = tuple(feature.key for feature in NORWAY.features)


def at(view="fit", votes=VOTES, **changes):
    return LESSON.result({**LESSON.defaults(), "l6_view": view, "votes": encode(votes), **changes})


def text(result):
    return " ".join(words.says(result))


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def traces(result):
    return LESSON.figures(result)[0].figure["data"]


def test_scores_by_hand_are_features_times_sliders():
    sliders = (1.0, -0.5, 2.0, 0.0, 0.3, -3.0)
    result = at("hand", **{f"l6_w_{key}": value for key, value in zip(FEATURES, sliders)})
    matrix = NORWAY.matrix()
    assert np.allclose(result.scores, (matrix - matrix.mean(axis=0)) @ sliders, atol=1e-12)


def test_by_hand_the_mean_loss_is_that_of_the_votes():
    result = at("hand", l6_w_tone=1.0, l6_w_key_word=2.0)
    losses = []
    for vote in VOTES[:-1]:
        gap = result.scores[vote.first] - result.scores[vote.second]
        losses.append(-vote.share * math.log(sigmoid(gap)) - (1 - vote.share) * math.log(sigmoid(-gap)))
    assert words.mean_loss(result, result.scores) == pytest.approx(np.mean(losses), abs=1e-12)


def test_fitted_weights_set_by_hand_give_the_fitted_loss_nearly():
    fit = at().fit
    near = {f"l6_w_{key}": round(float(weight), 1) for key, weight in zip(FEATURES, fit.weights)}
    result = at("hand", **near)
    assert words.mean_loss(result, result.scores) == pytest.approx(words.mean_loss(result, fit.scores), abs=0.05)


@pytest.mark.parametrize("c", [-5.0, 0.5, 5.0])
def test_plus_c_moves_every_score_and_not_the_likelihood(c):
    result = at("shift", l6_c=c)
    assert np.allclose(result.scores, result.fit.scores + c, atol=1e-12)
    plain, centred, prior = shifted_losses(result, (0.0, c))
    assert plain[1] == pytest.approx(plain[0], abs=1e-12)
    assert centred[1] > centred[0] + 1e-3
    assert prior[1] > prior[0] + 1e-3
    assert "by **0.000000**" in text(result)


def test_what_feels_the_shift_is_written_out_once_more():
    result = at("shift", l6_c=2.0)
    decided = [(v.first, v.second) if v.share == 1.0 else (v.second, v.first) for v in VOTES if v.share in (0.0, 1.0)]
    scores = result.fit.scores + 2.0
    plain, centred, prior = (values[0] for values in shifted_losses(result, (2.0,)))
    assert plain == pytest.approx(
        np.mean([-math.log(sigmoid(scores[won] - scores[lost])) for won, lost in decided]), abs=1e-12
    )
    assert centred - plain == pytest.approx(
        CENTRING * np.mean([(scores[won] + scores[lost]) ** 2 for won, lost in decided]), abs=1e-9
    )
    assert prior - plain == pytest.approx((scores**2).sum() / (2 * len(decided)), abs=1e-9)


def test_the_lines_over_c_are_lowest_where_the_scores_are_centred():
    """Scores have mean zero, so the prior on them is lowest at c = 0; the loss of the votes is a level line."""
    plain, _, prior = shifted_losses(at("shift"), SHIFTS)
    assert np.ptp(plain) < 1e-12
    assert SHIFTS[int(np.argmin(prior))] == 0.0


def test_the_loss_surface_is_lowest_where_its_walk_ends():
    result = at("surface", l6_x="tone", l6_y="key_word", l6_step=LAST)
    cut = result.slice
    assert cut.losses[-1] <= cut.loss.min() + 1e-9
    assert result.weights[FEATURES.index("tone")] == cut.path[-1][0]
    assert result.weights[FEATURES.index("key_word")] == cut.path[-1][1]
    assert np.count_nonzero(result.weights) == 2


def test_one_feature_on_both_axes_is_avoided():
    result = at("surface", l6_x="tone", l6_y="tone")
    assert result.axes[0] != result.axes[1]


def test_two_features_fit_no_better_than_all():
    result = at("surface")
    whole = result.fit.linear.nll - result.fit.linear.log_prior
    assert result.slice.losses[-1] >= whole - 1e-9


def test_free_scores_leave_answers_without_votes_at_the_prior():
    result = at("free", votes=(Vote(0, 5, 1.0), Vote(0, 3, 1.0)))
    strengths, errors = result.free
    for index in (1, 2, 4, 6, 7):
        assert strengths[index] == pytest.approx(0.0, abs=1e-6)
    assert strengths[0] > 0 > strengths[5]
    assert errors[1] > errors[0]
    assert "5 of 8" in text(result)


def test_features_speak_about_answers_without_votes():
    result = at("free", votes=(Vote(0, 5, 1.0),))
    assert abs(result.fit.scores[1]) > 0.01
    assert result.free[0][1] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("preset", ["plain", "noisy", "long", "flattered"])
def test_presets_make_the_voter_that_they_name(preset):
    values = next(item.values for item in LESSON.presets if item.key == preset)
    result = LESSON.result({**LESSON.defaults(), **values, "l6_view": "held"})
    best = held_out_accuracy(NORWAY, SimulatedVoter(0.3), 1.0).accuracy.mean(axis=0)[-1]
    here = result.curve.accuracy.mean(axis=0)[-1]
    assert (here == best) if preset == "plain" else (here < best - 0.02)


def test_the_curve_and_the_own_votes_are_drawn_with_their_numbers():
    result = at("held")
    line = next(
        trace for trace in traces(result) if "simulated voter" in str(trace.get("name")) and len(trace["x"]) > 2
    )
    assert np.allclose(line["y"], result.curve.accuracy.mean(axis=0), atol=1e-4)
    right, tried = result.left_out
    assert tried == 4
    own = next(trace for trace in traces(result) if f"n = {tried}" in str(trace.get("name")))
    assert own["y"] == [pytest.approx(right / tried, abs=1e-4)]
    assert f"{right} of {tried} right" in text(result)


def test_the_end_of_the_walk_is_the_fit_and_has_intervals():
    end, way = at(l6_step=LAST), at(l6_step=3)
    assert np.allclose(end.scores, fit_votes(NORWAY, VOTES, 1.0).scores)
    assert end.fitted
    assert not way.fitted
    assert "±" in text(end)
    assert "±" not in text(way)


def test_the_table_says_what_the_scores_on_screen_say():
    result = at(l6_step=LAST)
    shown = LESSON.table(result)
    assert len(shown.rows) == 5
    for vote, row in zip(result.listed, shown.rows):
        first, second = (vote.first, vote.second) if vote.share != 0.0 else (vote.second, vote.first)
        gap = result.scores[first] - result.scores[second]
        assert row[0] == f"{NORWAY.names[first]} {'=' if vote.share == 0.5 else '>'} {NORWAY.names[second]}"
        assert float(row[1].replace("−", "-")) == pytest.approx(gap, abs=0.006)
        assert float(row[2].rstrip(" %")) == pytest.approx(100 * sigmoid(gap), abs=0.6)


def test_skips_show_another_pair_and_do_not_count():
    with_skip, without = at(votes=VOTES), at(votes=VOTES[:-1])
    assert with_skip.fit.n_votes == without.fit.n_votes == 5
    assert with_skip.shown != without.shown


def test_a_full_list_of_votes_still_works():
    rng = np.random.default_rng(0)
    many = tuple(Vote(*PAIRS[int(rng.integers(28))], 1.0) for _ in range(MAX_EVENTS))
    assert at(votes=many).fit.n_votes == MAX_EVENTS
    assert len(LESSON.table(at(votes=many)).rows) == 8
