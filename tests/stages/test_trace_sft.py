"""The walk through SFT: real steps of the real loss, nothing trained in place, and measures that follow the weights."""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

import numpy as np
import pytest
import torch

from core.lm_records import is_finite
from core.objectives.sft import sft_loss
from core.stages import trace_sft
from core.stages.asked import base
from core.stages.data import Demonstration
from core.stages.sequences import response_logps
from core.stages.sft import SftConfig, begin, sft
from core.stages.trace_sft import N_BARS, WALKED, TraceConfig, scene, trace, untrained_others
from core.stages.walks import trajectory
from core.stages.world_task import load_base, tokenizer, world_task
from core.world.prompts import find_prompt


@lru_cache(maxsize=8)
def walk(steps=4, **settings):
    return tuple(itertools.islice(trace(TraceConfig(**settings)), steps + 1))


def test_walked_prompts_are_held_out_and_of_every_kind():
    found = [find_prompt(text) for text in WALKED]
    assert all(prompt.held_out for prompt in found)
    assert len({prompt.kind for prompt in found}) == len(WALKED)


def test_the_other_prompts_are_held_out_and_never_walked_or_trained_on():
    others = untrained_others(find_prompt(WALKED[0]))
    assert len({row.prompt.item_id for row in others}) == len(others)
    assert all(row.prompt.held_out for row in others)
    assert not {row.prompt.item_id for row in others} & {find_prompt(text).item_id for text in WALKED}
    again = untrained_others(others[3].prompt)
    assert len(again) == len(others)
    assert others[3] not in again


@pytest.mark.parametrize("prompt", WALKED)
def test_a_demonstration_is_the_best_answer_of_its_world(prompt):
    held, task = scene(TraceConfig(prompt)), world_task()
    assert task.quality(held.demonstration.prompt, held.demonstration.answer_ids) == pytest.approx(1.0)
    assert len(held.tokens) == held.n_prompt + held.n_answer
    assert held.tokens[-1] == "<end>"
    assert [row[0] for row in held.bar_tokens] == list(held.tokens[1:])
    assert all(len(set(row)) == N_BARS for row in held.bar_tokens)


def test_step_0_is_the_base_model_itself():
    first, held = walk(0)[0], scene(TraceConfig())
    logps = response_logps(load_base().model, tokenizer(), WALKED[0], [held.answer])
    assert first.logps[held.n_prompt - 1 :].sum() == pytest.approx(logps.item(), abs=1e-4)
    assert first.loss == pytest.approx(-logps.item() / held.n_answer, abs=1e-5)
    assert (first.step, first.batch_loss, first.grad_norm) == (0, None, None)


def test_the_loss_is_that_of_labels_with_a_masked_prompt():
    """The other way to write it: -100 on the prompt's labels, from logits."""
    held, model = scene(TraceConfig(WALKED[3])), load_base().model
    ids = torch.tensor([[*held.demonstration.prompt_ids, *held.demonstration.answer_ids]])
    labels = ids.clone()
    labels[:, : held.n_prompt] = -100
    with torch.no_grad():
        assert walk(0, prompt=WALKED[3])[0].loss == pytest.approx(sft_loss(model(ids), labels).loss.item(), abs=1e-5)


def test_steps_are_those_of_sft_itself():
    """Alone in its batch: the same run as SFT on a data set of one."""
    held = scene(TraceConfig())
    config = SftConfig(
        n_demonstrations=1, quality=1.0, steps=4, batch_size=1, lr=1e-3, warmup=0, decay_from=1.0, seed=0
    )
    run = list(sft(begin(load_base().model, config), (held.demonstration,), config))
    walked = walk(4, lr=1e-3)
    assert [step.batch_loss for step in walked[1:]] == pytest.approx([step.loss for step in run], abs=1e-6)
    assert [step.grad_norm for step in walked[1:]] == pytest.approx([step.grad_norm for step in run], rel=1e-4)
    # The loss of a step's batch, before the step, is what was measured after the step in front of it.
    assert [step.batch_loss for step in walked[1:]] == pytest.approx([step.loss for step in walked[:-1]], abs=1e-5)


