"""Features measured from words: each counts what it says, and none of them knows what is true."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.world.candidates import NORWAY
from core.world.text_features import (
    FEATURES,
    asks_back,
    feature_matrix,
    flattery,
    key_word,
    length,
    states_an_answer,
    tone,
)


@pytest.mark.parametrize(
    ("measure", "text", "value"),
    [
        (key_word, "It is Oslo.", 1),
        (key_word, "it is oslo", 1),
        (key_word, "OSLO!", 1),
        (key_word, "Osloites live there.", 0),
        (key_word, "New-Oslo", 1),
        (key_word, "", 0),
        (states_an_answer, "The capital of Norway is Oslo.", 1),
        (states_an_answer, "The capital of Norway is Cairo.", 1),
        (states_an_answer, "The capital of Norway is Oslo", 1),
        (states_an_answer, "What is the capital of Sweden?", 0),
        (states_an_answer, "That is hard to say.", 0),
        (states_an_answer, "You are so clever!", 0),
        (tone, "Sure! I hope this helps!", 1),
        (tone, "What a stupid question!", -1),
        (tone, "Sure, what a stupid question.", 0),
        (tone, "The capital is Oslo.", 0),
        (tone, "Stupid, lazy and silly, but thank you.", -1),
        (flattery, "Great question!", 0.5),
        (flattery, "Great question! You are so clever! So clever! So clever!", 1.5),
        (flattery, "The question is great.", 0),
        (asks_back, "What is the capital of Sweden?", 1),
        (asks_back, "The capital is Oslo.", 0),
        (length, "", 0),
        (length, "The capital of Norway is Oslo.", 0.6),
        (length, "I don't know — really.", 0.4),
    ],
)
def test_a_feature_counts_what_it_says(measure, text, value):
    assert measure(text, "Oslo") == value


def test_truth_is_not_a_feature_unless_the_key_word_is():
    """A false statement measures the same as a true one in everything but the key word."""
    right, wrong = feature_matrix(("The capital of Norway is Oslo.", "The capital of Norway is Cairo."), "Oslo")
    differs = [feature.key for feature, a, b in zip(FEATURES, right, wrong) if a != b]
    assert differs == ["key_word"]


def test_an_empty_key_word_is_found_nowhere():
    assert key_word("anything", "") == 0


def test_a_key_word_is_read_as_text_and_not_as_a_pattern():
    assert key_word("abc", "a.c") == 0
    assert key_word("(", "(") in (0, 1)


@given(st.text(max_size=200), st.text(max_size=20))
def test_any_text_gives_finite_features_of_moderate_size(text, word):
    row = feature_matrix((text,), word)
    assert row.shape == (1, len(FEATURES))
    assert np.isfinite(row).all()
    assert (np.abs(row) <= 20).all()


def test_the_running_example_can_be_told_apart_by_its_features():
    rows = {tuple(row) for row in NORWAY.matrix()}
    assert len(rows) == len(NORWAY.candidates)


def test_features_are_named_once():
    assert len({feature.key for feature in FEATURES}) == len({feature.name for feature in FEATURES}) == len(FEATURES)
    assert all(feature.help for feature in FEATURES)
