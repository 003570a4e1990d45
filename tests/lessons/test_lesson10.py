"""Lesson 10: the same pairs on both routes, sentences that agree with their charts, and why a chosen answer falls."""

from __future__ import annotations

import itertools
import json
import math
import re
import subprocess
import sys
from functools import lru_cache

import numpy as np
import pytest

from core.figures.palette import resolve
from core.lessons import lesson10_views as views
from core.lessons.lesson10 import LESSON, history
from core.lessons.lesson10_params import HORIZON, PREDICT_AT
from core.lessons.lesson10_result import distance
from core.lessons.shared_params import fit
from core.lessons.text import number, percent, signed
from core.policies.tokenizer import Tokenizer
from core.stages import whiteboard
from core.stages.whiteboard_dpo import pair_terms, step_size
from core.world import own_texts
from core.world.vocabulary import WORDS
from core.world.votes import Vote, encode
from tests.lessons.states import VOTES, states


def result(**changes):
    keys = {name if name in ("votes", "prior_sd", "own") else f"l10_{name}": value for name, value in changes.items()}
    return LESSON.result({**LESSON.defaults(), **keys})


def preset(key):
    return LESSON.result({**LESSON.defaults(), **next(p.values for p in LESSON.presets if p.key == key)})


@lru_cache(maxsize=1)
def all_results():
    return tuple(LESSON.result(state) for _, state in states(10))


def line(chart, name, panel=""):
    """Values of a line of a chart: the named one on the axis `panel` ("" is the first)."""
    return next(
        trace["y"] for trace in chart.figure["data"]
        if trace.get("name") == f"“{name}”" and trace.get("mode") == "lines" and trace["xaxis"] == f"x{panel}"
    )  # fmt: skip


# --- the same pairs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("votes", ["one", "few", "all", "full", "contradiction"])
def test_both_routes_learn_from_the_votes_of_lesson_6(votes):
    state = {**LESSON.defaults(), "votes": VOTES[votes], "l10_view": "routes"}
    shown = LESSON.result(state)
    lesson6 = fit(state)
    assert shown.votes == lesson6.votes
    assert sum(weight for *_, weight in shown.config.pairs) == len(lesson6.votes)
    np.testing.assert_allclose(shown.config.scores, lesson6.scores, atol=1e-6)
    assert shown.ppo_config.scores == shown.config.scores
    assert f"your {len(lesson6.votes)} vote" in LESSON.says(shown)[0]


def test_without_votes_a_simulated_voter_labels_every_pair_and_the_page_says_so():
    shown = result(votes=VOTES["one skip"])
    assert shown.source == "no votes"
    assert len(shown.comparisons) == 28
    assert {pair.votes for pair in shown.comparisons} == {3}
    assert LESSON.says(shown)[0].startswith("No votes yet: 28 pairs labelled by a simulated voter")
    assert "voter's scores" in LESSON.figures(shown)[0].illustrations
    assert "voter's scores" not in LESSON.figures(result(votes=VOTES["few"]))[0].illustrations


def test_ties_count_half_each_way_and_are_stated():
    shown = result(votes=encode((Vote(0, 1, 0.5), Vote(2, 3, 1.0), Vote(2, 4, 0.5))), about=1)
    assert (0, 1, 0.5) in shown.config.pairs
    assert (1, 0, 0.5) in shown.config.pairs
    assert "3 votes on 3 pairs, 2 ties counted half each way" in LESSON.says(shown)[0]
    assert LESSON.table(shown).rows[0][1] == "½ of 1"
    assert LESSON.formula(shown).caption.count("=") == 1


def test_ppo_beside_it_is_the_run_of_lesson_8_with_kl_coef_beta():
    shown = result(view="routes", step=10, beta=0.8)
    assert shown.ppo_config.kl_coef == shown.config.beta == 0.8
    assert shown.ppo_steps == whiteboard.trajectory(shown.ppo_config).upto(len(shown.ppo_steps))
    np.testing.assert_allclose(whiteboard.optimum(shown.ppo_config).logps, shown.optimum_logps)


@pytest.mark.parametrize("pairs", ["votes", "one"])
@pytest.mark.parametrize("view", ["policy", "logps", "routes"])
def test_a_learners_own_answers_stand_everywhere_as_harmless_text(view, pairs):
    answers = (
        "It is *Oslo*.",
        "No $x$.",
        "<b>Yes</b>",
        "Maybe it is.",
        "I will not say.",
        "Ask me later.",
        "Bergen!",
        "Oslo?",
    )
    own = own_texts.pack(own_texts.build("What?", "Oslo", answers))
    shown = result(own=own, view=view, pairs=pairs, step=5, about=8)
    assert shown.names[0] != "right, plain"
    assert "<b>" not in " ".join(LESSON.says(shown))
    assert "<b>Yes" not in json.dumps(LESSON.figures(shown)[0].figure)
    for theme in ("light", "dark"):
        resolve(LESSON.figures(shown)[0].figure, theme)


