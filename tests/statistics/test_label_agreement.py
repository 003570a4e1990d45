"""Agreement of labellers against the libraries on mirrored data, and what cannot be computed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.statistics.agreement import (
    NO_SPREAD,
    category_counts,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
)
from core.statistics.label_agreement import CATEGORIES, Judgement, agreement, bootstrap

SWAP = {"first": "second", "second": "first"}


def draw(seed, raters=3, items=40, agree=0.6, missing=0.0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, items)
    codes = np.where(rng.random((raters, items)) < agree, truth, rng.integers(0, 4, (raters, items)))
    return [[None if rng.random() < missing else CATEGORIES[c] for c in row] for row in codes]


def judgements(table):
    return [
        Judgement(item, f"rater {rater}", verdict)
        for rater, row in enumerate(table)
        for item, verdict in enumerate(row)
        if verdict is not None
    ]


def mirrored(table):
    return [[*row, *(SWAP.get(verdict, verdict) for verdict in row)] for row in table]


@pytest.mark.parametrize("seed", range(4))
def test_coefficients_are_the_libraries_on_mirrored_data(seed):
    full, gaps = draw(seed), draw(seed, 4, missing=0.4)
    found, both = agreement(judgements(full)), mirrored(full)
    counts, _ = category_counts(both, CATEGORIES)
    assert found.fleiss.value == pytest.approx(fleiss_kappa(counts, n_resamples=0).value, abs=1e-12)
    for two in found.cohen:
        one, other = (int(name.split()[1]) for name in (two.one, two.other))
        assert two.kappa.value == pytest.approx(cohen_kappa(both[one], both[other], n_resamples=0).value, abs=1e-12)
        assert two.raw.value == pytest.approx(np.mean([a == b for a, b in zip(full[one], full[other])]))
    for table in (full, gaps):
        ours = agreement(judgements(table)).krippendorff.value
        assert ours == pytest.approx(krippendorff_alpha(mirrored(table), n_resamples=0).value, abs=1e-12)


def test_fleiss_takes_the_pairs_with_the_commonest_number_of_labels():
    table = [["first", "tie", "first", "second"], ["first", "tie", "second", "second"], [None, None, None, "second"]]
    found = agreement(judgements(table))
    assert (found.fleiss_labels, found.fleiss.n_items, found.n_overlap) == (2, 3, 4)
    counts, _ = category_counts(mirrored([row[:3] for row in table[:2]]), CATEGORIES)
    assert found.fleiss.value == pytest.approx(fleiss_kappa(counts, n_resamples=0).value)


def test_raw_and_decided_agreement_by_counting():
    table = [["first", "first", "tie", "second"], ["first", "second", "first", "second"]]
    found = agreement(judgements(table))
    assert found.raw.value == 0.5
    assert (found.decided.value, found.decided.n_items) == (pytest.approx(2 / 3), 3)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from([*CATEGORIES, None])] * 3), min_size=1, max_size=12), st.data())
def test_it_does_not_matter_which_response_is_called_the_first(rows, data):
    flips = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    table = list(zip(*rows))
    other = list(zip(*([SWAP.get(v, v) for v in row] if flip else row for row, flip in zip(rows, flips))))
    one, two = agreement(judgements(table)), agreement(judgements(other))
    for name in ("raw", "decided", "fleiss", "krippendorff"):
        a, b = getattr(one, name), getattr(two, name)
        assert (a is None) == (b is None)
        if a is not None:
            assert b.value == pytest.approx(a.value, abs=1e-12, nan_ok=True)
            assert math.isnan(a.value) or a.value <= 1 + 1e-12


def test_intervals_match_a_bootstrap_that_draws_items():
    table = draw(7, 2, items=60)
    *_, last = bootstrap(judgements(table), 4000, seed=1)
    rng = np.random.default_rng(5)
    found = []
    for _ in range(400):
        items = rng.integers(0, 60, 60)
        both = mirrored([[row[i] for i in items] for row in table])
        found.append(cohen_kappa(*both, n_resamples=0).value)
    low, high = np.quantile(found, [0.025, 0.975])
    kappa = last.agreement.cohen[0].kappa
    assert (kappa.low, kappa.high) == (pytest.approx(low, abs=0.04), pytest.approx(high, abs=0.04))


def test_the_bootstrap_tells_how_far_it_is_and_can_be_left():
    steps = list(bootstrap(judgements(draw(1)), 250))
    assert [(step.done, step.total) for step in steps] == [(0, 250), (100, 250), (200, 250), (250, 250)]
    assert math.isnan(steps[0].agreement.raw.low)
    assert steps[1].agreement.raw.low < steps[1].agreement.raw.value < steps[1].agreement.raw.high
    assert steps[-1].agreement.raw.resamples == 250
    assert list(bootstrap(judgements(draw(1)), 250))[-1] == steps[-1]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "Agreement needs two labellers, and so far nobody has labelled."),
        ([Judgement(1, "Ada", "first")], "Agreement needs two labellers, and so far there is one."),
        (
            [Judgement(1, "Ada", "first"), Judgement(2, "Bo", "tie")],
            "Agreement needs two labellers on the same pair, and so far no pair was judged by two people.",
        ),
    ],
)
def test_one_labeller_is_told_what_is_missing(given, sentence):
    found = agreement(given)
    assert found.sentence == sentence
    assert found.raw is None


def test_all_ties_are_agreement_but_not_beyond_chance():
    *_, last = bootstrap(judgements([["tie"] * 5, ["tie"] * 5]), 100)
    found = last.agreement
    assert found.raw.value == 1
    assert found.decided is None
    assert math.isnan(found.krippendorff.value)
    assert "called a tie" in found.sentence


def test_perfect_agreement_says_that_its_interval_is_no_promise():
    *_, last = bootstrap(judgements([["first", "second", "first"]] * 2), 100)
    assert last.agreement.raw.note == NO_SPREAD
    assert last.agreement.krippendorff.value == 1


def test_a_later_judgement_replaces_the_earlier_one_and_strangers_are_refused():
    given = [Judgement(1, "Ada", "first"), Judgement(1, "Bo", "first"), Judgement(1, "Ada", "second")]
    assert agreement(given).raw.value == 0
    with pytest.raises(ValueError, match="A verdict is one of"):
        agreement([Judgement(1, "Ada", "A")])
