"""What the browser reports of quick presses is acted on once, in order, whatever arrives twice, late or anew."""

from __future__ import annotations

import pytest

from core.ui import presses


@pytest.fixture
def fresh(monkeypatch):
    heard: dict[str, str] = {}
    monkeypatch.setattr(presses, "_heard", lambda: heard)
    return lambda text: presses.fresh("hv_presses", text)


def test_only_what_is_new_is_acted_on(fresh):
    assert fresh("ab12:l") == "l"
    assert fresh("ab12:lrr") == "rr"
    assert fresh("ab12:lrr") == ""


def test_an_older_report_that_comes_late_changes_nothing(fresh):
    assert fresh("ab12:lrl") == "lrl"
    assert fresh("ab12:l") == ""
    assert fresh("ab12:lrlu") == "u"


def test_a_page_that_was_opened_anew_counts_from_nothing(fresh):
    assert fresh("ab12:lrl") == "lrl"
    assert fresh("cd34:lr") == "lr"
    assert fresh("cd34:lrt") == "t"


@pytest.mark.parametrize("text", ["", "None", "no colon", "ab12:"])
def test_damaged_reports_mean_no_press(fresh, text):
    assert fresh(text) == ""


def test_a_text_without_end_is_cut(fresh):
    assert len(fresh("ab12:" + "l" * 10_000)) < presses.MOST
