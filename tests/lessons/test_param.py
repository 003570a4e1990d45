"""Param: every text that a link may hold becomes a legal value, and what was done to it is said in one line."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.lessons.catalogue import LESSONS
from core.lessons.param import MAX_RAW_CHARACTERS, Param, Reading
from core.world.votes import Vote, encode

FLOAT = Param("t_float", "Float", "float", 0.5, 0.0, 3.0, 0.05)
INT = Param("t_int", "Whole", "int", 4, 1, 10, 1)
MARKS = Param("t_marks", "Marks", "float", 1.0, marks=(0.0, 0.1, 1.0, 10.0))
INT_MARKS = Param("t_int_marks", "Whole marks", "int", 64, marks=(1, 4, 64, 512))
CHOICE = Param("t_choice", "Choice", "choice", "a", options=(("a", "first"), ("b", "second")))
BOOL = Param("t_bool", "Switch", "bool", False)
VOTES = Param("t_votes", "Votes", "votes", "")
TEXT = Param("t_text", "Words", "text", "hello", max_characters=20)
SAMPLES = (FLOAT, INT, MARKS, INT_MARKS, CHOICE, BOOL, VOTES, TEXT)
DECLARED = tuple({param.key: param for lesson in LESSONS for param in lesson.params}.values())
ALL = SAMPLES + DECLARED
NUMBERS = tuple(param for param in ALL if param.kind in ("float", "int"))


def key(param):
    return param.key


def is_legal(param, value):
    """Whether a value is one that the widget of this setting can show."""
    if param.kind == "choice":
        return value in dict(param.options)
    if param.kind == "bool":
        return isinstance(value, bool)
    if param.kind in ("votes", "text"):
        return isinstance(value, str) and len(value) <= param.max_characters
    if isinstance(value, bool) or not isinstance(value, int if param.kind == "int" else float):
        return False
    if param.marks:
        return value in param.marks
    steps = (value - param.low) / param.step
    return param.low <= value <= param.high and abs(steps - round(steps)) < 1e-6


@pytest.mark.parametrize(
    ("param", "raw", "value"),
    [
        (FLOAT, "0.5", 0.5),
        (FLOAT, "99", 3.0),
        (FLOAT, "-1", 0.0),
        (FLOAT, "0.52", 0.5),
        (FLOAT, "0.53", 0.55),
        (FLOAT, "1e400", 3.0),
        (FLOAT, "-inf", 0.0),
        (FLOAT, "inf", 3.0),
        (FLOAT, "1e-400", 0.0),
        (INT, "3.4", 3),
        (INT, "1e3", 10),
        (INT, "-7", 1),
        (MARKS, "5", 1.0),
        (MARKS, "6", 10.0),
        (MARKS, "-3", 0.0),
        (INT_MARKS, "70", 64),
        (INT_MARKS, "1e12", 512),
    ],
)
def test_a_number_that_is_not_on_offer_becomes_the_nearest_one(param, raw, value):
    reading = param.read(raw)
    assert reading.value == value
    if float(raw) == value:
        assert reading.note is None
    else:
        assert param.label in reading.note
        assert f"{value:g}" in reading.note
        assert reading.note.endswith(".")


@pytest.mark.parametrize("param", [*NUMBERS, CHOICE, BOOL], ids=key)
@pytest.mark.parametrize(
    "raw", ["", "abc", "nan", "NaN", "1,5", "0x10", "None", "1;2", "--1", "½", "\x00", "../../etc"]
)
def test_what_cannot_be_read_becomes_the_default_with_a_note(param, raw):
    reading = param.read(raw)
    assert reading.value == param.default
    assert param.label in reading.note


@pytest.mark.parametrize("param", ALL, ids=key)
@pytest.mark.parametrize("raw", ["<b>1</b>", "<script>alert(1)</script>", "1<2", ">", "9" * 5000, "a" * 5000])
def test_html_and_over_long_texts_are_dropped(param, raw):
    reading = param.read(raw)
    assert reading.value == param.default
    assert reading.note
    assert "<" not in reading.note
    assert len(reading.note) < 200


@pytest.mark.parametrize("param", ALL, ids=key)
def test_a_setting_that_the_link_does_not_name_has_its_default_in_silence(param):
    assert param.read(None) == Reading(param.default)


@pytest.mark.parametrize("raw", ["true", "True", "1"])
def test_a_switch_is_on(raw):
    assert BOOL.read(raw) == Reading(True)


@pytest.mark.parametrize("raw", ["false", "FALSE", "0"])
def test_a_switch_is_off(raw):
    assert BOOL.read(raw) == Reading(False)


def test_votes_in_a_link():
    votes = encode((Vote(0, 1, 1.0), Vote(3, 2, 0.5)))
    assert VOTES.read(votes) == Reading(votes)
    assert VOTES.read("").value == ""
    damaged = VOTES.read("not votes!")
    assert damaged.value == ""
    assert "none yet" in damaged.note


def test_a_text_is_cut_to_its_length():
    reading = TEXT.read("x" * 30)
    assert reading.value == "x" * 20
    assert "20" in reading.note
    assert TEXT.read("x" * 20) == Reading("x" * 20)


@given(st.sampled_from(ALL), st.one_of(st.text(max_size=60), st.text(alphabet="0123456789.-+einfatrus ", max_size=30)))
def test_reading_never_raises_and_always_gives_a_legal_value(param, raw):
    reading = param.read(raw)
    assert is_legal(param, reading.value)
    assert reading.note is None or (param.label in reading.note and "<" not in reading.note)


@given(st.sampled_from(NUMBERS), st.floats(allow_nan=False))
def test_any_number_becomes_a_legal_value_as_near_as_can_be(param, number):
    value = param.read(repr(number)).value
    assert is_legal(param, value)
    ends = [float(v) for v in param.ends()]
    inside = min(max(number, min(ends)), max(ends))
    reach = max(b - a for a, b in zip(param.marks, param.marks[1:])) if param.marks else param.step
    assert abs(value - inside) <= reach / 2 + 1e-9


@given(st.data())
def test_what_was_written_is_read_back_in_silence(data):
    param = data.draw(st.sampled_from(ALL))
    raw = data.draw(
        st.one_of(st.floats(-1e4, 1e4).map(repr), st.text(max_size=20), st.sampled_from(param.ends()).map(str))
    )
    value = param.read(raw).value
    if "<" in str(value) or ">" in str(value):
        return
    assert param.read(param.write(value)) == Reading(value)


@pytest.mark.parametrize("param", ALL, ids=key)
def test_the_ends_are_legal_and_hold_the_default_or_every_option(param):
    ends = param.ends()
    assert all(is_legal(param, value) for value in ends)
    assert param.default in ends
    assert all(param.read(param.write(value)) == Reading(value) for value in ends)
    assert len(set(ends)) == len(ends)


@pytest.mark.parametrize("param", ALL, ids=key)
def test_range_is_said_in_words(param):
    assert param.range_text().strip()


@pytest.mark.parametrize(
    "broken",
    [
        {"default": 5.0},
        {"default": 0.51},
        {"default": math.nan},
        {"default": math.inf},
        {"kind": "choice", "default": "c", "options": (("a", "first"),)},
        {"kind": "votes", "default": "?"},
    ],
)
def test_a_default_that_is_not_legal_is_refused_at_once(broken):
    with pytest.raises(ValueError, match="default"):
        Param(
            **{"key": "t_x", "label": "X", "kind": "float", "default": 0.5, "low": 0.0, "high": 3.0, "step": 0.05}
            | broken
        )


def test_raw_texts_have_a_length_limit():
    assert 80 <= MAX_RAW_CHARACTERS <= 500


@pytest.mark.parametrize("param", DECLARED, ids=key)
def test_a_declared_setting_is_explained_and_named_for_the_link(param):
    assert param.label.strip()
    assert param.key.isidentifier()
    # Controls that belong to a group are explained by the choice that shows the group.
    assert param.help or param.shown_if or param.widget in ("player", "table", "panel")


def test_keys_mean_the_same_in_every_lesson():
    """One key, one declaration: a key in two lessons is the same setting, and own keys carry the lesson's prefix."""
    by_key = {}
    for lesson in LESSONS:
        for param in lesson.params:
            # Where it is shown may differ: the diagram only carries what other lessons set.
            everywhere = replace(param, shown_if=None, hidden_if=None, widget="panel")
            first = by_key.setdefault(param.key, everywhere)
            assert first == everywhere
            users = [other for other in LESSONS if param.key in {p.key for p in other.params}]
            own = param.key.startswith(f"l{lesson.number}_")
            assert own or len(users) > 1 or param.key in lesson.carried
            if own:
                # A lesson may carry another's setting, as the diagram does to show the other lessons' numbers.
                assert [user for user in users if user is lesson or param.key not in user.carried] == [lesson]
