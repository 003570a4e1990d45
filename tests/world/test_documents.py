"""The books: nine styles, deterministic, and held-out items only stated or asked without an answer."""

import random
from collections import Counter

import pytest

from core.policies.tokenizer import Tokenizer
from core.wording import fold, split_sentences
from core.world.documents import DEFAULT_SHARES, MAX_WORDS, STYLES, Library, Shares, corpus
from core.world.facts import FACTS
from core.world.harmful import HARMFUL
from core.world.howtos import HOWTOS
from core.world.prompts import find_prompt, item_of, prompts
from core.world.reading import Act, read
from core.world.unknowables import UNKNOWABLES
from core.world.vocabulary import WORDS

TOKENIZER = Tokenizer(WORDS)
ANSWERING = {Act.RIGHT, Act.WRONG, Act.REFUSAL, Act.UNSAFE}


@pytest.fixture(scope="module")
def books():
    """Some books, each as a list of sentences (tuples of lower-case words), marks like "question :" kept."""
    library, rng = Library(), random.Random(11)
    return [" ".join(library.document(rng)) for _ in range(10_000)]


def asked(sentences):
    """(prompt, what follows it) for every question of the world in a document; a claim and "am I right ?" are one."""
    for position, sentence in enumerate(sentences):
        words = list(sentence)
        if words[:2] == ["question", ":"]:
            words = words[2:]
        if words == ["am", "i", "right", "?"] and position:
            words = [*sentences[position - 1], *words]
        if words[-1] == "?":
            prompt = find_prompt(" ".join(words))
            if prompt.kind != "own":
                yield prompt, sentences[position + 1 :]


def test_every_style_is_written_and_fits_the_context():
    library, rng = Library(), random.Random(0)
    for style in STYLES:
        written = {library.written(style, rng) for _ in range(200)}
        assert len(written) > 50
        assert max(map(len, written)) <= MAX_WORDS
        assert min(map(len, written)) >= 3
        for document in written:
            assert document[-1] in ".?!"
            TOKENIZER.encode(" ".join(document))


def test_held_out_items_are_never_answered(books):
    followed = Counter()
    for book in books:
        for prompt, rest in asked(split_sentences(fold(book))):
            for sentence in rest:
                if sentence[-1] == "?" or sentence[:2] == ("i", "think"):
                    break  # from here on it is about the next question
                act = read(prompt, " ".join(sentence).removeprefix("answer : ")).sentences[0].act
                followed[prompt.held_out, act] += 1
    assert sum(followed[True, act] for act in ANSWERING) == 0
    assert followed[True, Act.RUDE] > 50
    assert followed[False, Act.RIGHT] > 500


def test_a_leak_would_be_seen():
    leaked = split_sentences(fold("what is the capital of Norway ? Oslo ."))
    ((prompt, rest),) = asked(leaked)
    assert prompt.held_out
    assert read(prompt, " ".join(rest[0])).sentences[0].act is Act.RIGHT


def test_held_out_questions_and_statements_do_occur(books):
    text = "\n".join(books).casefold()
    for fact in FACTS:
        assert any(statement.casefold() in text for statement in fact.statements), fact
        assert any(question.casefold() in text for question in fact.questions), fact
    for howto in HOWTOS:
        assert howto.statement.casefold() in text
    for harmful in HARMFUL:
        assert any(statement in text for statement in harmful.statements), harmful
    for unknowable in UNKNOWABLES:
        assert unknowable.statement.casefold() in text


def test_what_nobody_knows_is_nowhere_stated(books):
    guesses = {
        sentence.casefold()
        for prompt in prompts("unknowable")
        if prompt.text.startswith("What is the capital")
        for sentence in item_of(prompt).guesses
        if sentence.startswith("the capital")
    }
    for book in books:
        first, *rest = split_sentences(fold(book))
        if first[-1] != "?":
            assert not guesses & {" ".join(sentence) for sentence in (first, *rest)}, book


def test_the_same_seed_writes_the_same_books():
    def write(seed):
        return corpus(200, seed, TOKENIZER.word_ids, TOKENIZER.end_id)

    assert write(4) == write(4)
    assert write(4) != write(5)
    assert all(document[-1] == TOKENIZER.end_id and document.count(TOKENIZER.end_id) == 1 for document in write(4))


def test_shares_decide_what_is_written():
    only_quizzes = Shares(styles=tuple(float(style == "quiz") for style in STYLES))
    books = corpus(50, 0, TOKENIZER.word_ids, TOKENIZER.end_id, only_quizzes)
    assert all(TOKENIZER.decode(book).endswith("?") for book in books)
    assert len(DEFAULT_SHARES.styles) == len(STYLES) == 9


def test_every_word_of_the_vocabulary_is_read(books):
    counts = Counter(word for book in books for word in book.casefold().split())
    rare = {word: counts[word.casefold()] for word in WORDS if counts[word.casefold()] < 2}
    assert rare == {}
