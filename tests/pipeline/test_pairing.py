"""The queue: everybody gets every open pair once, on a side that a coin chose, and nothing is lost on the way."""

from __future__ import annotations

import pytest
from scipy import stats

from core.pipeline import edits, pairing
from core.pipeline.model import GoldQuestion, Pair, Project, read
from core.pipeline.problems import ProjectError
from tests.pipeline.conftest import NOON, prompt


def _bare(prompts: int = 6, **settings) -> Project:
    bare = Project(title="t", prompts=tuple(prompt(number) for number in range(1, prompts + 1)))
    return edits.change(bare, settings=bare.settings.model_copy(update=settings))


def _label_all(project: Project, labeller: str, limit: int = 1000) -> tuple[Project, list[pairing.Shown]]:
    seen = []
    while (shown := pairing.next_pair(project, labeller)) and len(seen) < limit:
        seen.append(shown)
        project = pairing.record(project, shown, labeller, "A", timestamp=NOON)
    return project, seen


def test_two_labellers_walk_the_same_way_and_a_third_finds_nothing_left():
    project, first = _label_all(_bare(), "ann")
    project, second = _label_all(project, "bob")
    assert [shown.pair for shown in first] == [shown.pair for shown in second]
    assert sorted(shown.pair for shown in first) == sorted(project.pairs())
    assert pairing.next_pair(project, "eve") is None
    assert pairing.progress(project, "ann") == pairing.Progress(18, 0, 0, None)


def test_sides_come_from_a_fair_coin_and_are_recorded():
    project, shown = _label_all(_bare(40, labels_per_pair=1), "ann")
    on_left = sum(one.left == one.pair.first for one in shown)
    assert len(shown) == 120
    assert stats.binomtest(on_left, 120).pvalue > 0.01
    assert [(one.left, one.right) for one in project.labels] == [(one.left, one.right) for one in shown]


def test_another_seed_shows_another_order():
    orders = {tuple(one.pair for one in _label_all(_bare(seed=seed), "ann")[1]) for seed in range(4)}
    assert len(orders) == 4


def test_gold_questions_come_at_their_share_and_only_once():
    project = _bare(20, labels_per_pair=5, gold_share=0.2)
    gold = tuple(GoldQuestion(prompt_id=f"p{k}", better="a", worse="b") for k in range(1, 7))
    project = edits.change(project, gold=gold)
    _, shown = _label_all(project, "ann", 30)
    positions = [place for place, one in enumerate(shown) if one.gold]
    assert len(positions) == 6
    assert len({one.pair for one in shown}) == 30
    starts = {
        next(place for place, one in enumerate(_label_all(project, name, 6)[1]) if one.gold) for name in "abcdefgh"
    }
    assert len(starts) > 1


def test_a_project_of_gold_questions_alone_still_shows_them():
    project = Project(
        title="t", prompts=(prompt(1, ("x", "y")),), gold=(GoldQuestion(prompt_id="p1", better="a", worse="b"),)
    )
    assert pairing.next_pair(project, "ann").gold


def test_undo_gives_back_the_pair_on_the_same_sides():
    before, _ = _label_all(_bare(), "ann", 3)
    shown = pairing.next_pair(before, "ann")
    after = pairing.record(before, shown, "ann", "B", strength=2, timestamp=NOON)
    after = pairing.record(after, pairing.next_pair(after, "bob"), "bob", "tie", timestamp=NOON)
    undone, gone = pairing.undo(after, "ann")
    assert pairing.shown_again(undone, gone) == shown == pairing.next_pair(undone, "ann")
    assert [one.labeller for one in undone.labels] == ["ann"] * 3 + ["bob"]
    assert pairing.undo(_bare(), "ann") == (_bare(), None)


def test_work_goes_on_from_a_file():
    half, _ = _label_all(_bare(), "ann", 7)
    assert pairing.next_pair(read(half.model_dump_json()), "ann") == pairing.next_pair(half, "ann")


def test_a_skipped_pair_stays_open_for_others():
    project = _bare(1, labels_per_pair=1)
    shown = pairing.next_pair(project, "ann")
    project = pairing.record(project, shown, "ann", "skip", timestamp=NOON)
    assert pairing.next_pair(project, "ann").pair != shown.pair
    assert shown.pair in {one.pair for one in _label_all(project, "bob")[1]}
    assert pairing.progress(project, "ann").skipped == 1


def test_what_does_not_fit_is_refused():
    project = _bare(1)
    shown = pairing.next_pair(project, "ann")
    project = pairing.record(project, shown, "ann", "A", timestamp=NOON)
    with pytest.raises(ProjectError, match="has judged this pair already"):
        pairing.record(project, shown, "ann", "B")
    with pytest.raises(ProjectError, match="A strength belongs to A or B"):
        pairing.record(project, shown, "bob", "tie", strength=1)
    with pytest.raises(ProjectError, match="no longer in the project"):
        pairing.record(project, pairing.Shown("p9", "a", "b"), "ann", "A")
    assert Pair.of("p", "b", "a") == Pair.of("p", "a", "b")
