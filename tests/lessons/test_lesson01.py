"""Lesson 1: what is shown is what the base model does, and every sentence agrees with its plot."""

from __future__ import annotations

import math
import re

import pytest
import torch

from core.lessons.lesson01 import LESSON, compute, prepare
from core.lessons.lesson01_lab import DEFAULT_PROMPT, LONGEST_OWN, ask, base, complete, next_words, own_prompt
from core.lessons.lesson01_params import PROMPTS
from core.lessons.lesson01_says import note
from core.stages import stored
from core.stages.asked import AskConfig, answers
from core.stages.evaluate import exam_prompt
from core.stages.sequences import response_logps
from core.stages.world_task import load_base, tokenizer
from core.world.behaviour import Behaviour, classify
from core.world.prompts import find_prompt, prompts
from tests.lessons.states import results

NORWAY = find_prompt(DEFAULT_PROMPT)
OWN = {"l1_kind": "own"}


def result(**values):
    return compute({**LESSON.defaults(), **values})


@pytest.mark.parametrize("kind", PROMPTS)
def test_any_prompt_of_the_kind_can_be_chosen_and_the_first_is_held_out(kind):
    param = PROMPTS[kind]
    found = [find_prompt(text) for text in param.suggestions()]
    assert {prompt.kind for prompt in found} == {kind}
    assert param.default in param.suggestions()
    assert find_prompt(param.default).held_out
    sides = [prompt.held_out for prompt in found]
    assert sides == sorted(sides, reverse=True)
    taught = next(prompt for prompt in prompts(kind, held_out=False))
    assert param.read(taught.text).value == taught.text
    assert param.read("What is the colour of Norway?").value == param.default


def test_the_finding_of_the_lesson_at_its_defaults():
    """It knows, does not say, and the exam form gets it out: measured, not set."""
    shown = result(l1_n=64)
    assert shown.cloze.probability > 0.95
    assert shown.asked.share < 0.15
    assert shown.as_exam.interval[0] > shown.asked.interval[1]
    assert shown.asked.most is Behaviour.ASKS


def test_the_workaround_works_for_harm_as_well():
    shown = result(l1_kind="harmful", l1_n=64)
    assert shown.as_exam.counts[Behaviour.UNSAFE] > shown.asked.counts[Behaviour.UNSAFE]


def test_answers_are_those_that_were_drawn_and_are_classified_by_the_world():
    config = AskConfig(NORWAY.text, False, 0.7, 3)
    texts = [tokenizer().decode(answer.ids) for answer in answers(config, 8)]
    asking = ask(NORWAY, 0.7, 8, 3, False)
    assert [answer.text for answer in asking.answers] == texts
    assert [answer.behaviour for answer in asking.answers] == [classify(NORWAY, text) for text in texts]
    assert sum(asking.counts.values()) == asking.n == 8
    # More samples are added to those that are there.
    assert ask(NORWAY, 0.7, 40, 3, False).answers[:8] == asking.answers


def test_after_its_work_is_done_nothing_is_left_to_prepare():
    values = {**LESSON.defaults(), "l1_fact": PROMPTS["fact"].suggestions()[-1], "l1_seed": 4, "l1_n": 40}
    work = prepare(values)
    shares = list(work.start())
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert prepare(values) is None
    assert prepare(LESSON.defaults()) is None  # recorded
    assert all(prepare({**LESSON.defaults(), **preset.values}) is None for preset in LESSON.presets)


def test_an_answer_in_the_exam_form_ends_before_the_next_question():
    asking = ask(NORWAY, 1.0, 64, 0, True)
    assert not [answer.text for answer in asking.answers if "question :" in answer.text.lower().replace(":", " :")]
    assert any(answer.text.endswith("Oslo.") for answer in asking.answers)


def test_the_cut_statement_has_the_probability_that_the_model_gives_it():
    found = complete(NORWAY)
    ids = tokenizer().encode("the capital of Norway is Oslo")
    logps = torch.log_softmax(base()(torch.tensor([ids[:-1]]))[0, -1], dim=-1)
    assert found.probability == pytest.approx(logps[ids[-1]].exp().item(), rel=1e-4)
    assert complete(find_prompt("How do I hack a phone?")) is None
    assert complete(find_prompt("What is in my room?")) is None


@pytest.mark.parametrize("temperature", [0.1, 1.0, 2.0])
@pytest.mark.parametrize("exam", [False, True])
def test_the_next_word_is_drawn_with_the_probability_shown(temperature, exam):
    text = exam_prompt(NORWAY) if exam else NORWAY.text
    logits = base()(torch.tensor([tokenizer().encode(text)]))[0, -1].double()
    probs = torch.softmax(logits / temperature, dim=-1)
    found = next_words(NORWAY, temperature, exam)
    assert found.probs == pytest.approx(probs.topk(10).values.tolist(), abs=1e-5)
    # The snippet's eleven numbers make the same distribution.
    short = torch.softmax(torch.tensor([*found.logps, found.rest], dtype=torch.float64) / temperature, dim=0)
    assert short[:10].tolist() == pytest.approx(found.probs, abs=1e-9)


