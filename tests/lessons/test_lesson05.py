"""Lesson 5: the numbers in formula, table, chart and sentences are one and the same, and sentences agree with the curves."""

from __future__ import annotations

import math
import re
from functools import lru_cache

import pytest

from core.lessons import lesson05_words as words
from core.lessons.lesson05 import LESSON, config_of, history, prepare
from core.lessons.lesson05_params import LONG_QUALITIES, LOOK_AHEAD, MOST_TOKENS, PREDICT_AT, PROMPTS, SIZES
from core.lessons.text import number
from core.stages.asked import FIRST
from core.stages.long_walk import AT
from core.stages.trace_sft import LONGEST_PROMPT, demonstrate_best
from core.stages.walks import HORIZON
from core.stages.world_task import tokenizer
from core.world.prompts import find_prompt


@lru_cache(maxsize=64)
def result(**changes):
    return LESSON.result({**LESSON.defaults(), **{f"l5_{name}": value for name, value in changes.items()}})


WALKS = (
    {"step": 1},
    {"step": 5},
    {"step": HORIZON},
    {"step": HORIZON, "others": 15},
    {"step": 6, "others": 15, "quality": 0.0},
    {"step": 9, "lr": 0.1},
    {"step": 3, "lr": 1.0},
    {"step": 4, "lr": 0.0},
    {"step": 12, "kind": "howto", "pick": 3},
    {"step": 12, "kind": "unknowable"},
    {"step": 2, "kind": "own", "own": "Tell me a story.", "demo": "I do not know."},
)
walks = pytest.mark.parametrize("changes", WALKS, ids=str)


def line(chart, name, axis):
    return next(
        trace for trace in chart.figure["data"]
        if trace.get("name") == f"“{name}”" and trace["mode"] == "lines" and trace["xaxis"] == axis
    )["y"]  # fmt: skip


@walks
def test_the_loss_is_the_mean_of_the_tables_last_column(changes):
    shown = result(**changes)
    assert sum(shown.costs) / len(shown.costs) == pytest.approx(shown.now.loss, rel=1e-4, abs=1e-6)
    scored = [row for row in LESSON.table(shown).rows if row[2] != "not scored"]
    assert [row[2] for row in scored] == [number(cost, 3) for cost in shown.costs]
    assert len(LESSON.table(shown).rows) - len(scored) == shown.scene.n_prompt


@walks
def test_the_charts_bars_are_the_probabilities_of_the_picked_place(changes):
    shown = result(**changes)
    (chart,) = LESSON.figures(shown)
    before, now = chart.figure["data"][:2]
    assert sum(now["x"]) == pytest.approx(100, abs=0.01)
    assert sum(before["x"]) == pytest.approx(100, abs=0.01)
    assert now["x"][0] == pytest.approx(100 * math.exp(shown.now.logps[shown.place - 1]), rel=1e-4, abs=1e-9)
    assert shown.scene.bar_tokens[shown.place - 1][0] == shown.token
    assert line(chart, "this", "x2")[shown.step] == pytest.approx(shown.now.loss, rel=1e-4)
    assert line(chart, "unseen", "x3")[shown.step] == pytest.approx(shown.now.others_gold, rel=1e-4)


@walks
def test_directions_in_the_sentences_are_those_of_the_curves(changes):
    shown = result(**changes)
    loss, _, others = LESSON.says(shown)
    change = shown.now.loss - shown.before.loss
    if abs(change) >= words.MOVED:
        assert (" less than " in loss) == (change < 0)
        assert (" more than " in loss) == (change > 0)
    else:
        assert "as before training" in loss
    up_down = re.findall(r"is (up|down|still)", others)
    pairs = ((shown.before.others_loss, shown.now.others_loss), (shown.before.others_gold, shown.now.others_gold))
    moves = [0 if abs(b - a) < words.MOVED else (1 if b > a else -1) for a, b in pairs]
    assert [{"up": 1, "down": -1, "still": 0}[word] for word in up_down] == moves
    if "part company" in others:
        assert change < 0 < moves[0]
    if "better" in others:
        assert moves == [1, 1]
    if "worse answers" in others:
        assert moves == [-1, -1]
    if "carries over" in others:
        assert change < 0
        assert moves[0] == -1
    if "lowest" in others:
        seen = [step.others_loss for step in shown.steps[: shown.step + 1]]
        assert f"at step {seen.index(min(seen))}" in others


def test_the_two_losses_part_company_when_it_is_learned_by_heart():
    assert "part company" in LESSON.says(result(step=HORIZON))[2]
    assert "part company" not in LESSON.says(result(step=HORIZON, others=15))[2]


def test_the_prediction_is_marked_from_the_step_that_it_asks_about():
    seen = set()
    for changes in WALKS:
        shown = result(**changes)
        prediction = LESSON.predict(shown)
        ahead = result(**{**changes, "step": PREDICT_AT})
        change = ahead.now.others_loss - ahead.before.others_loss
        expected = 0 if change < -words.PREDICTED else 1 if change > words.PREDICTED else 2
        assert prediction.answer == expected
        seen.add(expected)
    assert seen == {0, 1, 2}


def test_the_chart_does_not_give_the_prediction_away():
    shown = result()
    assert not LESSON.predict(shown).revealed
    assert len(LESSON.figures(shown)[0].frames) == LOOK_AHEAD + 1 < PREDICT_AT
    assert LESSON.predict(result(step=PREDICT_AT)).revealed


