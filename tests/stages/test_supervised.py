"""Pretraining and SFT imitate; the reward model learns an order."""

import math

import numpy as np
import pytest
import torch

from core.stages import dpo, pretrain, reward_model, sft
from core.stages.data import Ranking
from core.stages.evaluate import evaluate
from tests.stages import toy

TASK = toy.task()


def mean_gold(model) -> float:
    return evaluate("x", model, TASK).gold_train_items


def test_pretraining_learns_and_document_batches_hold_every_document():
    config = toy.SIZES
    lengths = [len(document) for document in toy.documents()]
    batches = pretrain.document_batches(lengths, config, 0)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert batches != pretrain.document_batches(lengths, config, 1)
    unseen = toy.documents(100, seed=9)
    assert pretrain.validation_loss(toy.base(), unseen) < 0.6 * math.log(len(TASK.tokenizer))
    with pytest.raises(ValueError, match="corpus is empty"):
        next(pretrain.pretrain(pretrain.begin(config, 10), [], config))


def test_documents_longer_than_the_context_are_cut():
    batch = pretrain.document_batch([[2] * 30, [3, 1]], context=16)
    assert batch.tokens.shape == (2, 17)
    assert batch.scored.sum(dim=1).tolist() == [16, 1]


def test_sft_imitates():
    config = sft.SftConfig(steps=40, batch_size=16, lr=3e-3)
    state = sft.begin(toy.base(), config)
    records = list(sft.sft(state, toy.demos(), config))
    assert records[-1].loss < 0.5 * records[0].loss
    assert mean_gold(state.model) > mean_gold(toy.base()) + 0.3
    with pytest.raises(ValueError, match="nothing to imitate"):
        next(sft.sft(sft.begin(toy.base(), config), [], config))


def trained_reward():
    config = reward_model.RewardModelConfig(epochs=6, batch_size=8, lr=1e-3)
    state = reward_model.begin(toy.base(), config)
    records = list(reward_model.reward_model(state, toy.rankings(64), config))
    return state, records


def test_reward_model_learns_the_order_and_is_scaled_on_the_policy():
    state, records = trained_reward()
    assert np.mean([r.accuracy for r in records[-5:]]) > 0.7
    assert records[-1].loss < records[0].loss
    model, report = reward_model.calibrate(state.model, toy.base(), TASK, seed=0, n=64)
    assert report.accuracy_train_items > 0.7
    assert report.std > 0
    answers = [(toy.PROMPTS[0], text) for text in ("one", "bad bad")]
    ids = [tuple(TASK.tokenizer.encode(text, end=True)) for _, text in answers]
    raw = model.raw([TASK.ids(prompt) for prompt, _ in answers], ids)
    assert raw[0] > raw[1]


def test_an_answer_without_end_loses_the_penalty():
    state, _ = trained_reward()
    from core.policies.sampling import sample

    drawn = sample(toy.base(), [TASK.ids(p) for p in toy.PROMPTS[:4]], max_new_tokens=1, temperature=0.0)
    assert not drawn.finished.all()
    free = reward_model.RewardModel(state.model, missing_end_penalty=0.0)(toy.PROMPTS[:4], drawn)
    strict = reward_model.RewardModel(state.model, missing_end_penalty=1.0)(toy.PROMPTS[:4], drawn)
    torch.testing.assert_close(free - strict, (~drawn.finished).float())


def test_all_ties_is_a_sentence():
    tied = [Ranking(toy.PROMPTS[0], (4,), ((5,), (6,)), (0, 0))]
    for go in (
        lambda: next(
            reward_model.reward_model(
                reward_model.begin(toy.base(), reward_model.RewardModelConfig()), tied, reward_model.RewardModelConfig()
            )
        ),
        lambda: next(dpo.dpo(dpo.begin(toy.base(), dpo.DpoConfig()), toy.base(), dpo.DpoConfig(), tied)),
    ):
        with pytest.raises(ValueError, match="every label is a tie"):
            go()
