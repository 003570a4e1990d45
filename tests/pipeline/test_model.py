"""The data model refuses what does not hang together, with one plain sentence."""

from __future__ import annotations

import pytest

from core.pipeline import edits, limits
from core.pipeline.model import Candidate, GoldQuestion, Project, Prompt, read
from core.pipeline.problems import ProjectError
from core.pipeline.rubric import helpful_honest_harmless
from tests.pipeline.conftest import label, prompt

TURN = {"role": "user", "content": "hello"}


def _prompt(**more):
    return {"id": "p", "messages": [TURN], **more}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "Title is missing."),
        ({"title": ""}, "Title is empty."),
        ({"title": "a\nb"}, "Title: this must be one line: “a b”."),
        ({"title": "t", "extra": 1}, "Extra is not a field of this format."),
        ({"title": "t", "schema_version": 2}, "Schema version is “2”; it must be 1."),
        (
            {"title": "t", "prompts": [{"id": "p", "messages": [{"role": "bot", "content": "x"}]}]},
            "Prompt 1, message 1, role is “bot”; it must be 'system', 'user' or 'assistant'.",
        ),
        (
            {"title": "t", "prompts": [{"id": "p", "messages": [TURN, {"role": "assistant", "content": "x"}]}]},
            "Prompt 1: prompt “p” must end with a message of the user, not of the assistant.",
        ),
        ({"title": "t", "prompts": [_prompt(), _prompt()]}, "Two prompts have the id “p”."),
        (
            {"title": "t", "prompts": [_prompt(candidates=[{"id": "a", "text": "x"}, {"id": "a", "text": "y"}])]},
            "Prompt 1: prompt “p” has two candidates with the id “a”.",
        ),
        (
            {"title": "t", "prompts": [_prompt(candidates=[{"id": "a", "text": "x" * 20_001}])]},
            "Prompt 1, candidate 1, text has 20,001 characters; the limit is 20,000.",
        ),
        ({"title": "t", "prompts": [_prompt(id=" p")]}, "Prompt 1, id: an id must not begin or end with a space"),
        ({"title": "t", "prompts": [_prompt(candidates=[{"id": "a", "text": "\ud800"}])]}, "lone surrogate"),
        (
            {"title": "t", "gold": [{"prompt_id": "p", "better": "a", "worse": "a"}]},
            "compares the candidate “a” with itself",
        ),
    ],
)
def test_one_sentence_says_what_is_wrong(data, sentence):
    with pytest.raises(ProjectError) as caught:
        read(data)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([label("p9", "a", "b")], "Label 1 is about prompt “p9”, which does not exist."),
        ([label("p1", "a", "z")], "Label 1 is about candidate “z”, which prompt “p1” does not have."),
        (
            [label("p1", "a", "b"), label("p1", "b", "a")],
            "Labeller “ann” has labelled the same pair of prompt “p1” twice.",
        ),
    ],
)
def test_labels_must_be_about_something(labels, sentence):
    with pytest.raises(ProjectError, match=sentence):
        edits.change(Project(title="t", prompts=(prompt(1),)), labels=tuple(labels))


def test_more_pairs_than_the_limit_are_refused():
    sixteen = tuple(Candidate(id=f"c{k}", text=str(k)) for k in range(limits.MAX_CANDIDATES))
    many = tuple(Prompt.from_text(f"p{k}", "hello", sixteen) for k in range(84))
    with pytest.raises(ProjectError, match=r"make 10,080 pairs to compare; the limit is 10,000"):
        edits.change(Project(title="t"), prompts=many)


def test_a_strength_belongs_to_a_preference():
    with pytest.raises(ValueError, match="a strength belongs to A or B"):
        label("p1", "a", "b", "tie", strength=2)


def test_json_and_back_is_equal(project):
    assert read(project.model_dump_json()) == project
    assert read(project.model_dump()).fingerprint() == project.fingerprint()


def test_the_template_rubric_has_principles_that_ask_an_ai_labeller():
    rubric = helpful_honest_harmless()
    assert [one.name for one in rubric.criteria] == ["harmless", "honest", "helpful"]
    assert all(one.text in one.comparison and one.text in one.revision for one in rubric.principles)


def test_a_changed_response_takes_its_labels_with_it(project):
    edited = edits.put_prompt(project, prompt(1, ("Open settings.", "Never.", "Ask a friend."), user="u0"))
    assert (edited.dropped_labels, edited.dropped_gold) == (2, 0)
    assert edited.sentence == "2 labels were dropped, because the text judged there has changed."
    assert len(edits.remove_prompt(project, "p6").project.prompts) == 5
    assert edits.remove_prompt(project, "p6").sentence.startswith("1 label and 1 gold question were dropped")
    assert edits.put_prompt(project, project.prompts[0]).sentence == ""


def test_labellers_can_be_renamed_and_removed(project):
    assert edits.rename_labeller(project, "bob", "R2").labellers == ("ann", "R2")
    with pytest.raises(ProjectError, match="already labels by “ann”"):
        edits.rename_labeller(project, "bob", "ann")
    assert edits.remove_labeller(project, "bob").dropped_labels == 2


def test_a_gold_question_about_the_same_pair_is_replaced(project):
    turned = edits.put_gold(project, GoldQuestion(prompt_id="p6", better="b", worse="a"))
    assert [question.better for question in turned.gold] == ["b"]
