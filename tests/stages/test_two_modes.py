"""Two modes: both descents fall at every step, and end where the theory of either divergence puts them."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.stages.two_modes import TwoModes, descents, grid, kls_of, target_logps

CONFIGS = st.builds(
    TwoModes,
    separation=st.floats(0, 6),
    weight=st.floats(0, 1),
    spread=st.floats(0.25, 1),
    start=st.floats(-3, 3),
)


@settings(max_examples=20, deadline=None)
@given(CONFIGS)
def test_neither_divergence_ever_rises_and_all_is_a_distribution(config):
    found = descents(config)
    assert sum(found.target) == pytest.approx(1.0)
    for path in (found.forward, found.reverse):
        kls = [step.kl for step in path]
        assert all(after <= before for before, after in pairwise(kls))
        assert all(step.kl >= 0 and sum(step.probs) == pytest.approx(1.0) for step in path)
    assert found.lowest.kl <= found.reverse[-1].kl


@pytest.mark.parametrize(
    "config", [TwoModes(), TwoModes(separation=3.0, weight=0.2), TwoModes(separation=1.0, spread=0.8)]
)
def test_forward_kl_ends_with_the_targets_mean_and_variance(config):
    """In an exponential family the maximum of the likelihood has the data's own moments: SFT covers."""
    x, target, end = grid(), target_logps(config).exp(), descents(config).forward[-1]
    probs = torch.tensor(end.probs, dtype=torch.float64)
    for power in (1, 2):
        assert (probs * x**power).sum().item() == pytest.approx((target * x**power).sum().item(), abs=0.02)


def test_reverse_kl_commits_to_a_far_mode_and_pays_the_log_of_its_weight():
    """On one of two modes far apart KL(π ‖ target) is −log of that mode's weight."""
    for start, weight in ((1.5, 0.5), (1.5, 0.3), (-1.5, 0.3)):
        end = descents(TwoModes(separation=6.0, weight=weight, start=start)).reverse[-1]
        share = weight if start < 0 else 1 - weight
        assert end.mean == pytest.approx(3.0 if start > 0 else -3.0, abs=0.02)
        assert end.kl == pytest.approx(-torch.tensor(share).log().item(), abs=0.01)


def test_with_one_mode_both_divergences_have_the_same_end():
    found = descents(TwoModes(separation=0.0))
    for end in (found.forward[-1], found.reverse[-1]):
        assert end.mean == pytest.approx(0.0, abs=0.01)
        assert end.width == pytest.approx(0.5, abs=0.01)


def test_the_gradient_is_that_of_the_divergences():
    target = target_logps(TwoModes(weight=0.3))
    parameters = torch.tensor([[0.4, 0.1], [0.4, 0.1], [-1.0, 0.3]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda p: kls_of(p, target), (parameters,))


@pytest.mark.parametrize("wrong", [{"separation": -1.0}, {"weight": 1.5}, {"spread": 0.0}, {"start": 99.0}])
def test_settings_outside_their_range_are_refused(wrong):
    with pytest.raises(ValueError, match="must lie between"):
        TwoModes(**wrong)
