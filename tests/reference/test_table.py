"""The table of functions, equations and peers covers every case once, and README shows it as it is now."""

from collections import Counter
from pathlib import Path

import pytest

from tests.reference.adapters import ADAPTERS
from tests.reference.table import BEGIN, END, ROWS, cases_by_algorithm, markdown

README = Path(__file__).parents[2] / "README.md"


def test_every_algorithm_stands_in_exactly_one_row():
    rows = Counter(algorithm for row in ROWS for algorithm in row.algorithms)
    assert set(rows.values()) == {1}
    assert rows.keys() == cases_by_algorithm().keys() == ADAPTERS.keys()


def test_the_cases_add_up():
    total = sum(len(peers) for peers in cases_by_algorithm().values())
    assert markdown().splitlines()[-1] == f"| | | **all** | **{total}** |"


def test_an_unknown_source_is_an_error(tmp_path):
    (tmp_path / "x.json").write_text('{"algorithm": "x", "source": "somebody"}', encoding="utf-8")
    with pytest.raises(ValueError, match="does not know"):
        cases_by_algorithm(tmp_path)


def test_readme_shows_the_table_as_it_is_now():
    text = README.read_text(encoding="utf-8") if README.exists() else ""
    if BEGIN not in text or END not in text:
        pytest.skip("README has no maths table yet")
    shown = text.split(BEGIN)[1].split(END)[0].strip()
    assert shown == markdown(), "run python -m tests.reference.table and paste its output between the markers"
