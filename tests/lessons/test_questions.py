"""The five questions: what stands under a figure follows the figure's own numbers, and the link opens that state."""

from __future__ import annotations

import re

import pytest

from core.lessons.catalogue import lesson
from core.lessons.questions import QUESTIONS
from core.lessons.text import percent

BY_KEY = {question.key: question for question in QUESTIONS}


@pytest.mark.parametrize("key", list(BY_KEY))
def test_the_figure_is_the_lessons_own_in_the_state_that_the_link_opens(key):
    question = BY_KEY[key]
    shown, values = lesson(question.lesson), question.values({})
    chart, says = question.chart({})
    assert chart.figure == shown.figures(shown.result(values))[0].figure
    assert says
    assert {k: values[k] for k in question.settings} == dict(question.settings)


@pytest.mark.parametrize("shared", [{}, {"kl_coef": 5.0}, {"kl_coef": 0.05}])
def test_the_bars_that_are_said_to_have_fallen_are_those_that_lost_most(shared):
    question = BY_KEY["sft"]
    result = lesson(question.lesson).result(question.values(shared))
    start, now, names = result.probs(0), result.probs(result.step), result.candidates.names
    said = question.chart(shared)[1][0]
    fallen = sorted(range(len(names)), key=lambda k: now[k] - start[k])[:2]
    named = re.findall(r"“(.*?)” from ([\d.]+ %) to ([\d.]+ %)", said)
    expected = [(names[k], percent(start[k]), percent(now[k])) for k in fallen if start[k] - now[k] >= 5e-4]
    assert named == expected


def test_answers_are_three_sentences_with_linked_sources():
    for question in QUESTIONS:
        assert len(re.findall(r"[.!?](?:\s|$)", question.answer.replace("vs.", ""))) == 3, question.answer
        assert question.sources
        assert all(source.url.startswith("https://") for source in question.sources)