def test_the_base_model_is_never_trained_in_place():
    before = [tensor.clone() for tensor in base().state_dict().values()]
    list(itertools.islice(trace(TraceConfig(lr=0.01, others=3)), 4))
    after = base().state_dict().values()
    assert all(torch.equal(first, second) for first, second in zip(before, after, strict=True))


def test_equal_settings_give_equal_walks_and_seeds_differ():
    one, same = walk(3, others=3), tuple(itertools.islice(trace(TraceConfig(others=3)), 4))
    assert one == same
    assert walk(3, others=3, seed=1)[-1] != one[-1]


def test_other_demonstrations_are_new_in_every_step_and_on_the_training_side(monkeypatch):
    seen: list[tuple[Demonstration, ...]] = []

    def listening(state, rows, config):
        seen.append(tuple(rows))
        return sft(state, rows, config)

    monkeypatch.setattr(trace_sft, "sft", listening)
    list(itertools.islice(trace(TraceConfig(others=7, quality=0.5)), 4))
    held = scene(TraceConfig()).demonstration
    assert [len(rows) for rows in seen] == [8, 8, 8]
    assert all(rows[0] == held for rows in seen)
    assert not any(row.prompt.held_out for rows in seen for row in rows[1:])
    assert len({rows[1:] for rows in seen}) == 3


def test_training_on_it_makes_it_more_probable_and_company_carries_over():
    alone, joined = walk(12, lr=3e-3), walk(12, lr=3e-3, others=15)
    assert alone[-1].loss < 0.01 < alone[0].loss
    assert alone[-1].says == scene(TraceConfig()).answer != alone[0].says
    assert joined[-1].others_loss < 0.8 * joined[0].others_loss
    assert alone[-1].others_loss > min(step.others_loss for step in alone) + 0.1


def test_without_a_learning_rate_nothing_moves():
    first, *_, last = walk(3, lr=0.0, others=3)
    assert (last.loss, last.others_loss, last.others_gold, last.says) == (
        first.loss,
        first.others_loss,
        first.others_gold,
        first.says,
    )
    assert np.array_equal(first.logps, last.logps)


def test_bars_are_probabilities_and_the_first_is_the_demonstrated_token():
    for step in walk(4, lr=1e-3):
        assert is_finite(step)
        assert step.bars[:, 0] == pytest.approx(np.exp(step.logps), abs=1e-6)
        assert (step.bars >= 0).all()
        assert (step.bars.sum(axis=1) <= 1 + 1e-5).all()


def test_an_absurd_learning_rate_ends_the_walk_with_a_sentence():
    steps = list(itertools.islice(trace(TraceConfig(lr=1.0)), 21))
    assert len(steps) < 21
    assert "learning rate" in steps[-1].diverged
    assert all(step.diverged is None for step in steps[:-1])
    assert all(map(is_finite, steps))
    assert steps[-1].loss == steps[-2].loss > 3 * math.log(len(tokenizer()))


def test_a_trajectory_is_shared_and_computed_once():
    config = TraceConfig(lr=1e-3, prompt=WALKED[2])
    assert trajectory(config) is trajectory(config)
    assert trajectory(config).upto(2)[1] is trajectory(config).upto(1 + 1)[1]


@pytest.mark.parametrize(
    "bad",
    [{"prompt": ""}, {"prompt": "Tell me a story."}, {"lr": -1.0}, {"lr": math.nan}, {"others": -1}, {"quality": 1.5}],
)
def test_impossible_settings_are_refused_in_one_sentence(bad):
    with pytest.raises(ValueError, match=r"^The .*\.$"):
        TraceConfig(**bad)
