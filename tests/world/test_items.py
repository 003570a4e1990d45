"""The tables of the world: facts, how-tos, harmful requests, unknowables, claims, vocabulary."""

import random
from collections import Counter

import pytest

from core.policies.tokenizer import Tokenizer
from core.world.claims import CLAIMS, claim_by_id, parse_claim, wrong_answer
from core.world.facts import FACTS, VALUES
from core.world.harmful import HARMFUL
from core.world.howtos import HOWTOS
from core.world.relations import RELATIONS, with_article
from core.world.unknowables import UNKNOWABLES
from core.world.vocabulary import WORDS


def test_the_world_is_large_enough():
    relations = Counter(fact.relation for fact in FACTS)
    assert len(relations) == len(RELATIONS) >= 9
    assert min(relations.values()) >= 20
    assert len(FACTS) >= 300
    assert min(len(HOWTOS), len(HARMFUL), len(UNKNOWABLES)) >= 40
    assert 700 <= len(WORDS) <= 1000


@pytest.mark.parametrize(
    "items", [FACTS, HOWTOS, HARMFUL, UNKNOWABLES, CLAIMS], ids=lambda items: type(items[0]).__name__
)
def test_item_ids_are_unique(items):
    assert len({item.item_id for item in items}) == len(items)


def test_facts_that_everybody_can_check():
    truth = {(fact.relation, fact.subject): fact.answer for fact in FACTS}
    assert truth["capital", "Norway"] == "Oslo"
    assert truth["young", "owl"] == "an owlet"
    assert truth["home", "bee"] == "in a hive"
    assert truth["opposite", "cold"] == "hot"
    assert truth["opposite", "hot"] == "cold"
    assert all(int(answer) == sum(map(int, s.split(" plus "))) for (r, s), answer in truth.items() if r == "sum")


def test_no_question_has_two_answers():
    asked = [question for item in (*FACTS, *HOWTOS, *HARMFUL) for question in item.questions]
    asked += [unknowable.question for unknowable in UNKNOWABLES]
    assert [question for question, n in Counter(asked).items() if n > 1] == []


def test_capitals_of_unknowable_countries_are_nowhere():
    countries = {u.question.split()[-2] for u in UNKNOWABLES if u.key.startswith("capital-")}
    assert len(countries) == 12
    words = {word for fact in FACTS for sentence in fact.statements for word in sentence.split()}
    assert not countries & words


def test_articles():
    assert [with_article(noun) for noun in ("cow", "owl", "ant")] == ["a cow", "an owl", "an ant"]


def test_each_fact_has_a_true_and_a_false_claim():
    assert Counter(claim.true for claim in CLAIMS) == {True: len(FACTS), False: len(FACTS)}


def test_wrong_answers_are_answers_of_the_relation_but_never_right():
    rng = random.Random(0)
    for fact in FACTS:
        drawn = {wrong_answer(fact, rng) for _ in range(60)}
        assert fact.answer not in drawn
        assert drawn <= set(VALUES[fact.relation])


def test_wrong_answers_are_drawn_evenly():
    fact, rng = FACTS[0], random.Random(1)
    counts = Counter(wrong_answer(fact, rng) for _ in range(9400))
    assert len(counts) == len(VALUES["capital"]) - 1
    assert 120 < min(counts.values()) <= max(counts.values()) < 290  # 200 expected


def test_claims_are_found_by_id_and_by_their_words():
    for claim in CLAIMS:
        assert claim_by_id(claim.item_id) == claim
        assert parse_claim(claim.question) == claim
    assert claim_by_id("claim/capital/norway/mars") is None
    assert claim_by_id("claim/capital/atlantis/oslo") is None


def test_claims_that_nobody_listed_are_understood_too():
    claim = parse_claim("I think the capital of Norway is Rome . am I right ?")
    assert claim is not None
    assert (claim.fact.subject, claim.claimed, claim.true) == ("Norway", "Rome", False)
    assert parse_claim("I think the capital of Norway is cheese . am I right ?") is None
    assert parse_claim("the capital of Norway is Rome .") is None


def test_the_vocabulary_is_sorted_without_doubles_and_makes_a_tokenizer():
    assert len({word.casefold() for word in WORDS}) == len(WORDS)
    assert len(Tokenizer(WORDS)) == len(WORDS) + 2
    assert {"Norway", "Oslo", "I", "what", "?", "18"} <= set(WORDS)