# --- what the lesson is about -----------------------------------------------------------------------------------------


def test_pushes_sum_to_zero_and_explain_every_log_probability():
    for shown in all_results():
        moved = shown.log_ratios(shown.step)
        pushes = [shown.own_push(shown.step, response) for response in range(len(shown.names))]
        scale = 1 + np.abs(moved).max()
        assert sum(pushes) == pytest.approx(0, abs=1e-9 * scale)
        np.testing.assert_allclose(np.subtract(pushes, shown.normaliser(shown.step)), moved, atol=1e-9 * scale)
        # Were the pushes exact logit changes, the normaliser would be log E_ref[exp(push)].
        shifted = np.array(pushes) + shown.steps[0].logps
        log_z = shifted.max() + math.log(np.exp(shifted - shifted.max()).sum())
        assert shown.normaliser(shown.step) == pytest.approx(log_z, abs=1e-6 * scale)


def test_the_tables_pushes_are_what_the_next_step_adds():
    for about in range(1, 9):
        shown = result(about=about, step=4)
        rate = step_size(shown.config) / sum(row[2] for row in shown.config.pairs)
        pushes = []
        for pair, row in zip(shown.listed, LESSON.table(shown).rows):
            me, other = shown.about, pair.second if pair.first == shown.about else pair.first
            terms = pair_terms(shown.config, shown.now.logps, me, other, pair.share_of(me))
            pushes.append(rate * pair.votes * terms.pull)
            assert row[0] == shown.names[other]
            assert row[4] == signed(pushes[-1])
        assert sum(pushes) == pytest.approx(shown.own_push(5, shown.about) - shown.own_push(4, shown.about), abs=1e-9)


def test_the_preset_of_the_falling_answer_shows_what_it_promises():
    shown = preset("falls")
    first, k = shown.picked.first, shown.step
    assert shown.picked.share > 0.5
    assert shown.log_ratios(k)[first] < -0.5 < 0.1 < shown.own_push(k, first)
    assert shown.log_ratios(k)[first] > shown.log_ratios(k)[shown.picked.second]
    assert "although its own pushes are" in LESSON.says(shown)[2]


def test_an_answer_that_loses_elsewhere_falls_by_its_own_pushes():
    shown = result(view="logps", step=20, about=5, pick=3)
    name = shown.names[shown.picked.first]
    lost = sum(pair.second == shown.picked.first and pair.share > 0.5 for pair in shown.comparisons)
    assert shown.own_push(20, shown.picked.first) < 0
    assert f"“{name}” fell by" in LESSON.says(shown)[2]
    assert f"for it lost {lost} of its 7 pairs" in LESSON.says(shown)[2]


def test_where_the_chosen_answer_rises_no_fall_is_claimed():
    shown = preset("certain")
    assert shown.log_ratios(shown.step)[shown.picked.first] > 0
    assert "fell" not in LESSON.says(shown)[2]


def test_both_routes_meet_where_the_reward_model_can_say_what_the_labels_say():
    shown = preset("meet")
    assert distance(shown.end_logps, shown.optimum_logps) < 0.02
    # What is left between them is the prior: without it the two are the same policy.
    values = {**LESSON.defaults(), **next(p.values for p in LESSON.presets if p.key == "meet"), "prior_sd": 10.0}
    free = LESSON.result(values)
    assert distance(free.end_logps, free.optimum_logps) < 2e-4
    assert shown.now.stats.tv_to_optimum < 0.02
    assert shown.ppo_stats(shown.step).tv_to_optimum < 0.05
    np.testing.assert_allclose(shown.implicit_rewards(shown.step), shown.scores, atol=0.1)
    assert distance(result().end_logps, result().optimum_logps) > 0.1


def test_one_certain_label_dpo_never_ends_and_ipo_does():
    dpo, ipo = preset("certain"), preset("ipo")
    assert dpo.end_logps is None
    gaps = [dpo.log_ratios(k)[1] - dpo.log_ratios(k)[4] for k in range(HORIZON + 1)]
    assert all(after > before for before, after in itertools.pairwise(gaps))
    assert ipo.log_ratios(HORIZON)[1] - ipo.log_ratios(HORIZON)[4] == pytest.approx(1 / (2 * 0.5))
    assert "no lowest point" in " ".join(LESSON.says(result(pairs="one", step=60)))
    assert LESSON.quiz(dpo)[1].options[LESSON.quiz(dpo)[1].answer] == "without end both times"


