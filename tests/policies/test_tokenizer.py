"""The word-level tokenizer: forgiving on the way in, readable on the way out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.policies.tokenizer import END_ID, PAD_ID, SPECIAL_TOKENS, Tokenizer, UnknownWordError

WORDS = (".", "?", ",", "!", ":", "7", "what", "is", "the", "capital", "of", "Norway", "Oslo", "I", "think", "question")
TOKENIZER = Tokenizer(WORDS)


def test_ids_are_special_tokens_then_words_in_order():
    assert (PAD_ID, END_ID) == (0, 1)
    assert len(TOKENIZER) == len(WORDS) + len(SPECIAL_TOKENS)
    assert [TOKENIZER.token(i) for i in range(len(TOKENIZER))] == [*SPECIAL_TOKENS, *WORDS]
    assert TOKENIZER.word_ids["norway"] == TOKENIZER.encode("Norway")[0]


def test_case_and_spacing_do_not_matter_on_the_way_in():
    expected = TOKENIZER.encode("What is the capital of Norway?")
    assert TOKENIZER.encode("  what IS the Capital of norway ?") == expected


def test_text_reads_well_on_the_way_out():
    ids = TOKENIZER.encode("what is the capital of norway ? i think OSLO . the capital is Oslo", end=True)
    assert ids[-1] == END_ID
    assert TOKENIZER.decode([PAD_ID, *ids]) == "What is the capital of Norway? I think Oslo. The capital is Oslo"
    assert TOKENIZER.decode(ids, special=True).endswith("Oslo <end>")


@given(st.lists(st.integers(2, len(WORDS) + 1), max_size=40))
def test_encoding_undoes_decoding(ids):
    assert TOKENIZER.encode(TOKENIZER.decode(ids)) == ids


def test_empty_text_has_no_tokens():
    assert TOKENIZER.encode("  \n") == []
    assert TOKENIZER.decode([]) == ""


def test_unknown_words_are_named_once_each_with_near_ones():
    text = "What is the kapital of Norwy, the kapital of xyzzy?"
    assert [(u.word, u.nearest) for u in TOKENIZER.unknown_words(text)] == [
        ("kapital", ("capital",)),
        ("Norwy", ("Norway",)),
        ("xyzzy", ()),
    ]
    with pytest.raises(
        UnknownWordError, match=r"“kapital” \(near: capital\); “Norwy” \(near: Norway\); “xyzzy”\.$"
    ) as caught:
        TOKENIZER.encode(text)
    assert len(caught.value.unknown) == 3


def test_known_text_has_no_unknown_words():
    assert TOKENIZER.unknown_words("What is the capital of norway?") == ()


def test_a_long_list_of_unknown_words_is_cut_short_in_the_sentence():
    with pytest.raises(UnknownWordError, match="and 3 more"):
        TOKENIZER.encode("aa bb cc dd ee ff gg hh")


def test_special_tokens_cannot_be_typed():
    with pytest.raises(UnknownWordError):
        TOKENIZER.encode("Oslo <end>")


@pytest.mark.parametrize("bad", [-1, 10_000])
def test_ids_outside_the_vocabulary_are_refused(bad):
    with pytest.raises(ValueError, match="not in the vocabulary"):
        TOKENIZER.decode([bad])


@pytest.mark.parametrize("words", [("a", "A"), ("a", ""), ("<end>",)])
def test_a_vocabulary_holds_each_word_once(words):
    with pytest.raises(ValueError, match="once"):
        Tokenizer(words)


def test_fingerprint_depends_on_the_words_and_their_order():
    assert Tokenizer(WORDS).fingerprint == TOKENIZER.fingerprint
    assert Tokenizer(WORDS[::-1]).fingerprint != TOKENIZER.fingerprint
    assert Tokenizer(WORDS[:-1]).fingerprint != TOKENIZER.fingerprint
