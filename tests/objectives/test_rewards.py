"""Token rewards: KL at every token, the score at one of them."""

from __future__ import annotations

import math

import pytest
import torch

from core.objectives.rewards import kl_penalised_rewards, last_token_rewards, response_padding, reward_summary


def draw(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


LAST = torch.tensor([4, 2, 0, -1])  # a full row, a padded one, one token, none
SCORES = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)


def test_where_the_score_stands():
    zero = torch.zeros(4, 5, dtype=torch.float64)
    after = kl_penalised_rewards(zero, zero, SCORES, LAST, 0.1).rewards
    assert after.nonzero().tolist() == [[0, 4], [1, 3], [2, 1], [3, 0]]
    mask = ~response_padding(LAST, 5)[0]
    on = last_token_rewards(zero, zero, SCORES, mask, 0.1).rewards
    assert on.nonzero().tolist() == [[0, 4], [1, 2], [2, 0], [3, 4]]
    for rewards in (after, on):
        assert rewards.sum(1).tolist() == SCORES.tolist()


def test_padding_masks():
    padding, padding_p1 = response_padding(LAST, 5)
    assert (~padding).sum(1).tolist() == [5, 3, 1, 0]
    assert (~padding_p1).sum(1).tolist() == [5, 4, 2, 1]
    shaped = last_token_rewards(draw(0, 4, 5), draw(1, 4, 5), SCORES, ~padding, 0.1)
    assert (~shaped.padding_mask_p1).sum(1)[:3].tolist() == [5, 4, 2]


@pytest.mark.parametrize("estimator", ["k1", "k3"])
@pytest.mark.parametrize("rubbish", [math.nan, math.inf, 1e300])
def test_what_the_padding_holds_does_not_matter(estimator, rubbish):
    padding, _ = response_padding(LAST, 5)
    results = []
    for filler in (0.0, rubbish):
        logps, ref = (torch.where(padding, filler, draw(seed, 4, 5)) for seed in (0, 1))
        one = kl_penalised_rewards(logps, ref, SCORES, LAST, 0.1, estimator, whiten_rewards=True)
        other = last_token_rewards(logps, ref, SCORES, ~padding, 0.1, estimator)
        results.append((*one, *other, torch.tensor(reward_summary(one, logps, SCORES))))
    torch.testing.assert_close(*results)


def test_the_total_is_score_minus_penalty_and_the_summary_says_so():
    logps, ref = -draw(0, 4, 5).abs(), -draw(1, 4, 5).abs()
    shaped = kl_penalised_rewards(logps, ref, SCORES, LAST, 0.3)
    torch.testing.assert_close(shaped.rewards.sum(1), SCORES - 0.3 * shaped.kl.sum(1))
    summary = reward_summary(shaped, logps, SCORES)
    assert summary.rlhf_reward == pytest.approx(shaped.rewards.sum(1).mean().item())
    assert summary.non_score_reward == pytest.approx(-0.3 * summary.kl)
    assert summary.scores == 2.5


def test_limits_of_the_second_form():
    logps, ref = torch.tensor([[0.0, 0.0]], dtype=torch.float64), torch.tensor([[-50.0, 1.0]], dtype=torch.float64)
    mask, scores = torch.ones(1, 2), torch.tensor([99.0], dtype=torch.float64)
    assert last_token_rewards(logps, ref, scores, mask, 1.0).kl.tolist() == [[10.0, -1.0]]
    assert last_token_rewards(logps, ref, scores, mask, 1.0, kl_clamp=None).kl.tolist() == [[50.0, -1.0]]
    assert last_token_rewards(logps, ref, scores, mask, 0.0, reward_clip_range=(-5.0, 5.0)).rewards.tolist() == [[0, 5]]
    assert last_token_rewards(logps, ref, scores, mask, -1.0).rewards.tolist() == [[0, 99]]
    with pytest.raises(ValueError, match="estimator"):
        kl_penalised_rewards(logps, ref, scores, torch.tensor([1]), 1.0, "k9")
