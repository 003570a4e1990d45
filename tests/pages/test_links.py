"""Links: whatever they hold, the page opens, says what it did with it, and writes back a link that opens the same page."""

from __future__ import annotations

import base64
import random
import zlib

import pytest

from core.lessons.catalogue import LESSONS, lesson
from core.lessons.outline import OUTLINES, PHASES, in_phase
from core.world.votes import decode
from tests.lessons.states import OWN, VOTES, mixed
from tests.pages.driver import check, component, home, link, move, open_lesson, page, widget

BUILT = {item.number for item in LESSONS}
HOSTILE = {
    "html": "<script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "long": "9" * 5000,
    "nan": "nan",
    "infinity": "1e999",
    "minus": "-1e999",
    "empty": "",
    "control": "\x00\x1b[31m\r\n",
    "superscript": "²",
    "arabic": "٣",
    "emoji": "🎚️",
    "sql": "'; DROP TABLE votes; --",
    "path": "../../etc/passwd",
    "markdown": "**bold** [x](javascript:alert(1)) $\\frac{1}{0}$ :red[x]",
    "format": "%s%n{0}{__class__}",
}
PACKED_BOMB = base64.urlsafe_b64encode(zlib.compress(b"[" * 8000, 9)).decode().rstrip("=")


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("item", LESSONS, ids=lambda item: item.number)
def test_hostile_values_for_every_setting_at_the_first_visit(item, name):
    raw = HOSTILE[name]
    at = open_lesson(item, {param.key: raw for param in item.params})
    check(at)
    legal, notes = item.read({param.key: raw for param in item.params})
    assert {key: at.session_state[key] for key in legal} == legal
    captions = " ".join(element.value for element in at.caption)
    assert captions.count(":material/info:") == len(notes)
    for note in notes:
        assert note.split(":")[0] in captions
    # What the page writes back is clean: opening it again gives the same state without any remark.
    again = open_lesson(item, link(at, item))
    check(again)
    assert {key: again.session_state[key] for key in legal} == legal


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_values_for_what_is_no_setting(name):
    others = dict.fromkeys(("done", "hide", "projector", "unknown"), HOSTILE[name])
    check(page("trace_one_example", {"lesson": "8", **others}))
    check(page("trace_one_example", {"lesson": HOSTILE[name]}))
    check(home(others))


@pytest.mark.parametrize("own", ["AAAA", "not base64 at all!", PACKED_BOMB, "x" * 1899, OWN["own"]])
def test_own_answers_from_a_link(own):
    at = open_lesson(lesson(8), {"own": own, "l8_step": "3"})
    check(at)


@pytest.mark.parametrize("item", LESSONS, ids=lambda item: item.number)
def test_a_note_goes_away_with_reset_and_the_values_are_legal(item):
    at = open_lesson(item, {param.key: "999999" for param in item.params if param.kind in ("float", "int")})
    check(at)
    assert any(":material/info:" in element.value for element in at.caption)
    widget(at, "tool_reset").click()
    at.run()
    assert not any(":material/info:" in element.value for element in at.caption)


@pytest.mark.parametrize("item", LESSONS, ids=lambda item: item.number)
def test_the_link_reopens_exactly_what_is_on_screen(item):
    """Settings by seed, opened by link; then the link that the page wrote, opened by a new visitor."""
    rng = random.Random(item.number)
    for _, state in rng.sample(list(mixed(item, 30, seed=7)), 4):
        first = open_lesson(item, {param.key: param.write(state[param.key]) for param in item.params})
        second = open_lesson(item, link(first, item))
        check(second)
        for param in item.params:
            assert first.session_state[param.key] == second.session_state[param.key], param.key
        words = [[e.value for e in (*at.markdown, *at.latex)] for at in (first, second)]
        assert words[0] == words[1]


def test_a_link_at_the_defaults_names_no_setting():
    for item in LESSONS:
        assert set(link(open_lesson(item), item)) == {"lesson"}


