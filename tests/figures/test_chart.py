"""What all charts share: labels without markup, numbers short enough to send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.figures.chart import BADGE_HELP, label, rounded


@given(st.text(max_size=80), st.integers(3, 30))
def test_a_label_holds_no_markup_of_its_user(text, width):
    written = label(text, width)
    assert "<" not in written.replace("<br>", "")
    assert ">" not in written.replace("<br>", "")


def test_labels_are_wrapped_between_words():
    assert label("right but padded with flattery", 14) == "right but<br>padded with<br>flattery"
    assert label("unbreakablelongword", 5) == "unbreakablelongword"
    assert label("a < b & c", 40) == "a &lt; b &amp; c"


@given(st.lists(st.floats(-1e9, 1e9), max_size=20))
def test_numbers_keep_five_significant_digits(values):
    for short, value in zip(rounded(values), values, strict=True):
        assert short == pytest.approx(value, rel=1e-4, abs=1e-300)
        assert len(f"{short!r}".lstrip("-0.").replace(".", "").split("e")[0].rstrip("0")) <= 5


def test_every_badge_is_explained():
    assert set(BADGE_HELP) == {"live", "recorded", "illustration"}
