"""Lesson 4: the link's text, sentences against the plot, presets against numbers, marking against a second computation."""

from __future__ import annotations

import itertools
import random
import re

import numpy as np
import pytest

from core.lessons import lesson04_words as words
from core.lessons.lesson04 import EXAMPLES, HAND, LESSON, compute
from core.statistics import by_hand
from core.statistics.by_hand import ANSWERS, PAIR_ORDER, Hand, encode
from core.statistics.crossings import Band, contest
from core.statistics.ratings import BUDGETS, ESTIMATORS, MIDDLE
from tests.lessons.states import mixed

AT_64 = BUDGETS.index(64)


def at(**settings):
    return compute({**LESSON.defaults(), **{f"l4_{key}": value for key, value in settings.items()}})


def preset(key):
    chosen = next(item for item in LESSON.presets if item.key == key)
    return compute({**LESSON.defaults(), **chosen.values})


def many_budgets():
    """Results of the budget view over the range of its controls."""
    return [compute({**state, "l4_view": "budget"}) for _, state in mixed(LESSON, 60, seed=4)]


# --- the link ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["x", "0", "362626lrx", "362626.", "3626267", "١", "362626" + "l" * 16, "%00", "<b>", "1" * 500]
)
def test_a_damaged_hand_is_dropped_with_a_sentence(text):
    reading = HAND.read(text)
    assert reading.value == ""
    assert reading.note
    assert "could not be read" in reading.note
    values, notes = LESSON.read({"l4_hand": text})
    assert notes == (reading.note,)
    assert compute(values).hand == Hand()


@pytest.mark.parametrize("text", EXAMPLES)
def test_a_legal_hand_is_taken_whole_and_silently(text):
    assert HAND.read(text) == HAND.read(HAND.write(text))
    assert (HAND.read(text).value, HAND.read(text).note) == (text, None)


def test_a_preset_leaves_the_hand_alone():
    assert "l4_hand" in LESSON.carried


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_before_the_end_no_verdict_is_given_away():
    """Ratings and comparisons must not steer each other."""
    for text in EXAMPLES:
        result = at(hand=text)
        if result.hand.phase == "done":
            continue
        assert result.verdicts == ()
        assert LESSON.table(result) is None
        assert not result.strengths.strengths.any()
        (chart,) = LESSON.figures(result)
        verdict_marks = [trace for trace in chart.figure["data"][:4] if any(x is not None for x in trace["x"])]
        assert verdict_marks == []
        assert "contradict" not in " ".join(LESSON.says(result))


@pytest.mark.parametrize("seed", range(25))
def test_what_is_said_of_a_hand_is_what_counting_finds(seed):
    rng = random.Random(seed)
    rating = {k: rng.randint(1, 7) for k in range(6)}
    shares = [rng.choice((0.0, 1.0, 1.0, 0.5)) for _ in PAIR_ORDER]
    hand = Hand(tuple(rating[k] for k in by_hand.RATING_ORDER), tuple(shares))
    clashes = equal = ties = 0
    for (left, right), share in zip(PAIR_ORDER, shares):
        gap = rating[left] - rating[right]
        clashes += gap * (share - 0.5) < 0
        equal += gap == 0 and share != 0.5
        ties += gap != 0 and share == 0.5
    said = " ".join(LESSON.says(at(hand=encode(hand))))
    assert f"**{clashes} of 15** comparisons contradict" in said
    assert re.search(rf"\b{equal} pairs? rated equal got a winner", said)
    assert (f"{ties} rated apart" in said) == bool(ties)
    for example in re.findall(r"“([^”]*)” \(rated (\d)\)", said):
        number = next(
            k for k, answer in enumerate(ANSWERS) if answer.name.replace(",", "") == example[0].replace(",", "")
        )
        assert rating[number] == int(example[1])


def test_every_pair_has_one_mark_in_the_grid():
    for text in EXAMPLES:
        (chart,) = LESSON.figures(at(hand=text))
        places = [(x, y) for trace in chart.figure["data"][:6] for x, y in zip(trace["x"], trace["y"]) if x is not None]
        assert sorted(places) == sorted((b, a) for a, b in itertools.combinations(range(6), 2))
        assert [len(trace["x"]) for trace in chart.figure["data"][:6]] == [15] * 6


