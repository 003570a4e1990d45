"""The responses of the running example, and what a set of responses may not be."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.world.candidates import MAX_RESPONSE_CHARACTERS, NORWAY, Candidate, tidy


def test_the_running_example_is_the_one_that_was_promised():
    assert NORWAY.prompt == "What is the capital of Norway?"
    assert len(NORWAY.candidates) == 8
    assert len(set(NORWAY.names)) == 8
    assert sum("Oslo" in candidate.text for candidate in NORWAY.candidates) == 3
    assert NORWAY.origin


def test_log_probabilities_are_those_of_the_reference():
    assert math.isclose(sum(np.exp(NORWAY.ref_logps())), 1.0, abs_tol=1e-12)
    assert np.allclose(np.exp(NORWAY.ref_logps()), NORWAY.ref_probs, atol=1e-15)


def test_every_response_fits_its_place():
    assert all(0 < len(candidate.text) <= MAX_RESPONSE_CHARACTERS for candidate in NORWAY.candidates)
    assert all(len(name) <= 20 for name in NORWAY.names)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"candidates": NORWAY.candidates[:1], "ref_probs": (1.0,)}, "between 2 and 8"),
        ({"candidates": (*NORWAY.candidates, Candidate("ninth", "x")), "ref_probs": (1 / 9,) * 9}, "between 2 and 8"),
        ({"ref_probs": (0.5, 0.5)}, "one starting probability"),
        ({"ref_probs": (0.0, 0.26, 0.14, 0.10, 0.25, 0.08, 0.09, 0.08)}, "positive and sum to 1"),
        ({"ref_probs": (0.2,) * 8}, "positive and sum to 1"),
        ({"ref_probs": (float("nan"),) * 8}, "positive and sum to 1"),
    ],
)
def test_an_impossible_set_is_refused_in_one_sentence(change, says):
    with pytest.raises(ValueError, match=says):
        dataclasses.replace(NORWAY, **change)


@given(st.text(max_size=300), st.integers(1, 200))
def test_tidy_leaves_one_printable_line_within_the_limit(text, limit):
    line = tidy(text, limit)
    assert len(line) <= limit
    assert line == line.strip()
    assert all(character.isprintable() for character in line)
    assert tidy(line, limit) == line


def test_tidy_folds_white_space_and_drops_control_characters():
    assert tidy("  a\n\tb \x00c\u202e ", 50) == "a b c"
