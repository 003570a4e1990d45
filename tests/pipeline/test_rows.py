"""Rows for trainers, and what no trainer refuses: unknown roles, blanks, equal pairs, completions that end with the user."""

from __future__ import annotations

import pytest

from core.pipeline import edits, rows
from core.pipeline.datasets import STEMS, examples, left_out
from core.pipeline.model import Candidate, Message, Project, Prompt
from core.pipeline.outcomes import demonstrations, desirable, outcomes, preferences
from core.pipeline.rows import RowError
from tests.pipeline.conftest import label, prompt

TURNS = (
    Message(role="system", content="Be brief."),
    Message(role="user", content="Hi"),
    Message(role="assistant", content="Hello!"),
    Message(role="user", content="Who are you?"),
)
TALK = Prompt(id="p", messages=TURNS)


def test_the_standard_format_needs_no_separator():
    row = rows.preference(TALK, "A helper.\n", "  Guess.")
    assert row["prompt"] == "System: Be brief.\n\nUser: Hi\n\nAssistant: Hello!\n\nUser: Who are you?\n\nAssistant:"
    assert (row["chosen"], row["rejected"]) == (" A helper.", " Guess.")
    whole = rows.implicit(TALK, "A helper.", "Guess.")
    assert whole["chosen"] == row["prompt"] + row["chosen"]
    assert whole["chosen"].endswith("Assistant: A helper.")


def test_the_conversational_format_keeps_every_turn():
    row = rows.preference_conversational(TALK, "A helper.", "Guess.")
    assert [turn["role"] for turn in row["prompt"]] == ["system", "user", "assistant", "user"]
    assert row["chosen"] == [{"role": "assistant", "content": "A helper."}]
    assert rows.implicit_conversational(TALK, "A helper.", "Guess.")["rejected"][-1]["content"] == "Guess."
    for conversation in rows.implicit_conversational(TALK, "A helper.", "Guess.").values():
        rows.check_messages(conversation, "assistant")


def test_openai_names():
    row = rows.openai_preference(TALK, "A helper.", "Guess.")
    assert row["input"] == {"messages": [{"role": one.role, "content": one.content} for one in TURNS]}
    assert row["preferred_output"] == [{"role": "assistant", "content": "A helper."}]
    assert set(row) == {"input", "preferred_output", "non_preferred_output"}


@pytest.mark.parametrize("token", rows.END_TOKENS)
def test_an_end_token_that_was_sampled_is_cut(token):
    assert rows.completion_text(f"Yes.{token}\n{token}") == " Yes."
    assert rows.reply(f"Yes. {token}") == [{"role": "assistant", "content": "Yes. "}]
    assert not rows.ends_with_token(f"Write {token} at the end.")


@pytest.mark.parametrize(
    ("chosen", "rejected", "sentence"),
    [
        ("", "No.", "the response is blank."),
        ("No.", " \n\t", "the response is blank."),
        ("<|im_end|>", "No.", "the response is blank."),
        ("Yes.", "Yes.", "both responses are the same text"),
        ("Yes.", " Yes.</s>", "both responses are the same text"),
        ("Yes.\n\nUser: thanks", "No.", "ends in a turn of the user"),
        ("No.", "Yes.\n\nHuman: thanks\n", "ends in a turn of the user"),
        ("No.", "\n\nHuman: a\n\nAssistant: b\n\nHuman: c", "ends in a turn of the user"),
    ],
)
def test_pairs_that_nobody_should_train_on_are_refused(chosen, rejected, sentence):
    for build in (
        rows.preference,
        rows.preference_conversational,
        rows.implicit,
        rows.implicit_conversational,
        rows.openai_preference,
    ):
        with pytest.raises(RowError, match=sentence):
            build(TALK, chosen, rejected)


def test_a_response_may_speak_about_users():
    rows.check_completion("Set `User: admin` in the file.\nUser: admin\n\nThen restart.")
    rows.check_completion("A dialogue:\n\nUser: hi\n\nAssistant: hello")


@pytest.mark.parametrize(
    ("messages", "sentence"),
    [
        ("text", "must be a list"),
        ([], "not empty"),
        ([{"role": "bot", "content": "x"}], "the role “bot” is unknown"),
        ([{"role": "assistant"}], "needs a role and a text"),
        ([{"role": "user", "content": "x"}], "ends in a turn of the user, not of the assistant"),
        ([{"role": "assistant", "content": " "}], "blank"),
    ],
)
def test_conversations_are_checked(messages, sentence):
    with pytest.raises(RowError, match=sentence):
        rows.check_messages(messages, "assistant")


def test_outcomes_count_what_people_said(project):
    found = {(one.pair.prompt_id, one.pair.first, one.pair.second): one for one in outcomes(project)}
    assert found["p1", "a", "b"].chosen == "a"
    assert found["p2", "a", "b"].result is None
    assert found["p3", "b", "c"].result == ("both_bad", "")
    assert ("p5", "a", "b") not in found
    assert ("p6", "a", "b") not in found
    assert preferences(project) == (("p1", "a", "b"), ("p3", "a", "c"), ("p4", "a", "b"))
    assert set(desirable(project)) == {
        ("p1", "a", True), ("p1", "b", False), ("p3", "a", True), ("p3", "b", False), ("p3", "c", False),
        ("p4", "a", True), ("p4", "b", False),
    }  # fmt: skip
    assert demonstrations(project) == (("p1", "a"), ("p3", "a"), ("p4", "a"))


def test_every_label_is_a_row_if_asked_for(project):
    each = edits.change(project, settings=project.settings.model_copy(update={"aggregate": "every_label"}))
    assert preferences(each) == (
        ("p1", "a", "b"), ("p1", "a", "b"), ("p2", "a", "b"), ("p2", "b", "a"), ("p3", "a", "c"), ("p4", "a", "b"),
    )  # fmt: skip


def test_a_refused_pair_leaves_no_trace():
    same = prompt(1, ("Yes.", "Yes.</s>", "No."))
    blank = prompt(2, ("Yes.", "", "No."))
    talks = prompt(3, ("Yes.\n\nUser: ok", "No."))
    labels = (label("p1", "a", "b"), label("p2", "a", "b"), label("p2", "c", "b"), label("p3", "a", "b"))
    found = examples(Project(title="t", prompts=(same, blank, talks), labels=labels))
    assert [found.number(stem) for stem in STEMS] == [0] * len(STEMS)
    assert [refusal.prompt_id for refusal in found.refusals] == ["p1", "p2", "p2", "p3"]
    told = left_out(found)
    assert told[0] == "Prompt “p1”, “a” and “b”: both responses are the same text, so the pair says nothing."
    assert told[-1] == "What looks like an end token was cut from 1 response: the trainer appends its own."


def test_one_text_is_not_marked_both_ways():
    twins = Prompt.from_text(
        "p", "?", tuple(Candidate(id=id, text=text) for id, text in zip("abc", ("Yes.", "Yes.", "No.")))
    )
    labels = (label("p", "a", "c"), label("p", "c", "b"))
    found = examples(Project(title="t", prompts=(twins,), labels=labels))
    assert found.unpaired == ()
    assert "marked desirable once and undesirable once" in found.refusals[0].sentence


def test_both_bad_pairs_are_undesirable_in_the_unpaired_file_alone(project):
    found = examples(project)
    assert len(found.pairs) == 3
    assert found.undecided == 3
    marks = [row["label"] for id, row in found.rows("unpaired") if id == "p3"]
    assert marks == [True, False, False]
