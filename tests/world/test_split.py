"""The split: by item, the same share everywhere, families together; and the prompts made from it."""

import random
from collections import Counter

import pytest

from core.policies.tokenizer import Tokenizer
from core.world.facts import FACTS
from core.world.harmful import HARMFUL
from core.world.prompts import DEFAULT_MIX, KINDS, draw_prompts, find_prompt, item_of, prompts
from core.world.relations import RELATIONS
from core.world.split import HELD_OUT_SHARE, SHOWN_IN_LESSONS, is_held_out
from core.world.vocabulary import WORDS


@pytest.mark.parametrize("relation", [relation.name for relation in RELATIONS])
def test_each_relation_holds_out_the_same_share(relation):
    held = [is_held_out(fact.item_id) for fact in FACTS if fact.relation == relation]
    assert abs(sum(held) / len(held) - HELD_OUT_SHARE) < 0.05


def test_every_harmful_verb_is_on_both_sides():
    sides = {(request.verb, is_held_out(request.item_id)) for request in HARMFUL}
    assert len(sides) == 2 * len({request.verb for request in HARMFUL})


def test_families_stay_together():
    sides: dict[str, set[bool]] = {}
    for fact in FACTS:
        sides.setdefault(fact.family, set()).add(is_held_out(fact.item_id))
    assert all(len(side) == 1 for side in sides.values())
    assert is_held_out("fact/opposite/hot") == is_held_out("fact/opposite/cold")


def test_what_the_lessons_show_is_held_out():
    assert all(is_held_out(item) for item in SHOWN_IN_LESSONS)


def test_claims_go_with_their_fact():
    for prompt in prompts("claim"):
        assert prompt.held_out == is_held_out("fact/" + "/".join(prompt.item_id.split("/")[1:3]))


def test_prompts_by_kind_and_side():
    assert len(prompts()) == sum(len(prompts(kind)) for kind in KINDS)
    for kind in KINDS:
        assert set(prompts(kind)) == set(prompts(kind, True)) | set(prompts(kind, False))
        assert {p.kind for p in prompts(kind)} == {kind}
        assert all(p.held_out for p in prompts(kind, True))
        assert len(prompts(kind, True)) >= 20
    assert len(prompts("fact", all_wordings=True)) == 2 * len(prompts("fact"))


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="no kind of prompt called “poem”"):
        prompts("poem")


def test_every_prompt_is_found_by_its_words_and_tokenised_without_loss():
    tokenizer = Tokenizer(WORDS)
    for prompt in prompts(all_wordings=True):
        assert find_prompt(prompt.text.lower().replace("?", " ")) == prompt
        assert item_of(prompt) is not None
        assert tokenizer.decode(tokenizer.encode(prompt.text)) == prompt.text
        assert len(tokenizer.encode(prompt.text)) <= 20


def test_a_users_own_text_is_of_no_kind():
    own = find_prompt("  Is Oslo nice?  ")
    assert (own.text, own.kind, own.held_out) == ("Is Oslo nice?", "own", True)
    assert item_of(own) is None


def test_a_claim_that_nobody_listed_is_a_prompt_too():
    prompt = find_prompt("I think the capital of Norway is Rome. Am I right?")
    assert (prompt.kind, prompt.answer, prompt.held_out) == ("claim", "Oslo", True)


def test_draws_follow_the_mixture_and_the_seed():
    drawn = draw_prompts(4000, random.Random(3), held_out=False)
    counts = Counter(prompt.kind for prompt in drawn)
    assert not any(prompt.held_out for prompt in drawn)
    for kind, share in DEFAULT_MIX.items():
        assert abs(counts[kind] / 4000 - share) < 0.03
    assert drawn == draw_prompts(4000, random.Random(3), held_out=False)
    assert {p.kind for p in draw_prompts(50, random.Random(0), mix={"fact": 0, "harmful": 2})} == {"harmful"}


def test_an_empty_mixture_is_refused():
    with pytest.raises(ValueError, match="positive share"):
        draw_prompts(3, random.Random(0), mix={"fact": 0.0})
