"""A team's own labels on the whiteboard: both routes, their ends, and labels without an answer."""

from __future__ import annotations

import numpy as np
import pytest

from core.stages.own_policy import OwnPolicySetup, dpo_config, run, scores

MIXED = ((0, 1, 1.0), (0, 1, 1.0), (0, 1, 0.0), (1, 2, 1.0), (2, 1, 0.5), (0, 2, 1.0), (2, 0, 1.0))


def test_both_routes_start_at_the_reference_and_move_to_what_was_preferred():
    found = run(OwnPolicySetup(3, MIXED, ref_probs=(1, 2, 1), steps=30))
    assert found.dpo[0] == pytest.approx((0.25, 0.5, 0.25))
    assert found.ppo[0] == pytest.approx((0.25, 0.5, 0.25))
    assert len(found.dpo) == len(found.ppo) == len(found.dpo_stats) == len(found.ppo_stats) == 31
    assert found.dpo[-1][0] > 0.25
    assert found.ppo[-1][0] > 0.25
    assert found.diverged == ()


def test_each_route_ends_where_it_should():
    found = run(OwnPolicySetup(3, MIXED, steps=200, kl_coef=0.4, beta=0.4))
    assert found.ppo[-1] == pytest.approx(found.optimum, abs=0.02)
    assert found.dpo[-1] == pytest.approx(found.dpo_end, abs=0.02)


def test_labels_that_all_say_the_same_have_no_lowest_point():
    found = run(OwnPolicySetup(2, ((0, 1, 1.0),), steps=20))
    assert found.dpo_end is None
    assert np.isfinite(found.scores).all()
    assert found.dpo[-1][0] > 0.5


def test_ties_move_nothing():
    found = run(OwnPolicySetup(3, ((0, 1, 0.5), (1, 2, 0.5)), ref_probs=(0.2, 0.5, 0.3), steps=10))
    assert found.scores == pytest.approx((0, 0, 0))
    assert found.dpo[-1] == pytest.approx((0.2, 0.5, 0.3))
    assert found.ppo[-1] == pytest.approx((0.2, 0.5, 0.3))


def test_rows_are_the_labels():
    config = dpo_config(OwnPolicySetup(3, MIXED))
    assert config.pairs == ((0, 1, 2), (0, 2, 1), (1, 0, 1), (1, 2, 1.5), (2, 0, 1), (2, 1, 0.5))
    assert sum(weight for _, _, weight in config.pairs) == len(MIXED)
    assert config.scores == scores(OwnPolicySetup(3, MIXED))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"judgements": ()}, "learns from labels"),
        ({"n_candidates": 1}, "needs 2 to"),
        ({"judgements": ((0, 3, 1.0),)}, "two different candidates"),
        ({"judgements": ((0, 1, 0.7),)}, "0.5 for a tie"),
        ({"ref_probs": (0.5, 0.5)}, "one starting probability"),
        ({"ref_probs": (0.5, 0.5, 0.0)}, "above 0"),
        ({"beta": 0.0}, "β"),
        ({"kl_coef": float("nan")}, "KL coefficient"),
        ({"steps": 0}, "one step"),
    ],
)
def test_what_cannot_be_trained_is_refused(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        OwnPolicySetup(**{"n_candidates": 3, "judgements": MIXED, **given})


def test_extreme_settings_stay_finite():
    for beta, kl_coef in ((1e-4, 0.0), (50.0, 50.0)):
        found = run(OwnPolicySetup(3, MIXED, beta=beta, kl_coef=kl_coef, steps=5))
        assert np.isfinite(found.dpo).all()
        assert np.isfinite(found.ppo).all()
        assert len(found.dpo) == 6