def test_the_ideal_answer_costs_what_the_sequence_costs():
    shown = result(l1_view="ideal")
    answer = tokenizer().decode(tokenizer().word_ids[row.token.casefold()] for row in shown.ideal)
    total = response_logps(base(), tokenizer(), NORWAY.text, [answer])[0].item()
    assert sum(row.logp for row in shown.ideal) == pytest.approx(total, abs=1e-3)


def test_the_token_shift_is_measured_on_what_the_fine_tuned_model_writes():
    """Its likeliest tokens, each ranked by the base model behind the same words."""
    shown = result(l1_view="ideal")
    ids = tokenizer().encode(NORWAY.text)
    for row in shown.aligned:
        token = tokenizer().word_ids[row.token.casefold()]
        tuned, plain = (torch.log_softmax(m(torch.tensor([ids]))[0, -1], -1) for m in (stored.sft().model, base()))
        assert int(tuned.argmax()) == token
        assert int((plain > plain[token]).sum()) + 1 == row.rank
        assert plain[token].item() == pytest.approx(row.logp, abs=1e-3)
        ids.append(token)
    assert result(l1_view="ideal", l1_whose="ideal").aligned == shown.ideal


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Nothing is written yet"),
        ("   ", "Nothing is written yet"),
        ("norwey", "Norway"),
        ("What " * (LONGEST_OWN + 1), f"{LONGEST_OWN + 1} words"),
        ("\x00\x1b", "does not know"),
        ("🎚️", "does not know"),
    ],
)
def test_a_text_that_cannot_be_asked_is_named_and_replaced(text, said):
    shown = result(**OWN, l1_text=text)
    assert shown.prompt.text == DEFAULT_PROMPT
    assert said in note(shown)
    assert DEFAULT_PROMPT in note(shown)


def test_own_texts_are_asked_as_they_are_and_known_ones_are_recognised():
    assert own_prompt("tell me a story about a dog.").prompt.kind == "own"
    known = own_prompt("what is the capital of norway")
    assert (known.prompt, known.refused) == (NORWAY, "")
    longest = result(**OWN, l1_text="what " * LONGEST_OWN, l1_exam=True, l1_view="ideal")
    assert note(longest) == ""
    assert LESSON.figures(longest)
    assert LESSON.says(longest)


def test_sentences_agree_with_their_numbers_in_every_state():
    for name, _, shown in results(1):
        said = " ".join(LESSON.says(shown))
        if shown.view == "behaviours":
            asking = shown.shown
            assert f"in {asking.counts[asking.most]} of {asking.n}" in said, name
            assert asking.counts[asking.most] == max(asking.counts.values())
            if "what it knows it does not always say" in said:
                assert shown.cloze.probability > asking.interval[1]
        if shown.view == "knows":
            more, less = shown.as_exam.hits > shown.asked.hits, shown.as_exam.hits < shown.asked.hits
            assert ("more often" in said, "less often" in said) == (more, less), name
            apart = (
                shown.asked.interval[1] < shown.as_exam.interval[0]
                or shown.as_exam.interval[1] < shown.asked.interval[0]
            )
            assert ("do not overlap" in said) == apart
        if shown.view == "ideal":
            counts = [int(n) for n in re.findall(r"put (\d+) first .*, (\d+) second or third and (\d+) lower", said)[0]]
            assert sum(counts) == len(shown.aligned)
        if shown.view == "next":
            assert ("more than anything else" in said) == (shown.next.asking >= 0.5)
            assert math.isclose(sum(shown.next.probs), sum(sorted(shown.next.probs, reverse=True)))


def test_the_prediction_is_marked_from_the_exam():
    answers = set()
    for _, _, shown in results(1):
        prediction = LESSON.predict(shown)
        share = shown.as_exam.share
        assert prediction.answer == (share >= 1 / 3) + (share > 2 / 3)
        assert prediction.revealed == (shown.exam or shown.view == "knows")
        answers.add(prediction.answer)
    assert answers == {0, 1, 2}


def test_the_base_model_is_read_once_and_never_changed():
    assert base() is base()
    assert not base().training
    assert not any(parameter.requires_grad for parameter in base().parameters())
    kept = {name: value.clone() for name, value in base().state_dict().items()}
    LESSON.says(result(l1_seed=7))
    fresh = load_base().model.state_dict()
    assert all(
        torch.equal(kept[name], value) and torch.equal(kept[name], fresh[name])
        for name, value in base().state_dict().items()
    )
