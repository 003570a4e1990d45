"""Text to words and back."""

from hypothesis import given
from hypothesis import strategies as st

from core.wording import fold, join_words, split_sentences, split_words


def test_spacing_of_punctuation_does_not_matter():
    assert split_words("What is it ?") == split_words("What is it?") == ["What", "is", "it", "?"]


def test_join_attaches_marks_and_begins_sentences_with_capitals():
    text = "question : who bakes bread ? answer : a baker , I think . yes !"
    assert join_words(text.split()) == "Question: Who bakes bread? Answer: A baker, I think. Yes!"


def test_join_of_nothing_is_empty():
    assert join_words([]) == ""


def test_sentences_are_cut_after_their_marks_and_a_rest_stays():
    assert split_sentences(fold("Sure! It is Oslo. I")) == [("sure", "!"), ("it", "is", "oslo", "."), ("i",)]


@given(st.lists(st.sampled_from(["a", "Oslo", "7", "18", ".", ",", "?", "!", ":", "is"]), max_size=30))
def test_split_undoes_join_but_for_capitals(words):
    assert fold(join_words(words)) == tuple(w.casefold() for w in words)


@given(st.text(max_size=80))
def test_any_text_can_be_split_and_loses_only_white_space(text):
    assert "".join(split_words(text)) == "".join(c for c in text if not c.isspace())