# --- the simulation ---------------------------------------------------------------------------------------------------


def test_no_sentence_contradicts_the_plot():
    """Every claim about two lines is taken apart and checked against the numbers that the chart draws."""
    seen = set()
    for result in many_budgets():
        (chart,) = LESSON.figures(result)
        drawn = {t["name"]: t["y"] for t in chart.figure["data"] if t.get("name") in words.NAMES.values()}
        for name, sentence in zip(("raw", "standardised"), LESSON.says(result)[1:]):
            lead = np.subtract(drawn[words.NAMES["pairs"]], drawn[words.NAMES[name]])
            seen.add(check_claim(sentence, lead, result.bands["pairs"], result.bands[name]))
    assert seen == {"beat", "not separable", "apart", "cross"}


def check_claim(sentence, lead, pairs, other):
    above, below = pairs.low > other.high, pairs.high < other.low
    if " beat " in sentence:
        assert (above if sentence.startswith("Comparisons") else below).all()
        return "beat"
    if "not separable at any" in sentence:
        assert not (above | below).any()
        signs = [s for s in np.sign(np.where(np.abs(lead) < 1e-4, 0, lead)) if s]
        turns = sum(a != b for a, b in itertools.pairwise(signs))
        assert turns == 0 or "cross" in sentence
        return "not separable"
    claimed = {"above": set(), "below": set()}
    for who, places in re.findall(
        r"(comparisons|raw means|standardised means) lead at ((?:\d| to |, | and )+)", sentence
    ):
        for part in re.split(r", | and ", places):
            first, _, last = part.partition(" to ")
            run = [k for k, budget in enumerate(BUDGETS) if int(first) <= budget <= int(last or first)]
            claimed["above" if who == "comparisons" else "below"].update(run)
    assert claimed == {"above": set(np.flatnonzero(above)), "below": set(np.flatnonzero(below))}
    crossed = re.search(r"cross near \*\*(.+?)\*\*", sentence)
    if not crossed:
        assert "do not cross" in sentence
        assert (lead > -1e-4).all() or (lead < 1e-4).all()
        return "apart"
    for near in re.split(r", | and ", crossed.group(1)):
        after = next(k for k, budget in enumerate(BUDGETS) if budget * 1.01 >= float(near))
        assert lead[after - 1] * lead[after] <= 1e-4
        overlap = any(not (above[k] or below[k]) for k in (after - 1, after))
        assert overlap or "change places" in sentence
    return "cross"


def _flat(*values):
    mean = np.array(values, dtype=float)
    return Band(mean, mean - 0.1, mean + 0.1)


def test_a_sharp_crossing_is_not_called_inseparable():
    first, second = _flat(1, 1, 1, 1, 1, 1, 1), _flat(0, 0, 0, 2, 2, 2, 2)
    said = words.contest_sentence(contest(BUDGETS, first, second), "raw means")
    assert "cross near **45.3** units (they change places quickly)" in said
    assert "comparisons lead at 8 to 32; raw means lead at 64 to 512" in said


def test_the_picked_budget_is_the_one_in_the_sentence_and_the_line():
    for pick in range(8):
        result = at(view="budget", pick=pick)
        budget = BUDGETS[min(pick, len(BUDGETS) - 1)]
        assert LESSON.says(result)[0].startswith(f"With {budget} units")
        (chart,) = LESSON.figures(result)
        assert chart.figure["layout"]["shapes"][0]["x0"] == budget
        table = LESSON.table(result)
        assert table.rows[table.lit][0] == str(budget)


def test_predictions_are_marked_from_the_bands():
    answers = set()
    for result in many_budgets():
        bands = [result.bands[name] for name in ESTIMATORS]
        winners = [
            k
            for k, mine in enumerate(bands)
            if all(mine.low[AT_64] > other.high[AT_64] for other in bands if other is not mine)
        ]
        assert LESSON.predict(result).answer == (winners[0] if winners else 3)
        assert LESSON.predict(result).revealed
        answers.add(LESSON.predict(result).answer)
    assert len(answers) >= 3
    assert not LESSON.predict(at(view="hand")).revealed
    assert not LESSON.predict(at(view="raters")).revealed


