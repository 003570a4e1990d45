"""A learner's own words: what the link carries comes back; bombs, damage and nonsense are refused without a traceback."""

import base64
import json
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.world.candidates import MAX_PROMPT_CHARACTERS, MAX_RESPONSE_CHARACTERS, NORWAY
from core.world.own_texts import MAX_CODE, MAX_NAME, build, pack, unpack

TEXTS = tuple(candidate.text for candidate in NORWAY.candidates)
ANSWERS = st.lists(st.text(min_size=1, max_size=200), min_size=8, max_size=8)


def _code(value, level=9):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(zlib.compress(raw, level)).decode().rstrip("=")


def _words(prompt="Who?", key_word="me", answers=TEXTS):
    return [prompt, key_word, *answers]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=150), st.text(max_size=40), ANSWERS)
def test_what_was_packed_comes_back_or_is_refused_with_a_sentence(prompt, key_word, answers):
    refusal = ""
    try:
        built = build(prompt, key_word, tuple(answers))
        code = pack(built)
    except ValueError as problem:
        refusal = str(problem)
    if refusal:
        assert refusal.endswith(".")
        assert "codec" not in refusal
        return
    assert len(code) <= MAX_CODE
    assert set(code) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert unpack(code) == built
    assert np.isfinite(built.matrix()).all()


@settings(max_examples=150, deadline=None)
@given(ANSWERS)
def test_what_is_built_is_one_clean_line_each(answers):
    try:
        built = build("Why?", "", tuple(answers))
    except ValueError:
        return
    for candidate in built.candidates:
        assert 0 < len(candidate.text) <= MAX_RESPONSE_CHARACTERS
        assert candidate.text == candidate.text.strip()
        assert candidate.text.isprintable()
        assert 0 < len(candidate.name) <= MAX_NAME


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_in_the_link_is_read_or_is_nothing(text):
    read = unpack(text)
    assert read is None or read.key == "own"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_one_damaged_byte_gives_nothing_or_clean_words(place, change):
    code = pack(build("Who?", "me", TEXTS))
    raw = bytearray(base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)))
    raw[place % len(raw)] ^= change
    read = unpack(base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("="))
    assert read is None or len(read.candidates) == 8


def test_a_code_cut_short_never_reads_as_something_else():
    code = pack(build("Who?", "me", TEXTS))
    whole = unpack(code)
    assert whole is not None
    # The last characters hold the checksum only, which nobody needs for reading.
    assert all(unpack(code[:end]) in (None, whole) for end in range(len(code)))


@pytest.mark.parametrize("fill", [b" ", b"[", b"0", b'"a",', b'{"a":'])
def test_a_bomb_is_refused(fill):
    code = _code(fill * (900_000 // len(fill)))
    assert len(code) < MAX_CODE, "the bomb must pass the length of a link, or it tests nothing"
    assert unpack(code) is None


@pytest.mark.parametrize(
    "value",
    [
        None, 7, True, "eleven char", {}, {"a": 1}, [], [1], _words()[:-1], [*_words(), "one more"], _words(prompt=""),
        _words(prompt="\u0000\u0007"), _words(answers=("same",) * 8), _words(answers=(*TEXTS[:7], "  ")), [[]] * 10,
        b"not json", b"\xff\xfe", b"[1e999999]", b"[" * 4000 + b"]" * 4000, b"1" * 7000,
    ],
)  # fmt: skip
def test_what_is_not_ours_reads_as_nothing_or_as_texts(value):
    read = unpack(_code(value))
    assert read is None or all(isinstance(candidate.text, str) for candidate in read.candidates)


@pytest.mark.parametrize("text", ["", "=", "====", "é", "A", "AAAA", "x" * (MAX_CODE + 1), "\x00", "%%%"])
def test_texts_that_are_no_codes_read_as_nothing(text):
    assert unpack(text) is None


@pytest.mark.parametrize(
    ("prompt", "answers", "sentence"),
    [
        ("  ", TEXTS, "The prompt is empty."),
        ("Who?", TEXTS[:7], "There must be 8 answers."),
        ("Who?", (*TEXTS[:7], "\t\n"), "Answer 8 is empty."),
        ("Who?", (*TEXTS[:7], TEXTS[0] + "  "), "Two answers are the same; the policy needs different ones."),
    ],
)
def test_a_learner_is_told_what_is_wrong(prompt, answers, sentence):
    with pytest.raises(ValueError, match=sentence):
        build(prompt, "me", answers)


def test_texts_too_long_for_a_link_are_refused_with_a_sentence():
    rng = np.random.default_rng(0)
    long = tuple("".join(chr(c) for c in rng.integers(0x4E00, 0x9FFF, MAX_RESPONSE_CHARACTERS)) for _ in range(8))
    with pytest.raises(ValueError, match="too long to travel in a link"):
        pack(build("Who?", "me", long))


def test_the_longest_plain_answers_still_travel_when_they_are_english():
    long = tuple(f"{number} " + " ".join(TEXTS)[number : number + 157] for number in range(8))
    assert unpack(pack(build("Q" * MAX_PROMPT_CHARACTERS, "Oslo", long))) is not None


def test_starting_probabilities_and_known_names_stay():
    built = build("Who?", "me", (*TEXTS[:7], "A new answer, which is long."))
    assert built.ref_probs == NORWAY.ref_probs
    assert built.names[:7] == NORWAY.names[:7]
    assert built.names[7] == "A new answer"


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(("same begin of words", "same begin of words here", "x", "x 3", "x 4", "x 8")),
        min_size=8,
        max_size=8,
    )
)
def test_names_tell_the_answers_apart(endings):
    """Names stand on axes and in votes; two answers with one name could not be told apart."""
    texts = tuple(f"{ending} {'!' * number}" for number, ending in enumerate(endings))
    built = build("Who?", "me", texts)
    assert len({name.strip() for name in built.names}) == 8


def test_a_number_behind_a_name_does_not_make_it_another_answers_name():
    built = build("Who?", "me", ("x 3", "x.", "x", *TEXTS[3:]))
    assert len(set(built.names)) == 8


def test_features_are_measured_on_the_new_words():
    built = build("Who?", "Ibsen", ("It is Ibsen.", "Is it?", *TEXTS[2:]))
    columns = [feature.key for feature in built.features]
    assert built.matrix()[0, columns.index("key_word")] == 1
    assert built.matrix()[1, columns.index("asks_back")] == 1
    assert built.matrix()[2:, columns.index("key_word")].sum() == 0
