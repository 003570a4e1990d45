"""One example from lesson to lesson: the numbers that are carried are the same, to the last digit, on each page."""

from __future__ import annotations

import numpy as np
import pytest

from core.lessons.catalogue import lesson
from core.lessons.lesson09_arrows import ARROWS
from core.lessons.lesson09_params import UNSTEPPED
from core.lessons.text import number, percent, signed
from core.stages import recorded
from tests.lessons.states import VOTES

SHARED = {"votes": VOTES["few"], "prior_sd": 0.75}
WALKED = {"l5_step": 3}
PPO = {"l8_step": 7, "l8_kl_coef": 0.3, "l8_seed": 5}
DIAGRAM = {"l9_view": "diagram"}


def page(number_of, **settings):
    """A lesson and its result, at its defaults but for these settings where it has them."""
    item = lesson(number_of)
    defaults = item.defaults()
    return item, item.result({**defaults, **{key: value for key, value in settings.items() if key in defaults}})


def everywhere(number_of, **more):
    """The same learner on another page."""
    return page(number_of, **{**SHARED, **WALKED, **PPO, **DIAGRAM, **more})


def loads(**more):
    """What every arrow of lesson 9 carries, by its key."""
    _, nine = everywhere(9, **more)
    return dict(zip((arrow.key for arrow in ARROWS), nine.loads)), nine


def test_the_votes_are_the_same_votes_in_lessons_6_8_9_and_10():
    (six, fitted), (_, eight), (_, ten) = everywhere(6, l6_step=999), everywhere(8), everywhere(10)
    arrows, nine = loads()
    assert fitted.fit.votes == eight.fit.votes == nine.white.lab.fit.votes == ten.votes
    assert fitted.fit.n_votes > 0
    assert ten.source == "votes"
    _, said = everywhere(6, l6_step=lesson(6).param("l6_step").high)
    sentences = " ".join(six.says(said))
    assert arrows["votes"].count in sentences
    repeated = arrows["votes"].score.removeprefix("repeats ")
    assert f"repeats {repeated.replace(' of ', ' of your ')} decided" in sentences


def test_the_weights_of_lesson_6_are_the_scores_of_8_9_and_10():
    (_, fitted), (eight, run), (_, ten) = everywhere(6), everywhere(8), everywhere(10)
    arrows, nine = loads()
    kept = tuple(round(float(score), 6) for score in fitted.fit.scores)
    assert run.config.scores == nine.white.config.scores == ten.config.scores == kept
    assert np.array_equal(fitted.fit.weights, nine.white.lab.fit.weights)
    top = int(np.argmax(fitted.fit.scores))
    # The same digits: in lesson 8's table, on lesson 9's arrow, and as lesson 6 writes them.
    assert signed(fitted.fit.scores[top]) == eight.table(run).rows[top][1]
    assert arrows["scores"].score == f"highest {eight.table(run).rows[top][1]}"


def test_the_start_is_the_same_policy_in_6_8_9_and_10():
    (_, six), (_, eight), (_, ten) = everywhere(6), everywhere(8), everywhere(10)
    arrows, nine = loads()
    assert six.candidates == eight.candidates == ten.candidates == nine.candidates
    assert eight.config.ref_logps == ten.config.ref_logps == nine.white.config.ref_logps
    assert nine.white.probs(0) == eight.probs(0)
    assert arrows["copy"].score == f"largest {percent(max(eight.probs(0)))}"
    eight_item, at_start = everywhere(8, l8_step=0)
    assert f"**{arrows['start'].score.removeprefix('reward ')}**" in eight_item.says(at_start)[0]


def test_the_run_on_the_arrows_is_lesson_8s_own():
    (item, eight), (arrows, nine) = everywhere(8), loads()
    assert nine.white.steps == eight.steps[:7]
    assert nine.white.end == eight.stats
    row = item.history(eight)[-1]
    assert row["step"] == 7
    assert arrows["update"].score.endswith(f"→ {number(row['expected_reward'])}")
    assert arrows["kl"].count == f"kl_coef {number(row['kl_coef'])}"
    kl = arrows["kl"].score.removeprefix("KL ")
    assert kl == f"{number(row['kl_to_reference'])} nats"
    assert any(f"**{kl}**" in sentence for sentence in item.says(eight))
    assert arrows["samples"].count == f"{7 * eight.config.batch_size} answers"
    assert arrows["baseline"].score == f"b = {number(eight.now.baseline)}"


def test_before_the_first_step_the_run_is_lesson_8s_at_a_stated_one():
    _, nine = loads(l8_step=0)
    _, eight = everywhere(8, l8_step=UNSTEPPED)
    assert nine.white.steps == eight.steps[:UNSTEPPED]
    assert f"update {UNSTEPPED}" in lesson(9).table(nine).notes


def test_the_loss_on_the_arrow_is_lesson_5s():
    item, walk = everywhere(5)
    arrows, nine = loads()
    assert nine.walk().now.loss == walk.now.loss
    before, now = arrows["demos"].score.removeprefix("loss ").split(" → ")
    assert f"**{now} nats**" in item.says(walk)[0]
    _, at_start = everywhere(5, l5_step=0)
    assert f"**{before} nats**" in item.says(at_start)[0]


@pytest.mark.parametrize(("sft", "reward"), recorded.RUNNERS[:3])
def test_the_tiny_relay_is_lesson_3s(sft, reward):
    item, three = page(3, l3_sft=sft, l3_rm=reward, l3_step=4)
    cut = {} if sft and reward else {"l9_cut": True, "l9_arrow": 0 if not sft else 6}
    arrows, nine = loads(l9_track="tiny", **cut)
    rows = {row[0]: row for row in item.table(three).rows}
    assert arrows["update"].score.endswith(f"→ {rows['PPO'][2]}")
    assert arrows["samples"].count == f"{rows['PPO'][1].removesuffix(' scores')} answers"
    assert number(three.end.kl) == arrows["kl"].score.removeprefix("KL ").removesuffix(" nats")
    if sft:
        assert arrows["start"].score == f"gold {rows['SFT'][2]}"
        if reward:
            assert arrows["demos"].count == f"{rows['SFT'][1].removesuffix(' demos')} texts"
    if reward:
        assert arrows["votes"].count == rows["reward model"][1]
        if sft:
            assert arrows["scores"].score.endswith(rows["reward model"][2])
    if cut:
        whole = nine.consequence
        assert (whole.without, whole.whole) == (three.end.gold_held_out, three.full.evaluations[-1].gold_held_out)
        assert signed(whole.change) == signed(-three.missing[0])


def test_the_bytes_are_those_that_lesson_10_counts():
    item, ten = everywhere(10, l10_view="routes")
    cells = {row[0]: row[1] for row in item.table(ten).rows}
    _, nine = loads(l9_value="head")
    weights = sum(model.weights for model in nine.memory.models)
    assert cells["weights, as tiny LMs"] == f"{weights / 1e6:.1f} MB"


def test_another_vote_changes_every_page():
    """The comparison itself can fail: with other votes the numbers on the arrows are others."""
    first, second = loads()[0], loads(votes=VOTES["reversed"])[0]
    assert first["votes"] != second["votes"]
    assert first["scores"] != second["scores"]
    assert first["update"] != second["update"]
    assert first["demos"] == second["demos"]