@pytest.mark.parametrize("entry", OUTLINES, ids=lambda entry: entry.number)
def test_every_lesson_has_its_place_built_or_not(entry):
    at = page(PHASES[entry.phase - 1].page, {"lesson": str(entry.number)})
    check(at)
    shown = " ".join(element.proto.body for element in at.get("html"))
    assert entry.title in shown.replace("&#x27;", "'")
    assert entry.promise in shown.replace("&#x27;", "'")
    unbuilt = [element.value for element in at.info if "not built yet" in element.value]
    assert len(unbuilt) == (entry.number not in BUILT)


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.number)
def test_a_page_opens_without_parameters_and_with_a_lesson_of_another_phase(phase):
    check(page(phase.page))
    foreign = next(entry.number for entry in OUTLINES if entry.phase != phase.number)
    at = page(phase.page, {"lesson": str(foreign)})
    check(at)
    opened = at.query_params["lesson"]
    opened = opened[0] if isinstance(opened, list) else opened
    assert int(opened) in {entry.number for entry in in_phase(phase.number)}


def test_home_shows_all_lessons_and_opens_those_that_are_built():
    at = home()
    check(at)
    texts = " ".join(element.value for element in at.markdown)
    assert all(entry.title in texts for entry in OUTLINES)
    for number in sorted(BUILT):
        at = home()
        widget(at, f"open_{number}").click()
        at.run()
        check(at)
        assert component(at, f"l{number}_link")


# --- votes ---------------------------------------------------------------------------------------------------------


def _press(at, key):
    button = widget(at, key)
    assert button is not None, f"no button {key}"
    button.click()
    at.run()
    check(at)


def test_votes_are_cast_tied_skipped_undone_and_carried_in_the_link():
    item = lesson(6)
    at = open_lesson(item)
    assert widget(at, "vote_undo").disabled
    shares = []
    for key, share in (("vote_Left", 1.0), ("vote_Right", 0.0), ("vote_T", 0.5), ("vote_S", None), ("vote_Left", 1.0)):
        _press(at, key)
        shares.append(share)
        carried = link(at, item)["votes"]
        assert len(carried) <= 80
        events = decode(carried)
        assert len(events) == len(shares)
        assert [e.share is None for e in events] == [s is None for s in shares]
        assert [e.share == 0.5 for e in events] == [s == 0.5 for s in shares]
    _press(at, "vote_undo")
    assert len(decode(link(at, item)["votes"])) == 4
    again = open_lesson(item, link(at, item))
    assert again.session_state["votes"] == at.session_state["votes"]
    chart = next(e for e in item.figures(item.result({p.key: at.session_state[p.key] for p in item.params})))
    assert component(again, chart.key)["figure"] == component(at, chart.key)["figure"]


def test_the_link_never_holds_more_votes_than_fit():
    item = lesson(6)
    at = open_lesson(item, {"votes": VOTES["full"]})
    check(at)
    assert widget(at, "vote_Left").disabled
    assert any("full" in element.value for element in at.caption)
    _press(at, "vote_undo")
    assert not widget(at, "vote_Left").disabled
    _press(at, "vote_Left")
    assert len(decode(link(at, item)["votes"])) == 74


def test_votes_of_lesson_6_become_the_scores_of_lesson_8():
    at = open_lesson(lesson(6))
    for _ in range(5):
        _press(at, "vote_Left")
    votes = at.session_state["votes"]
    widget(at, "lesson_2").set_value(8)
    at.run()
    check(at)
    shown = link(at, lesson(8))
    assert shown["votes"] == votes
    assert shown["lesson"] == "8"
    assert "scores" not in component(at, "l8_chart")["illustrations"]
    fresh = open_lesson(lesson(8))
    assert "scores" in component(fresh, "l8_chart")["illustrations"]


def test_settings_stay_while_other_lessons_are_open():
    at = open_lesson(lesson(8), {"l8_step": "7"})
    move(at, "l8_clip", 0.05)
    widget(at, "lesson_2").set_value(6)
    at.run()
    check(at)
    widget(at, "lesson_2").set_value(8)
    at.run()
    check(at)
    assert at.session_state["l8_clip"] == 0.05
    assert at.session_state["l8_step"] == 7


def test_controls_named_in_hide_are_locked_and_the_rest_are_not():
    at = open_lesson(lesson(8), {"hide": "l8_clip,l8_lr"})
    check(at)
    assert widget(at, "l8_clip").disabled
    assert widget(at, "l8_lr").disabled
    assert not widget(at, "l8_kl_coef").disabled
    assert link(at, lesson(8))["hide"] == "l8_clip,l8_lr"
