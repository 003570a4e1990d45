"""The report on whole projects: each finding follows from its numbers, and sizing takes the project's own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.lessons import pipeline_charts as charts
from core.lessons import pipeline_sizing as sizing
from core.lessons.pipeline_report import agreement_intervals, near_duplicates, near_finding, report, section
from core.pipeline.cost import cost as stated_cost
from core.pipeline.model import Candidate, GoldQuestion, Label, Project, Prompt
from core.pipeline.plan import Budget, Operations
from core.pipeline.worked_examples import EXAMPLES, load
from core.statistics.label_budget import PLANS, simulate
from core.statistics.label_cost import cost

CHECKS = ("agreement", "position", "length", "gold", "circles", "personal data", "duplicates", "responses")


def prompt(id="p", texts=("short", "a somewhat longer one", "the longest of them all by far")):
    candidates = tuple(Candidate(id=f"c{k}", text=text) for k, text in enumerate(texts))
    return Prompt.from_text(id, f"Question {id}?", candidates)


def label(left, right, verdict, who="Ada", prompt_id="p", **more):
    return Label(prompt_id=prompt_id, left=left, right=right, verdict=verdict, labeller=who, **more)


def kinds(project):
    return {finding.check: finding.kind for finding in report(project).findings}


def test_an_empty_project_is_told_what_is_missing():
    found = report(Project(title="t"))
    assert tuple(finding.check for finding in found.findings) == CHECKS
    assert kinds(Project(title="t"))["agreement"] == "missing"
    assert (charts.position(found), charts.length(found), charts.gold(found)) == (None, None, None)
    assert charts.agreement(found.agreement) is None
    *_, near = near_duplicates(Project(title="t"))
    assert near_finding(near).kind == "good"


def test_one_labeller_needs_a_second():
    project = Project(title="t", prompts=(prompt(),), labels=(label("c0", "c1", "A"),))
    sentence = report(project).findings[0].sentence
    assert sentence == "Agreement needs two labellers, and so far there is one."
    used = sizing.used_agreement(report(project).agreement)
    assert not used.measured
    assert used.value == sizing.ASSUMED_AGREEMENT


def test_all_ties():
    ties = tuple(label(a, b, "tie", who) for who in ("Ada", "Bo") for a, b in (("c0", "c1"), ("c1", "c2")))
    project = Project(title="t", prompts=(prompt(),), labels=ties)
    found = report(project)
    assert "called a tie" in found.findings[0].sentence
    assert found.position is None
    assert "nan" not in charts.agreement(found.agreement).text
    assert {ranked.strength for ranked in sizing.ranking(project, "p").ranked} == {0.0}
    assert sizing.effect(project, "p", steps=3).dpo[-1] == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_what_is_wrong_is_found():
    labels = [label("c2", "c0", "A", "Ada"), label("c0", "c1", "A", "Ada"), label("c1", "c2", "A", "Ada")]
    twins = prompt("q", ("same", "same ", "", "call +49 30 1234 5678"))
    again = Prompt.from_text("r", "question  Q?")
    project = Project(title="t", prompts=(prompt(), twins, again), labels=tuple(labels))
    found = kinds(project)
    assert found["circles"] == found["personal data"] == found["duplicates"] == found["responses"] == "look"
    sentences = {finding.check: finding.sentence for finding in report(project).findings}
    assert sentences["circles"].startswith("1 of 1 decided triple (100 %) goes in a circle")
    assert "1 phone number" in sentences["personal data"]
    assert sentences["responses"].startswith("1 response is empty and in 1 place")


def test_a_one_sided_labeller_is_noticed():
    prompts = tuple(prompt(f"p{k}") for k in range(12))
    labels = tuple(label("c0", "c1", "A", prompt_id=f"p{k}") for k in range(12))
    gold = tuple(GoldQuestion(prompt_id=f"p{k}", better="c1", worse="c0") for k in range(12))
    project = Project(title="t", prompts=prompts, labels=labels, gold=gold)
    assert kinds(project)["position"] == kinds(project)["gold"] == "look"
    assert kinds(project.model_copy(update={"labels": labels[:3]}))["position"] == "good"


VERDICTS = st.sampled_from(["A", "B", "tie", "both_bad", "skip"])
TEXTS = st.sampled_from(["", "yes", "שלום עולם", "😀" * 40, "x" * 20_000, "a@b.example", "```\ncode\n```", "<b>&"])


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, min_size=3, max_size=3), st.lists(st.tuples(st.booleans(), VERDICTS), min_size=9, max_size=9))
def test_every_project_has_a_report_and_every_chart_words(texts, given_labels):
    pairs = [(who, pair) for who in ("Ada", "<Bo>", "@Cy") for pair in (("c0", "c1"), ("c0", "c2"), ("c1", "c2"))]
    labels = tuple(
        label(*(pair if straight else pair[::-1]), verdict, who)
        for (who, pair), (straight, verdict) in zip(pairs, given_labels)
    )
    project = Project(title="t", prompts=(prompt(texts=tuple(texts)),), labels=labels)
    found = report(project)
    assert all("nan" not in finding.sentence.lower().split() for finding in found.findings)
    *_, resampled = agreement_intervals(project, n_resamples=20)
    names = sizing.names(project.prompts[0].candidates)
    drawn = [
        charts.agreement(resampled.agreement),
        charts.position(found),
        charts.length(found),
        charts.rank(sizing.ranking(project, "p"), names),
    ]
    for chart in drawn:
        assert chart is None or (chart.text and "<br>" not in chart.text)


def test_the_price_is_the_one_that_the_specification_prints():
    budget = Budget(wage=24.0, target_pairs=600, overhead=0.2)
    labels = tuple(label(a, b, v, seconds=s) for a, b, v, s in (("c0", "c1", "A", 20.0), ("c0", "c2", "tie", 40.0)))
    project = Project(title="t", prompts=(prompt(),), labels=labels, operations=Operations(budget=budget))
    assert cost(sizing.cost_plan(project)).total == pytest.approx(stated_cost(project).money)
    assert sizing.timing(project).median == 30


def test_the_budget_is_simulated_at_the_teams_own_price():
    project = Project(title="t", operations=Operations(budget=Budget(wage=36.0, seconds_per_pair=100.0)))
    setup = sizing.budget_setup(project, 0.8, labels=300, features=4)
    assert setup.label_cost == pytest.approx(1.0)
    curves = simulate(setup)
    said = sizing.says_budget(setup, curves)
    best = max(PLANS, key=lambda plan: curves.accuracy[plan][:, -1].mean())
    assert said[0].startswith(sizing.NAMES[best])
    assert "4 independent things" in said[3]
    assert charts.budget(curves, "EUR").figure["layout"]["xaxis"]["title"]["text"] == "budget, EUR"
    equal = sizing.budget_setup(project, 0.8, labels=300, features=4, new_share=0.0)
    assert "cannot be told from it" in sizing.says_budget(equal, simulate(equal))[0]


def test_operations_follow_the_plan():
    plan = Operations(
        suite_accuracy=0.9, smallest_drop=0.05, power=0.8, canary_pairs=100, refresh_weeks=2, suite_size=50
    )
    project = Project(title="t", operations=plan)
    suite = sizing.suite(project)
    assert f"{suite.size:,} tasks are needed. The suite has 50." in charts.power(project).text
    assert sizing.drift_canary(project, 0.75, 0.1).pairs == 100
    assert sizing.drift_canary(Project(title="t"), 0.75, 0.1) is None
    with pytest.raises(ValueError, match="pass rate"):
        charts.power(Project(title="t", operations=Operations(suite_accuracy=1.0)))


def test_anchors_are_sourced():
    assert all(anchor.source.url.startswith("https://arxiv.org/abs/") and anchor.sentence for anchor in sizing.ANCHORS)


def test_the_checks_stand_in_the_specification():
    project = load(EXAMPLES[0].key)
    title, text = section(project)
    assert title == "What the checks say"
    found = report(project).findings
    assert text.count("\n- ") + 1 == len(found)
    for finding in found:
        assert f"**{finding.check}**" in text
