"""The home page's loop in one process: votes in the link, a run followed, votes while it runs, and what is damaged."""

from __future__ import annotations

import threading
from urllib.parse import parse_qsl

import pytest

from core.lessons.home_votes import compute, encode
from core.lessons.text import plain
from core.stages import my_votes, my_votes_recorded
from core.ui import live_run
from tests.pages.driver import check, component, home, over, press, widget

WAIT = 10
FIVE = encode("lrlll")


def _link(at):
    return dict(parse_qsl(component(at, "home_link")["query"]))


def _texts(at):
    return " ".join(element.value for kind in (at.markdown, at.caption, at.warning) for element in kind)


def _recorded_again(config):
    """A live run that yields what was recorded, so that no test trains."""
    run = my_votes_recorded.load().run("example")
    yield from (run.before, *run.shown, run.after)


def test_votes_by_button_stand_in_the_link_and_move_the_bars():
    at = home()
    check(at)
    assert "hv" not in _link(at)
    assert widget(at, "hv_run") is None
    bars = [component(at, "home_board")["figure"]["data"][1]["x"]]
    for key in ("hv_l", "hv_r", "hv_t", "hv_s", "hv_l"):
        press(at, key)
        bars.append(component(at, "home_board")["figure"]["data"][1]["x"])
    assert _link(at)["hv"] == encode("lrtsl")
    assert bars[0] != bars[1]
    assert bars[-1] != bars[0]
    press(at, "hv_u")
    assert _link(at)["hv"] == encode("lrts")
    again = home(_link(at))
    check(again)
    assert component(again, "home_board")["figure"] == component(at, "home_board")["figure"]


@pytest.mark.parametrize("raw", ["<script>alert(1)</script>", "zzzzllll", "9" * 5000, FIVE + "x"])
def test_damaged_votes_are_dropped_with_a_sentence(raw):
    at = home({"hv": raw})
    check(at)
    assert "Your votes on this page" in _texts(at)
    assert "hv" not in _link(at)
    press(at, "hv_l")
    assert "could not be read" not in _texts(at)


def test_all_pairs_can_be_voted_on_and_then_only_undone():
    n = len(my_votes_recorded.load().pairs)
    at = home({"hv": encode("l" * n)})
    check(at)
    assert widget(at, "hv_l").disabled
    press(at, "hv_u")
    assert not widget(at, "hv_l").disabled


def test_a_finished_run_stands_there_in_words_and_numbers(monkeypatch):
    monkeypatch.setattr(my_votes, "train", _recorded_again)
    at = home({"hv": FIVE})
    press(at, "hv_run")
    over(at)
    run = my_votes_recorded.load().run("example")
    assert f"n = {run.after.n} held-out prompts" in _texts(at)
    assert plain(run.shown[-1].texts[0]) in _texts(at)
    assert component(at, "home_run")["badge"] == "live"
    assert len(component(at, "home_features")["rows"]) == 5
    assert "**Your reward model judges.** Your 5 votes became a rule" in _texts(at)
    other = next(letter for letter in "rl" if compute(FIVE + letter).config != compute(FIVE).config)
    press(at, f"hv_{other}")
    assert "Your earlier votes became a rule" in _texts(at)


def test_a_run_goes_on_while_more_votes_come_and_the_new_ones_are_offered(monkeypatch):
    go_on, asked = threading.Event(), []

    def slow(config):
        asked.append(config)
        run = my_votes_recorded.load().run("example")
        yield run.before
        yield run.shown[0]
        go_on.wait(WAIT)
        yield from (*run.shown[1:], run.after)

    monkeypatch.setattr(my_votes, "train", slow)
    at = home({"hv": FIVE})
    press(at, "hv_run")
    assert widget(at, "hv_stop") is not None
    assert component(at, "home_example")["badge"] == "recorded"
    other = next(letter for letter in "rl" if compute(FIVE + letter).config != compute(FIVE).config)
    press(at, f"hv_{other}")
    assert widget(at, "hv_stop") is not None
    assert asked == [compute(FIVE).config]
    assert live_run.training_queue().counts() == (1, 0)
    press(at, "hv_again")  # the old run stops, the new one starts
    assert widget(at, "hv_again") is None
    go_on.set()
    over(at)
    assert asked[-1] == compute(FIVE + other).config
    assert component(at, "home_run")


def test_two_people_with_equal_votes_share_one_run_and_one_may_stop(monkeypatch):
    go_on, asked = threading.Event(), []

    def slow(config):
        asked.append(config)
        run = my_votes_recorded.load().run("example")
        yield run.before
        go_on.wait(WAIT)
        yield from (*run.shown, run.after)

    monkeypatch.setattr(my_votes, "train", slow)
    one, two = home({"hv": FIVE}), home({"hv": FIVE})
    press(one, "hv_run")
    press(two, "hv_run")
    press(one, "hv_stop")
    assert "Stopped after" in _texts(one)
    go_on.set()
    over(two)
    assert component(two, "home_run")
    assert len(asked) == 1


def test_without_the_recording_the_page_still_opens(monkeypatch):
    monkeypatch.setattr(my_votes_recorded, "load", lambda: None)
    compute.cache_clear()
    at = home({"hv": FIVE})
    check(at)
    assert any("pairs to vote on are missing" in element.value for element in at.info)
    compute.cache_clear()
