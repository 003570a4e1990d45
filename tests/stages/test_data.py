"""Batches and labels: what is scored, what is a pair, and how noise shows."""

import numpy as np
import pytest
import torch

from core.stages.batches import answer_logps, minibatch, text_batch
from core.stages.data import LabelConfig, Ranking, collect_rankings, demonstrations, shown_pair
from tests.stages import toy

TASK = toy.task()


def test_only_the_answer_is_scored():
    batch = text_batch([(2, 3), (4,)], [(5, 1), (6, 7, 1)])
    assert batch.tokens.tolist() == [[2, 3, 5, 1], [4, 6, 7, 1]]
    assert batch.scored.tolist() == [[False, True, True], [True, True, True]]
    assert batch.targets.tolist() == [5, 1, 6, 7, 1]
    assert batch.lengths().tolist() == [2, 3]
    cut = text_batch([(2, 3), (4,)], [(5, 1), (6, 7, 1)], context=3)
    assert cut.targets.tolist() == [5, 6, 7]
    with pytest.raises(ValueError, match="empty"):
        text_batch([()], [(5,)])


def test_answer_logps_do_not_depend_on_the_other_rows():
    model = toy.base()
    with torch.no_grad():
        alone = answer_logps(model, text_batch([(4,)], [(6, 1)])).sum()
        together = answer_logps(model, text_batch([(4,), (2, 3, 4)], [(6, 1), (5, 5, 5, 1)])).sum(dim=1)[0]
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-5)


def test_minibatches_go_through_everything_once_per_epoch():
    for epoch in range(3):
        seen = [i for step in range(4) for i in minibatch(14, 4, epoch * 4 + step, seed=1)]
        assert sorted(seen) == list(range(14))
    assert minibatch(14, 4, 0, 1) != minibatch(14, 4, 0, 2)
    with pytest.raises(ValueError, match="nothing to train on"):
        minibatch(0, 4, 0, 1)


def test_rankings_hold_ties_and_pairs():
    ranking = Ranking(toy.PROMPTS[0], (4,), ((5,), (6,), (5,), (7,)), (0, 1, 0, 2))
    assert ranking.pairs() == [(0, 1), (0, 3), (1, 3), (2, 1), (2, 3)]


def test_collected_rankings_follow_gold_without_noise():
    for ranking in toy.rankings():
        for better, worse in ranking.pairs():
            gold = [TASK.quality(ranking.prompt, ranking.answers[i]) for i in (better, worse)]
            assert gold[0] >= gold[1]
    pair = shown_pair(TASK, toy.rankings()[0], 0, 1)
    assert pair.prompt == toy.rankings()[0].prompt.text


def test_demonstrations_are_of_the_asked_quality():
    for quality, expected in ((1.0, 1.0), (0.0, -0.7)):
        assert all(
            TASK.quality(d.prompt, d.answer_ids) == pytest.approx(expected) for d in demonstrations(TASK, 8, quality, 0)
        )
    with pytest.raises(ValueError, match="quality"):
        demonstrations(TASK, 8, 1.5, 0)
    with pytest.raises(ValueError, match="demonstrations"):
        demonstrations(TASK, 0, 0.5, 0)


def test_labels_with_noise_are_wrong_more_often():
    def errors(noise):
        config = LabelConfig(n_prompts=60, noise=noise, max_new_tokens=toy.MAX_NEW_TOKENS)
        found = collect_rankings(toy.base(), TASK, config)
        pairs = [(r, i, j) for r in found for i, j in r.pairs()]
        return np.mean(
            [TASK.quality(r.prompt, r.answers[i]) < TASK.quality(r.prompt, r.answers[j]) for r, i, j in pairs]
        )

    assert errors(0.0) == 0.0
    assert errors(2.0) > 0.2
