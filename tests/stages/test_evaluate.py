"""Evaluation measures both sides of the split."""

import pytest

from core.stages.evaluate import evaluate, first_sentence
from tests.stages import toy

TASK = toy.task()


def test_evaluation_measures_both_sides():
    found = evaluate("base", toy.base(), TASK, reference=toy.base())
    assert found.n_held_out == 16
    assert sum(found.behaviours_held_out.values()) == pytest.approx(1.0)
    assert found.kl == pytest.approx(0.0, abs=1e-4)
    assert len(found.samples) == 2
    assert found == evaluate("base", toy.base(), TASK, reference=toy.base())


def test_first_sentence():
    assert first_sentence("Oslo. What is this?") == "Oslo."
    assert first_sentence("What? Oslo.") == "What?"
    assert first_sentence("no end") == "no end"
    assert first_sentence("") == ""