# --- sentences and charts ---------------------------------------------------------------------------------------------


def test_the_policy_view_names_the_bars_that_moved_most():
    seen = 0
    for shown in all_results():
        if shown.view != "policy" or not shown.step:
            continue
        chart, sentence = LESSON.figures(shown)[0], LESSON.says(shown)[1]
        change = np.subtract(chart.frames[shown.step]["2"]["x"], chart.frames[0]["2"]["x"])
        if "gained" in sentence:
            seen += 1
            assert f"gained **{change.max():.1f} points**" in sentence or abs(change.max() * 10 % 1 - 0.5) < 0.01
            assert max(abs(change)) > 0.04
        else:
            assert "No bar has moved" in sentence or shown.now.diverged
            assert max(abs(change)) < 0.06
    assert seen > 50


def test_the_log_probability_view_says_what_its_lines_do():
    seen = set()
    for shown in all_results():
        if shown.view != "logps" or not shown.step:
            continue
        chart, sentence = LESSON.figures(shown)[0], LESSON.says(shown)[1]
        told = dict(
            re.findall(
                r"(chosen|rejected) (.*?)(?:, rejected|; their)",
                sentence.replace(", rejected", ", rejected rejected", 1),
            )
        )
        for side, words in told.items():
            values = line(chart, side)
            change = values[shown.step] - values[0]
            direction = next(word for word in ("lower", "fell", "rose by", "still", "back") if word in words)
            seen.add(direction)
            assert {"lower": change < 0, "fell": change < 0, "rose by": change > 0}.get(
                direction, abs(change) < 0.006
            ), sentence
            if direction in ("lower", "fell", "rose by"):
                shown_number = float(re.search(r"\d+\.\d+(?:e\d+)?", words).group())
                # From 100,000 on, numbers are written with two digits and a power of ten.
                rounding = 0.05 if abs(change) >= 1e5 else 2e-5
                assert shown_number == pytest.approx(abs(change), abs=0.006 + rounding * abs(change))
            if "until step" in words:
                peak = int(re.search(r"step (\d+)", words).group(1))
                assert values[peak] >= max(values[: shown.step + 1]) - 1e-4 * abs(values[peak])
    assert {"lower", "fell", "rose by"} <= seen


def test_the_two_routes_say_what_their_lines_and_table_hold():
    seen = 0
    for shown in all_results():
        if shown.view != "routes" or not shown.step or shown.now.diverged:
            continue
        seen += 1
        chart, sentence, table = LESSON.figures(shown)[0], LESSON.says(shown)[1], LESSON.table(shown)
        assert f"PPO is **{number(line(chart, 'PPO', '2')[shown.step])}**" in sentence
        assert f"DPO is **{number(line(chart, 'DPO', '2')[shown.step])}**" in sentence
        drawn = shown.ppo_config.batch_size * shown.step
        assert line(chart, "PPO", "3")[shown.step] == drawn
        assert max(line(chart, "DPO", "3")) == 0
        cells = {row[0]: row[1:] for row in table.rows}
        assert cells["answers sampled"] == (f"{drawn:,}", "0")
        assert cells["policy gradient steps"] == (f"{4 * shown.step:,}", f"{shown.step:,}")
    assert seen >= 5


def test_memory_is_counted_on_the_tiny_model_itself():
    vocabulary, width, layers = len(Tokenizer(WORDS)), 96, 3
    by_hand = vocabulary * width + layers * (12 * width**2 + 2 * width) + width + 2 * (width + 1)
    assert views.tiny_lm_parameters() == by_hand
    cells = {row[0]: row[1:] for row in LESSON.table(result(view="routes")).rows}
    assert cells["models held"] == ("3", "2")
    assert cells["weights, as tiny LMs"] == tuple(f"{held * 4 * by_hand / 1e6:.1f} MB" for held in (3, 2))


def test_the_end_of_the_run_is_described_as_it_is():
    for shown in all_results():
        told = " ".join(LESSON.says(shown))
        if "no lowest point" in told:
            assert shown.end_logps is None
        if "It has reached the lowest point" in told:
            assert distance(shown.now.logps, shown.end_logps) < 0.005
        if "that point is π\\*" in told:
            assert distance(shown.end_logps, shown.optimum_logps) < 0.005


