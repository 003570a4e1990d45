"""Train and validation share no prompt, no user if asked for, and a prompt keeps its side while the project grows."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.pipeline import edits
from core.pipeline.model import Project
from core.pipeline.split import leaked_by_pair, shared, split
from tests.pipeline.conftest import label, prompt


def _project(users: list[int], seed: int = 0, by: str = "user", share: float = 0.3) -> Project:
    project = Project(title="t", prompts=tuple(prompt(k, user=f"u{user}") for k, user in enumerate(users)))
    chosen = project.settings.model_copy(update={"seed": seed, "split_by": by, "validation_share": share})
    return edits.change(project, settings=chosen)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.integers(0, 50))
def test_no_user_and_no_prompt_on_both_sides(users, seed):
    project = _project(users, seed)
    found = split(project)
    sides = {side: {project.by_id()[id].user for id in found.of(side)} for side in ("train", "validation")}
    assert not sides["train"] & sides["validation"]
    assert found.shared == ()
    assert found.groups == len(set(users))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 30), st.integers(0, 50))
def test_a_prompt_keeps_its_side_when_others_come(number, seed):
    few, many = (_project(list(range(n)), seed, "prompt") for n in (number, number + 10))
    sides = split(many).sides
    assert all(sides[id] == side for id, side in split(few).sides.items())


def test_the_share_is_met_on_average():
    found = split(_project(list(range(600)), by="prompt", share=0.2))
    assert abs(len(found.of("validation")) / 600 - 0.2) < 0.05


def test_the_same_words_under_two_ids_stay_together():
    twin = prompt(1).model_copy(update={"id": "twin"})
    spaced = twin.messages[0].model_copy(update={"content": "  how do I reset   PASSWORD 1? "})
    project = Project(title="t", prompts=(prompt(1), prompt(2), twin.model_copy(update={"messages": (spaced,)})))
    for seed in range(20):
        sides = split(edits.change(project, settings=project.settings.model_copy(update={"seed": seed}))).sides
        assert sides["p1"] == sides["twin"]
    assert shared(project.prompts, {"p1": "train", "p2": "train", "twin": "validation"}) == (("p1", "twin"),)


def test_a_side_without_judged_pairs_gets_one_where_there_are_two():
    for seed in range(30):
        project = _project([0, 1, 2], seed, "prompt", 0.05)
        judged = edits.change(project, labels=(label("p0", "a", "b"), label("p2", "a", "b")))
        sides = split(judged).sides
        assert {sides["p0"], sides["p2"]} == {"train", "validation"}
        alone = split(edits.change(project, labels=(label("p0", "a", "b"),)))
        assert alone.moved is None


def test_the_leak_of_a_split_by_pair_is_what_drawing_pairs_gives():
    pairs = [("p0", "a", "b"), ("p0", "a", "c"), ("p0", "b", "c"), ("p1", "a", "b"), ("p1", "a", "c"), ("p2", "a", "b")]
    project = _project([0, 1, 2], by="prompt", share=0.34)
    project = edits.change(project, labels=tuple(label(*pair) for pair in pairs))
    draws = list(itertools.combinations(range(len(pairs)), 2))
    leaks = [
        sum(any(pairs[k][0] == pairs[j][0] for j in range(len(pairs)) if j not in drawn) for k in drawn) / 2
        for drawn in draws
    ]
    assert leaked_by_pair(project) == pytest.approx(sum(leaks) / len(leaks))
    assert leaked_by_pair(_project([0])) is None