def test_a_walk_that_breaks_down_says_so_and_stops():
    shown = result(step=HORIZON, lr=1.0)
    assert shown.step == len(shown.steps) - 1 < HORIZON
    assert shown.now.diverged in LESSON.says(shown)
    assert LESSON.predict(shown).revealed


def test_the_formula_holds_the_loss_the_perplexity_and_the_blind_guess():
    shown = result()
    lines = "".join(LESSON.formula(shown).lines)
    assert f"{shown.now.loss:.3f}" in lines
    assert f"{math.exp(shown.now.loss):.2f}" in lines
    assert rf"\ln {shown.vocabulary} = {math.log(shown.vocabulary):.2f}" in lines
    assert "mask" not in lines
    assert "mask" in "".join(LESSON.formula(result(pick=3)).lines)


@pytest.mark.parametrize("kind", PROMPTS)
def test_any_pick_is_a_token_that_something_stands_before(kind):
    shown = result(kind=kind)
    last = len(shown.scene.tokens) - 1
    assert (shown.place, result(kind=kind, pick=1).place) == (shown.scene.n_prompt, 1)
    assert result(kind=kind, pick=MOST_TOKENS - 1).place == last < MOST_TOKENS - 1


@pytest.mark.parametrize("kind", PROMPTS)
def test_every_prompt_of_the_world_can_be_walked(kind):
    for text in PROMPTS[kind].suggestions():
        config, refused = config_of({**LESSON.defaults(), "l5_kind": kind, f"l5_{kind}": text})
        assert (config.prompt, config.demonstration, refused) == (text, "", "")
        assert len(tokenizer().encode(text)) <= LONGEST_PROMPT
        best = demonstrate_best(find_prompt(text))
        assert len(best.prompt_ids) + len(best.answer_ids) < MOST_TOKENS


@pytest.mark.parametrize(
    ("prompt", "demonstration", "said"),
    [
        ("", "", "The prompt is empty"),
        ("What is the capital of Norwey?", "Oslo.", "Norway"),
        ("Who sells meat?", "A butcherr.", "butcher"),
        ("Tell me a story.", "", "write the one to imitate"),
        ("Who sells meat?", "meat " * 30, "20 are the most"),
        ("meat " * 30, "Oslo.", "18 are the most"),
        ("<b>x</b>", "$y$", "does not know"),
    ],
)
def test_own_texts_that_cannot_be_walked_are_named_and_replaced(prompt, demonstration, said):
    shown = result(kind="own", own=prompt, demo=demonstration)
    assert said in words.note(shown)
    assert shown.prompt == FIRST["fact"]
    assert shown.prompt in words.note(shown)


def test_own_texts_are_walked_as_they_are():
    shown = result(kind="own", own="who sells meat", demo="A butcher sells meat.", step=2)
    assert words.note(shown) == ""
    assert (shown.prompt, shown.scene.answer) == ("Who sells meat?", "A butcher sells meat.")
    assert not shown.recorded
    assert shown.now.loss < shown.before.loss
    assert result(kind="own", own="Who sells meat?").scene.answer == "A butcher sells meat."


def test_after_its_work_is_done_nothing_is_left_to_prepare():
    values = {**LESSON.defaults(), "l5_lr": 0.0, "l5_others": 1, "l5_seed": 5}
    work = prepare(values)
    shares = list(work.start())
    assert (shares, shares[-1]) == (sorted(shares), 1.0)
    assert prepare(values) is None
    for preset in LESSON.presets:
        state = {**LESSON.defaults(), **preset.values}
        assert prepare(state) is None, preset.key
        assert LESSON.result(state).recorded


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("quality", LONG_QUALITIES)
def test_the_longer_walk_says_what_its_curves_do(n, quality):
    shown = result(view="long", long_n=str(n), long_quality=str(quality))
    long = shown.long
    assert long.loss[long.lowest] == min(long.loss)
    assert long.gold[long.highest] == max(long.gold)
    said = " ".join(LESSON.says(shown))
    assert ("same checkpoint" in said) == (long.lowest == long.highest)
    assert f"lowest at step {AT[long.lowest]}" in said
    assert f"highest at step {AT[long.highest]}" in said
    (chart,) = LESSON.figures(shown)
    assert chart.badge == "recorded"
    assert not chart.frames
    if "part company" in said:
        assert long.gold[long.highest] - long.gold[long.lowest] >= 0.02


def test_alone_in_the_batch_quality_and_seed_change_nothing():
    base = LESSON.defaults()
    assert config_of({**base, "l5_quality": 0.0, "l5_seed": 5}) == config_of(base)
    assert config_of({**base, "l5_others": 3, "l5_seed": 5}) != config_of({**base, "l5_others": 3})


def test_the_second_question_compares_the_two_checkpoints():
    answers = set()
    for changes in WALKS:
        shown = result(**changes)
        question = LESSON.quiz(shown)[1]
        seen = max(shown.steps[: shown.step + 1], shown.foreseen, key=len)
        low = min(seen, key=lambda step: step.others_loss)
        assert (question.answer == 0) == (low.others_gold == max(step.others_gold for step in seen))
        answers.add(question.answer)
    assert answers == {0, 1}


def test_history_has_a_row_for_every_step_walked():
    rows = history(result(step=5))
    assert [row["step"] for row in rows] == list(range(6))
    assert rows[0]["batch_loss"] is None
    assert rows[5]["loss"] == result(step=5).now.loss
