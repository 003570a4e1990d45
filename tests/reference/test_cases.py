"""Every public reference case, one test each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reference.adapters import ADAPTERS
from tests.reference.runner import evaluate, load_cases

FOLDER = Path(__file__).parent / "cases"
PUBLIC_CASES = 254
CASES = load_cases(FOLDER)


def test_all_public_cases_are_here():
    assert len(CASES) >= PUBLIC_CASES


def test_every_public_algorithm_has_an_adapter():
    """Optional cases may be skipped; we skip none."""
    assert {case["algorithm"] for _, case in CASES} <= ADAPTERS.keys()


@pytest.mark.parametrize("path, case", CASES, ids=[path.stem for path, _ in CASES])
def test_case(path, case):
    outcome = evaluate(path.stem, case, ADAPTERS)
    assert outcome.status == "passed", "\n".join([outcome.reason, *map(str, outcome.failures)])
