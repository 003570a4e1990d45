"""The judge learns its principles; revisions and AI labels follow it."""

import numpy as np
import pytest

from core.stages import judge
from core.stages.ai_feedback import RevisionConfig, ai_rankings, revise
from tests.stages import toy

TASK = toy.task()


@pytest.fixture(scope="module")
def trained_judge():
    config = judge.JudgeConfig(exercises=160, epochs=12, lr=3e-3)
    state = judge.begin_judge(toy.base(), config)
    records = list(judge.train_judge(state, judge.exercises(toy.base(), TASK, 160, 0), config))
    return state.model, records, config


def test_judge_learns_the_principles(trained_judge):
    model, records, config = trained_judge
    assert records[-1].loss < 0.6 * records[0].loss
    report = judge.judge_report(model, judge.exercises(toy.base(), TASK, 120, 1), config)
    assert report.f1["polite"] > 0.8  # "bad" is easy to see
    assert set(report.f1) == {p.name for p in judge.PRINCIPLES}
    assert report.share["harmless"] == report.f1["harmless"] == 0.0  # never broken here, so nothing to find


def test_constitution_weights_decide_the_penalty(trained_judge):
    model, _, _ = trained_judge
    prompt = tuple(TASK.ids(toy.PROMPTS[0]))
    answers = [tuple(TASK.tokenizer.encode(text, end=True)) for text in ("one", "one bad")]
    only = {p.name: 0.0 for p in judge.PRINCIPLES}
    polite = model.penalties([prompt] * 2, answers, judge.Constitution(**only | {"polite": 1.0}))
    assert polite[1] > polite[0] + 0.3
    harmless = model.penalties([prompt] * 2, answers, judge.Constitution(**only | {"harmless": 1.0}))
    assert abs(harmless[1] - harmless[0]) < 0.2


def test_revisions_and_ai_labels_follow_the_judge(trained_judge):
    model, _, _ = trained_judge
    config = RevisionConfig(n_prompts=20, k=6, max_new_tokens=toy.MAX_NEW_TOKENS)
    found = list(revise(toy.base(), model, TASK, judge.Constitution(), config))
    assert len(found) == 20
    critiques = [critique for critique, _ in found]
    assert np.mean([c.revision_penalty for c in critiques]) < np.mean([c.penalty for c in critiques])
    assert np.mean([c.revision_gold for c in critiques]) > np.mean([c.gold for c in critiques])
    assert [c.step for c in critiques] == list(range(1, 21))
    for critique, demonstration in found:
        assert TASK.answer(demonstration.answer_ids).text == critique.revision
    ranked = ai_rankings(model, TASK, judge.Constitution(), toy.rankings(), noise=0.0, seed=0)
    agreement = [
        TASK.quality(r.prompt, r.answers[i]) >= TASK.quality(r.prompt, r.answers[j])
        for r in ranked
        for i, j in r.pairs()
    ]
    assert np.mean(agreement) > 0.75
    assert {r.source for r in ranked} == {"AI"}
    for ranking in ranked:
        for i, a in enumerate(ranking.answers):
            assert all(ranking.ranks[i] == ranking.ranks[j] for j, b in enumerate(ranking.answers) if a == b)