def test_the_table_of_raters_is_their_formula():
    result = at(view="raters", offset=3.0, pick=1)
    u = result.setup.utilities()
    for row, a, b in zip(LESSON.table(result).rows, result.offsets, result.scales):
        for cell, item in ((row[3], result.better), (row[4], result.worse)):
            assert int(cell) == min(max(round(MIDDLE + a + b * u[item]), 1), 7)
    assert f"{float(result.latent[1, result.better]):.2f}" in " ".join(LESSON.formula(result).lines)


def test_the_worse_item_never_leads_within_one_rater():
    for _, state in mixed(LESSON, 40, seed=9):
        result = compute({**state, "l4_view": "raters"})
        assert (result.ratings[:, result.better] >= result.ratings[:, result.worse]).all()
        assert (result.scales > 0).all()
        said = " ".join(LESSON.says(result))
        n = len(result.offsets)
        if n > 1:
            wrong = sum(
                result.ratings[q, result.worse] > result.ratings[r, result.better]
                for q, r in itertools.permutations(range(n), 2)
            )
            assert f"**{wrong} of {n * (n - 1)}** cases" in said
            assert f"**0 of {n}**" in said


# --- presets: each claim is true in numbers ---------------------------------------------------------------------------


def test_unbiased_raters_rate_better_than_they_compare():
    found = preset("unbiased").against("raw")
    assert sum(found.below) >= 4
    assert max(found.lead) < 0
    assert LESSON.quiz(preset("unbiased"))[1].answer == 0


def test_harsh_offsets_scramble_ratings_and_spare_pairs():
    usual, harsh = preset("usual"), preset("harsh")
    assert all(harsh.against("raw").above)
    assert harsh.bands["raw"].high[AT_64] < usual.bands["raw"].low[AT_64]
    assert (harsh.bands["pairs"].mean == usual.bands["pairs"].mean).all()


def test_three_raters_can_be_standardised():
    few, harsh = preset("few"), preset("harsh")
    assert few.bands["standardised"].low[AT_64] > few.bands["raw"].high[AT_64]
    assert not any(few.against("standardised").above[AT_64:])
    assert sum(harsh.against("standardised").above) > sum(few.against("standardised").above)


def test_near_tied_items_cost_pairs_their_answers():
    usual, tied = preset("usual"), preset("tied")
    assert (tied.bands["pairs"].high < usual.bands["pairs"].low).all()


def test_correlated_raters_cost_pairs_their_lead():
    usual, correlated = preset("usual"), preset("correlated")
    assert sum(correlated.against("raw").above) < sum(usual.against("raw").above)
    assert not correlated.against("raw").above[-1]
    assert correlated.bands["pairs"].high[-1] < usual.bands["pairs"].low[-1]
    assert "Endless labels" in LESSON.says(correlated)[0]
    assert "Endless labels" not in LESSON.says(usual)[0]


def test_dear_comparisons_lose():
    assert sum(preset("dear").against("raw").below) >= 5


def test_scales_that_do_not_fit():
    result = preset("scales")
    assert int(re.search(r"\*\*(\d+) of 30\*\* cases", " ".join(LESSON.says(result))).group(1)) >= 3
    assert np.ptp(result.ratings[:, result.better]) >= 2


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0, 3.0])
def test_the_question_about_fair_raters_is_marked_from_its_own_simulation(noise):
    question = LESSON.quiz(at(noise=noise))[1]
    raw, pairs = ((float(m), float(h)) for m, h in re.findall(r"(-?\d\.\d+) ± (\d\.\d+)", question.because))
    apart = abs(raw[0] - pairs[0]) > raw[1] + pairs[1] + 0.01
    if apart:
        assert question.answer == (0 if raw[0] > pairs[0] else 1)
    else:
        assert question.answer in (2, 0 if raw[0] > pairs[0] else 1)
    assert ("rounding" in question.because) == (question.answer == 1)
