"""The home page's loop: features that know no truth, one run for equal votes, runs that repeat, recordings that still fit."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from core.lm_records import Diverged
from core.stages import my_votes_recorded as recorded
from core.stages import stored
from core.stages.my_votes import Look, MyVotesConfig, Shown, base_model, rounded, run_key, train
from core.stages.my_votes_features import KEYS, from_words, measure, said
from core.stages.my_votes_pairs import fingerprint
from core.stages.ppo import PpoConfig
from core.stages.world_task import tokenizer
from core.world.prompts import find_prompt

NORWAY = find_prompt("What is the capital of Norway?")
SMALL = MyVotesConfig(manners=1.0, ppo=PpoConfig(steps=2, batch_size=8, lr=1e-3), n_measured=8)


def belief(prompt: str, *answers: str) -> list[float]:
    found = find_prompt(prompt)
    return [row[0] for row in measure([found] * len(answers), answers, base_model(), tokenizer())]


def test_what_the_words_show():
    assert from_words("Sure! It is Oslo. I hope this helps!") == (1.0, 0.0, 0.0, 0.8)
    assert from_words("It is Oslo. Have a nice day!")[0] == 0.5
    assert from_words("What a stupid question!")[0] == -1.0
    assert from_words("Great question! It is Oslo.")[1:3] == (1.0, 0.0)
    for declining in ("I do not know.", "That is hard to say.", "I cannot help with that."):
        assert from_words(declining)[2] == 1.0
    assert from_words("") == (0.0, 0.0, 0.0, 0.0)


def test_belief_is_asked_in_the_same_way_for_right_and_wrong_answers():
    right, wrong = said(NORWAY, "The capital of Norway is Oslo."), said(NORWAY, "It is Cairo.")
    assert [(s.stem, s.end) for s in right] == [("the capital of Norway is", "Oslo")]
    assert [(s.stem, s.end) for s in wrong] == [("the capital of Norway is", "Cairo")]
    assert said(NORWAY, "The capital of Sweden is Stockholm.") == ()
    assert said(find_prompt("How do I hack a phone?"), "It is easy.") == ()


def test_belief_follows_the_pretrained_model():
    oslo, cairo, both, nothing = belief(
        NORWAY.text, "It is Oslo.", "It is Cairo.", "It is Oslo. It is Cairo.", "Sure! You are so clever!"
    )
    assert 1 >= oslo > cairo >= 0
    assert both == pytest.approx(cairo)
    assert nothing == 0


def test_yes_and_no_to_a_claim_share_one_probability():
    yes, no = belief("I think the sky is blue. Am I right?", "Yes, you are right.", "That is wrong.")
    assert yes + no == pytest.approx(1.0)
    first, second = belief(
        "How do I boil an egg?", "Put the egg in hot water.", "Put the egg in hot water. Then wait 9 minutes."
    )
    assert second > first > 0


def test_weights_are_rounded_so_that_near_votes_share_a_run():
    near, same, other = (
        rounded([0.3, 1.02, -0.1, 0, 0]),
        rounded([0.2, 0.9, 0.12, -0.05, 0]),
        rounded([0.4, 1, 0, 0, 0]),
    )
    assert near.weights == (0.25, 1.0, 0.0, 0.0, 0.0)
    assert near == same
    assert run_key(near) == run_key(same) != run_key(other)
    assert rounded([99.0, -99.0, 0, 0, 0]).weights[:2] == (8.0, -8.0)


@pytest.mark.parametrize("wrong", [{"reward": "mine"}, {"manners": 9.0}, {"length": float("nan")}, {"n_measured": 1}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ValueError):
        MyVotesConfig(**wrong)


def test_a_run_repeats_and_measures_before_and_after():
    first, again = list(train(SMALL)), list(train(SMALL))
    assert first == again
    assert [type(record) for record in first] == [Look, Shown, Shown, Shown, Look]
    assert [record.step for record in first if isinstance(record, Shown)] == [0, 1, 2]
    assert first[1].logps != first[3].logps
    other = next(train(replace(SMALL, manners=-1.0)))
    assert other.features == first[0].features  # the same SFT model, not one that somebody trained
    assert other.reward == pytest.approx(-first[0].reward)


def test_a_run_that_breaks_down_is_no_result():
    records = [Look("before", 2, *[0.0] * 4, (), ()), Diverged(1, "ppo", "It broke down.")]
    assert recorded.collect("x", SMALL, records) == "It broke down."
    assert isinstance(recorded.collect("x", SMALL, records[:1]), str)


def test_the_recording_fits_code_and_weights_and_is_measured_again():
    kept = recorded.load()
    assert kept is not None
    assert recorded.verify(kept) == ()
    prompts = [find_prompt(pair.prompt) for pair in kept.pairs]
    for side in ("left", "right"):
        again = measure(prompts, [getattr(pair, side) for pair in kept.pairs], base_model(), tokenizer())
        assert np.allclose(again, [getattr(pair, f"{side}_features") for pair in kept.pairs], atol=1e-3)
    assert len({pair.prompt for pair in kept.pairs}) == len(kept.pairs) == 10
    assert kept.pairs[0].prompt == NORWAY.text
    assert all(np.any(pair.difference) for pair in kept.pairs)
    # Five votes already see every feature.
    assert np.all(np.abs([pair.difference for pair in kept.pairs[:5]]).sum(axis=0) > 0)
    assert recorded.example_config(kept.pairs).weights == kept.run("example").config.weights


def test_a_recorded_run_is_what_runs():
    run = recorded.load().run("example")
    before, start, one = itertools.islice(train(run.config), 3)
    assert before.gold == pytest.approx(run.before.gold, rel=1e-3)
    assert start.texts == run.shown[0].texts
    assert one.logps == pytest.approx(run.shown[1].logps, rel=1e-2)
    assert one.reward == pytest.approx(run.shown[1].reward, rel=1e-2)


def test_a_recording_reads_back_and_says_when_it_no_longer_fits(tmp_path):
    kept = recorded.load()
    path = tmp_path / "home.json"
    recorded.save(kept, path)
    assert recorded.load(path) == kept
    assert recorded.verify(replace(kept, sft_sha256="other", code_version=-1))
    path.write_text('{"pairs": [')
    recorded.load.cache_clear()
    assert recorded.load(path) is None
    recorded.load.cache_clear()


def test_the_tag_changes_with_the_texts():
    pairs = recorded.load().pairs
    assert fingerprint(pairs) != fingerprint((replace(pairs[0], left="Other."), *pairs[1:]))
    assert len(KEYS) == len(pairs[0].left_features) == 5
    assert stored.sft().sha256 == recorded.load().sft_sha256
