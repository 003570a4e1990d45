"""The simulated voter: its taste decides, its noise blurs, its biases tilt, and the same seed votes the same."""

import numpy as np
import pytest

from core.world.candidates import NORWAY
from core.world.simulated_voter import TASTE, SimulatedVoter
from core.world.text_features import FEATURES
from core.world.votes import PAIRS

COLUMNS = [feature.key for feature in FEATURES]


def _share(voter, pair, count=4000, seed=0):
    rng = np.random.default_rng(seed)
    return float(np.mean([voter.vote(NORWAY, pair, rng).share for _ in range(count)]))


def test_taste_names_every_feature_and_no_other():
    assert set(TASTE) == set(COLUMNS)


def test_utilities_are_taste_times_features():
    expected = [sum(TASTE[key] * value for key, value in zip(COLUMNS, row)) for row in NORWAY.matrix()]
    assert np.allclose(SimulatedVoter().utilities(NORWAY), expected, atol=1e-12)


@pytest.mark.parametrize(("bias", "feature"), [("length_bias", "length"), ("flattery_bias", "flattery")])
@pytest.mark.parametrize("size", [-3.0, 0.0, 3.0])
def test_a_bias_adds_to_the_weight_of_its_own_feature_only(bias, feature, size):
    difference = SimulatedVoter(**{bias: size}).utilities(NORWAY) - SimulatedVoter().utilities(NORWAY)
    assert np.allclose(difference, size * NORWAY.matrix()[:, COLUMNS.index(feature)], atol=1e-12)


@pytest.mark.parametrize("pair", PAIRS)
def test_without_noise_the_higher_utility_always_wins(pair):
    utilities = SimulatedVoter(noise=0.0).utilities(NORWAY)
    vote = SimulatedVoter(noise=0.0).vote(NORWAY, pair, np.random.default_rng(0))
    assert vote.share == (
        0.5 if utilities[pair[0]] == utilities[pair[1]] else float(utilities[pair[0]] > utilities[pair[1]])
    )
    assert (vote.first, vote.second) == pair


@pytest.mark.parametrize("noise", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("pair", [(0, 1), (1, 5), (3, 6)])
def test_with_noise_the_share_of_wins_is_the_stated_probability(pair, noise):
    voter = SimulatedVoter(noise=noise)
    utilities = voter.utilities(NORWAY)
    stated = 1 / (1 + np.exp(-(utilities[pair[0]] - utilities[pair[1]]) / noise))
    # Four standard errors of 4000 draws.
    assert abs(_share(voter, pair) - stated) <= 4 * np.sqrt(stated * (1 - stated) / 4000) + 1e-9


def test_more_noise_brings_a_clear_pair_nearer_to_a_coin_toss():
    shares = [_share(SimulatedVoter(noise=noise), (1, 5)) for noise in (0.0, 1.0, 3.0)]
    assert shares[0] == 1.0
    assert shares[0] >= shares[1] > shares[2] > 0.5


def test_the_side_does_not_matter():
    voter = SimulatedVoter(noise=1.0)
    one, other = _share(voter, (1, 6)), _share(voter, (6, 1), seed=1)
    assert abs(one + other - 1) < 0.05


def test_the_smallest_noise_on_offer_and_huge_gaps_do_not_overflow():
    rng = np.random.default_rng(0)
    with np.errstate(over="raise"):
        votes = [SimulatedVoter(0.1, 3.0, 3.0).vote(NORWAY, pair, rng) for pair in PAIRS]
    assert all(vote.share in (0.0, 1.0) for vote in votes)


def test_the_same_seed_votes_the_same():
    one, other = (
        [SimulatedVoter(2.0).vote(NORWAY, pair, np.random.default_rng(3)) for pair in PAIRS] for _ in range(2)
    )
    assert one == other