@pytest.mark.parametrize("view", ["policy", "logps", "routes"])
def test_other_labels_give_other_sentences_formulas_and_tables(view):
    first, second = (result(view=view, step=15, votes=VOTES[votes]) for votes in ("all", "reversed"))
    assert all(one != other for one, other in zip(LESSON.says(first)[1:], LESSON.says(second)[1:]))
    assert LESSON.formula(first) != LESSON.formula(second)
    assert LESSON.table(first).rows != LESSON.table(second).rows
    assert LESSON.figures(first)[0].text != LESSON.figures(second)[0].text


# --- questions, code, export ------------------------------------------------------------------------------------------


def test_the_prediction_is_marked_from_the_run():
    answers = set()
    for shown in all_results():
        values = [shown.mean_over_labels(record.logps_chosen) for record in (shown.steps[0], shown.foreseen)]
        change = values[1] - values[0]
        answer = LESSON.predict(shown).answer
        answers.add(answer)
        assert answer == (2 if abs(change) < 0.005 else 0 if change > 0 else 1)
        assert LESSON.predict(shown).revealed == (shown.step >= shown.foreseen.index)
        assert shown.foreseen.index <= PREDICT_AT
    assert answers == {0, 1, 2}


def test_the_quiz_is_marked_from_the_run():
    answers = set()
    for shown in all_results():
        first, second = LESSON.quiz(shown)
        record = shown.now if shown.now.index >= shown.foreseen.index else shown.foreseen
        decided = [pair for pair in shown.comparisons if pair.share > 0.5]
        moved = np.subtract(record.logps, shown.steps[0].logps)
        fell = [moved[pair.first] < 0 and moved[pair.first] > moved[pair.second] for pair in decided]
        assert first.answer == (0 if not any(fell) else 2 if all(fell) else 1)
        assert f"In {sum(fell)} of" in first.because
        answers.add((first.answer, second.answer))
    assert {answer for answer, _ in answers} >= {0, 1}
    assert {answer for _, answer in answers} == {0, 2, 3}


def test_the_formula_holds_the_pairs_numbers():
    shown = preset("falls")
    pair = shown.picked
    u, v = (float(shown.log_ratios(shown.step)[response]) for response in (pair.first, pair.second))
    sigma = 1 / (1 + math.exp(-0.5 * (u - v)))
    lines = " ".join(LESSON.formula(shown).lines)
    for value in (u, v, 0.5 * (u - v), sigma):
        assert number(value).replace("−", "-") in lines
    loss = -pair.share * math.log(sigma) - (1 - pair.share) * math.log(1 - sigma)
    assert lines.count(f"= {loss:.2f}") == 1
    assert number(0.5 * (pair.share - sigma), 3).replace("−", "-") in lines


def test_the_routes_formula_inverts_itself():
    shown = result(view="routes", step=20, about=2)
    lines = " ".join(LESSON.formula(shown).lines)
    assert f"{math.exp(shown.optimum_logps[1]):.3f}" in lines
    assert number(float(shown.implicit_rewards(20)[1])).replace("−", "-") in lines


def test_history_has_a_row_a_step_with_trls_names():
    shown = result(step=7, votes=VOTES["few"])
    found = history(shown)
    assert [row["step"] for row in found] == list(range(8))
    assert found[7]["rewards/margins"] == pytest.approx(found[7]["rewards/chosen"] - found[7]["rewards/rejected"])
    assert sum(value for key, value in found[7].items() if key.startswith("p(")) == pytest.approx(1)


@pytest.mark.parametrize(
    "changes", [{"step": 3}, {"step": 2, "loss": "robust", "batch": 4, "rule": "plain", "votes": VOTES["few"]}]
)
def test_the_snippet_alone_prints_the_numbers_on_screen(changes):
    shown = result(**changes)
    blocked = "import sys\nsys.modules['core'] = None\n"
    head, _, rest = LESSON.snippet(shown).partition("\n")
    ran = subprocess.run([sys.executable, "-c", f"{head}\n{blocked}{rest}"], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr[-2000:]
    printed = [line for line in ran.stdout.splitlines() if line]
    assert len(printed) == shown.step + 1
    values = [float(value) for value in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", printed[-1])]
    np.testing.assert_allclose(values[:8], shown.probs(shown.step), atol=2e-6)
    assert values[8] == pytest.approx(shown.now.loss, abs=2e-6)


def test_percentages_in_the_text_of_the_chart_are_those_of_the_bars():
    shown = result(step=9)
    chart = LESSON.figures(shown)[0]
    for value in chart.frames[9]["2"]["x"]:
        assert f"policy {percent(value / 100)}" in chart.text
