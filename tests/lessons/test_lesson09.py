"""Lesson 9: the order is marked from the relay's source, cuts are measured runs, bytes follow from counts."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from core.lessons.lesson09 import LESSON, NUMBERS, compute
from core.lessons.lesson09_arrows import ARROWS, IDLE, KEPT, UNNEEDED
from core.lessons.lesson09_flow import PIECES, POOL, faults, is_order, needs, possible, read_order, right_order
from core.lessons.lesson09_memory import PRECISIONS, SHAPES, memory, parameter_count, written_bytes
from core.lessons.lesson09_runs import MOVED, tiny_run
from core.lessons.text import number, percent, signed
from core.policies.tokenizer import Tokenizer
from core.policies.transformer import TinyLM, TransformerConfig
from core.stages import recorded
from core.stages.whiteboard import updates
from core.statistics.difference import beyond_chance
from core.world.vocabulary import WORDS
from tests.lessons.states import VOTES

STEPPED = {"votes": VOTES["few"], "l8_step": 9}


def result(**changed):
    own = {f"l9_{key}": value for key, value in changed.items() if f"l9_{key}" in LESSON.defaults()}
    other = {key: value for key, value in changed.items() if f"l9_{key}" not in own}
    return compute({**LESSON.defaults(), "l9_view": "diagram", **STEPPED, **own, **other})


# --- the order --------------------------------------------------------------------------------------------------------


def test_what_each_piece_takes_is_what_the_relay_hands_it():
    found = {key: set(taken) for key, taken in needs().items()}
    assert found == {
        "base": set(),
        "demos": set(),
        "sft": {"base", "demos"},
        "rankings": {"sft"},
        "reward": {"sft", "rankings"},
        "ppo": {"sft", "reward"},
    }
    assert "scorer" in needs()["ppo"]["reward"]


def test_only_orders_that_follow_the_data_are_right():
    letters = {piece.key: piece.code for piece in PIECES}
    right = []
    for tried in itertools.permutations(POOL):
        place = {letter: k for k, letter in enumerate(tried)}
        good = all(place[letters[maker]] < place[letters[key]] for key, taken in needs().items() for maker in taken)
        assert good == (not faults("".join(tried)))
        right += ["".join(tried)] * good
    assert len(right) == possible("") > 1
    assert right_order() in right
    assert all(possible(order[:3]) >= 1 for order in right)


@pytest.mark.parametrize(
    ("text", "read"), [("", ""), ("bds", "bds"), ("bdb", "bd"), ("x", ""), ("b<", "b"), (POOL, POOL)]
)
def test_an_order_in_a_link_is_read_as_far_as_it_goes(text, read):
    assert read_order(text) == read
    assert is_order(text) == (read == text)


def test_the_board_marks_only_what_is_complete():
    assert "marked" in LESSON.says(result(view="order", order="pr"))[0]
    assert LESSON.table(result(view="order", order="pr")) is None
    wrong, right = result(view="order", order=POOL), result(view="order", order=right_order())
    assert "too early" in LESSON.says(wrong)[0]
    assert "this order runs" in LESSON.says(right)[0]
    marks = [row[0][0] for row in LESSON.table(wrong).rows]
    assert marks.count("✗") == len({fault.piece.key for fault in wrong.faults})
    assert {row[0][0] for row in LESSON.table(right).rows} == {"✓"}


# --- cuts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("track", ["white", "tiny"])
@pytest.mark.parametrize("arrow", ARROWS, ids=lambda arrow: arrow.key)
def test_every_arrow_can_be_cut_and_says_what_follows(arrow, track):
    whole = result(track=track, arrow=NUMBERS[arrow.key])
    cut = result(track=track, arrow=NUMBERS[arrow.key], cut=True)
    found = cut.consequence
    first, _, last = LESSON.says(cut)
    for value in (found.whole, found.without):
        assert f"{abs(value):.2f}" in first
    assert ("no clear difference" in first) == (not found.clear)
    if found.clear:
        assert ("higher" in first) == (found.without > found.whole)
        assert ("lower" in first) == (found.without < found.whole)
    assert ("live" in first) == found.live
    states = [cut.state(k) for k in range(len(ARROWS))]
    assert states.count("cut") == 1
    assert {ARROWS[k].key for k, state in enumerate(states) if state == "idle"} == set(IDLE.get(arrow.key, ()))
    assert ("Not needed" in last) == bool(UNNEEDED[arrow.cut])
    assert cut.bytes_left + cut.saved == whole.memory.total
    assert {whole.state(k) for k in range(len(ARROWS))} == {"flows"}


def test_the_cut_runs_are_the_runs_they_say():
    def cut(arrow):
        return result(arrow=NUMBERS[arrow], cut=True).white_cut

    whole = result().white
    assert cut("kl").config == replace(whole.config, kl_coef=0.0)
    assert cut("baseline").config == replace(whole.config, use_baseline=False)
    assert cut("update").end == whole.first
    flat = cut("votes")
    assert set(flat.config.scores) == {0.0}
    assert flat.score_after == pytest.approx(flat.score_before, abs=1e-9)
    assert cut("kl").end.kl > whole.end.kl
    untuned = cut("demos")
    assert untuned.lab.candidates.key.endswith("-base")
    assert untuned.config.scores == whole.config.scores
    assert untuned.config.ref_logps != whole.config.ref_logps


def test_a_reference_that_is_not_frozen_is_no_leash():
    """Cutting the frozen copy is measured as a run without the penalty: if the reference moved along with the policy, the
    penalty would be 0 in every update, and the run the same."""
    cut = result(arrow=NUMBERS["copy"], cut=True, l8_mode="exact").white_cut
    logps = cut.config.ref_logps
    for shown in cut.steps:
        moving = replace(cut.config, ref_logps=logps, kl_coef=0.5)
        step = next(updates(moving))
        assert max(map(abs, step.kl)) < 1e-12
        assert np.allclose(step.logps, shown.logps, atol=1e-9)
        logps = step.logps


def test_without_a_baseline_rewards_are_the_advantages():
    step = result(arrow=NUMBERS["baseline"], cut=True).white_cut.steps[0]
    assert step.advantages == pytest.approx(step.rewards)
    assert step.baseline == 0.0


@pytest.mark.parametrize("kind", ["sft", "reward"])
def test_missing_runners_of_the_tiny_lm_are_recorded(kind):
    found = result(track="tiny", arrow=NUMBERS["demos" if kind == "sft" else "votes"], cut=True)
    run = recorded.find(kind != "sft", kind != "reward")
    assert found.tiny_cut == run
    assert found.consequence.without == run.evaluations[-1].gold_held_out
    assert found.consequence.clear == beyond_chance(found.consequence.change, found.consequence.chance)


def test_where_the_whiteboard_cannot_start_without_sft_the_tiny_lm_tells():
    found = result(arrow=NUMBERS["demos"], cut=True, start="hand")
    assert found.white_cut is None
    assert not found.consequence.live
    assert "recorded" in LESSON.says(found)[0]


@pytest.mark.parametrize("kl_coef", [0.0, 0.5, 3.0])
def test_the_prediction_is_marked_from_the_run_without_the_leash(kl_coef):
    shown = result(l8_kl_coef=kl_coef, arrow=NUMBERS["kl"], cut=True)
    prediction = LESSON.predict(shown)
    change = shown.white_cut.score_after - shown.white.score_after
    assert prediction.answer == (0 if change > 0.02 else 1 if change < -0.02 else 2)
    assert prediction.revealed
    assert not LESSON.predict(result()).revealed
    if kl_coef == 0:
        assert abs(change) < MOVED


# --- memory -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("vocab", "layers", "width"), [(len(Tokenizer(WORDS)), 3, 96), (11, 1, 8), (50, 2, 48)])
def test_the_count_is_that_of_the_model_itself(vocab, layers, width):
    model = TinyLM(TransformerConfig(vocab, width, layers))
    assert parameter_count(vocab, layers, width) == model.n_parameters()
    assert sum(p.numel() for p in model.value_head.parameters()) == width + 1


def test_bytes_of_the_four_models_are_those_of_the_tensors():
    held = memory("tiny", "fp32", own_value=True)
    layers, width = SHAPES["tiny"]
    real = sum(p.numel() * p.element_size() for p in TinyLM(TransformerConfig(held.vocab, width, layers)).parameters())
    assert {model.weights for model in held.models} == {real}
    assert [model.total // real for model in held.models] == [4, 1, 1, 4]
    head = memory("tiny", "fp32", own_value=False)
    assert head.model("policy").parameters + head.model("value model").parameters == held.model("policy").parameters
    assert set(KEPT.values()) == {model.name for model in held.models}


@pytest.mark.parametrize("precision", PRECISIONS)
def test_larger_models_take_more(precision):
    totals = [memory(size, precision, own_value=True).total for size in SHAPES]
    assert totals == sorted(totals)
    assert memory("70b", precision, own_value=True).models[0].parameters == pytest.approx(70e9, rel=0.01)


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (388, "388 B"), (1654664, "1.7 MB"), (2.5e12, "2.5 TB"), (999, "999 B")]
)
def test_bytes_in_words(count, text):
    assert written_bytes(count) == text


# --- to take away -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [False, True])
def test_mermaid_text_table_and_rows_carry_the_same_numbers(cut):
    found = result(cut=cut)
    ((_, name, text),) = LESSON.texts(found)
    assert name.endswith(".mmd")
    arrows = [line for line in text.splitlines() if "->" in line]
    assert len(arrows) == len(ARROWS)
    assert sum("-.->" in line for line in arrows) == (1 + len(IDLE["scores"]) if cut else 0)
    rows, table = LESSON.history(found), LESSON.table(found).rows
    for line, arrow, load, row, cells in zip(arrows, ARROWS, found.loads, rows, table):
        assert line.strip().startswith(arrow.tail)
        assert line.endswith(arrow.head)
        if row["state"] == "flows":
            assert load.count in line
            assert load.score in line
            assert (load.score or load.count) in cells
    assert text.count('"') == 2 * (len(ARROWS) + len(found.memory.models) + 4)


@pytest.mark.parametrize("votes", ["", VOTES["few"]])
@pytest.mark.parametrize("view", [{"l9_view": "diagram"}, {"l9_view": "order", "l9_order": "bdscrp"}])
def test_the_example_is_retold_with_the_numbers_of_its_lessons(view, votes):
    """One sentence each for SFT, the reward model (or scores) and PPO; each number is the one on its own lesson's page."""
    walked = {"l5_step": 3, "l8_step": 7, "votes": votes}
    shown = LESSON.result({**LESSON.defaults(), **walked, **view})
    sft, scored, ppo = LESSON.says(shown)
    walk = shown.walk()
    assert f"{number(walk.now.loss, 3)} nats per token instead of {number(walk.before.loss, 3)}" in sft
    assert "PPO starts elsewhere" in sft  # lesson 8 begins with the tiny LM after SFT unless one chooses otherwise
    names, scores = shown.white.lab.candidates.names, shown.white.lab.honest_scores
    assert f"“{names[scores.index(max(scores))]}” highest ({signed(max(scores))})" in scored
    assert ("learned from" in scored) == bool(votes)
    before, after = shown.white.probs(0), shown.white.probs(7)
    up = int(np.argmax(np.subtract(after, before)))
    assert f"“{names[up]}” went from {percent(before[up])} to {percent(after[up])}" in ppo
    mine = LESSON.result({**LESSON.defaults(), **walked, **view, "start": "walk", "walk": "steps=3&lr=0.003"})
    assert "PPO starts elsewhere" not in LESSON.says(mine)[0]
    assert "stands at step 0" in LESSON.says(LESSON.result({**LESSON.defaults(), **view, "votes": votes}))[0]


def test_the_whiteboard_without_sft_says_why_it_can_do_without():
    cut = result(track="white", arrow=NUMBERS["demos"], cut=True)
    said = " ".join(LESSON.says(cut))
    assert f"starts with {percent(min(cut.white_cut.probs(0)))} or more" in said
    assert f"{signed(tiny_run(use_sft=False).evaluations[-1].gold_held_out)} without SFT" in said
    assert "word by word" not in " ".join(LESSON.says(result(track="white", arrow=NUMBERS["kl"], cut=True)))
