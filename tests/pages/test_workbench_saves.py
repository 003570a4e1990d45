"""Saves on the real page, on a host with a database in its secrets: the link opens the work again, and nothing is ever lost."""

from __future__ import annotations

import pytest

from core.lessons.catalogue import LESSONS
from core.ui.pipeline import autosave, saving, work
from tests.pages.driver import check, link, page
from tests.pages.test_workbench import PAGE, TEXTS, press, project, write

LESSON = next(lesson for lesson in LESSONS if lesson.outline.number == 14)


def started(query=None):
    at = page(PAGE, query)
    at.text_area(key="pl_own_prompt").set_value("My router is slow.")
    return press(at, "pl_start_own")


def said_where(at):
    return " ".join(caption.value for caption in at.caption if "Saved" in caption.value or "tab only" in caption.value)


@pytest.fixture
def database(monkeypatch, tmp_path):
    """Names a database as the secrets would; the test may name another one."""
    address = {"now": f"sqlite:///{tmp_path}/work.sqlite3"}
    monkeypatch.setattr(autosave, "_database", lambda: address["now"])
    monkeypatch.setattr(saving, "BUSY_SHARE", 1e9)  # nothing waits
    return address


def test_a_reload_of_the_link_opens_the_work_where_it_was(database):
    at = started()
    write(at, "New response", "\n---\n".join(TEXTS))
    assert "this page's link opens it again" in said_where(at)
    query = link(at, LESSON)
    assert saving.is_key(query["work"])
    again = page(PAGE, query)
    check(again)
    assert project(again) == project(at)


def test_two_tabs_with_one_link_lose_nothing(database):
    at = started()
    query = link(at, LESSON)
    other = page(PAGE, query)
    write(other, "New response", "The other tab's.")
    write(at, "New response", "This tab's.")
    own, theirs = link(at, LESSON)["work"], link(other, LESSON)["work"]
    assert (theirs, own != theirs) == (query["work"], True)
    texts = [project(page(PAGE, {**query, "work": key})).prompts[0].candidates[0].text for key in (own, theirs)]
    assert texts == ["This tab's.", "The other tab's."]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nonsense", "The database address in the secrets cannot be read"),
        ("foo://me:hush@host/x", "a kind of database that is not known"),
        ("sqlite:////proc/nowhere/work.sqlite3", "The database of this site did not take the work."),
    ],
)
def test_a_wrong_address_is_said_and_the_work_goes_on(database, address, words):
    database["now"] = address
    at = started({"work": saving.new_key()})
    write(at, "New response", "\n---\n".join(TEXTS))
    check(at)
    assert words in said_where(at)
    assert "Kept in this tab only" in said_where(at)
    assert "hush" not in said_where(at)
    assert len(project(at).prompts[0].candidates) == len(TEXTS)


def test_a_database_that_comes_back_takes_the_work(database, monkeypatch):
    monkeypatch.setattr(autosave, "WAIT_SECONDS", 0.0)
    right, database["now"] = database["now"], "sqlite:////proc/nowhere/work.sqlite3"
    at = started()
    assert "tab only" in said_where(at)
    database["now"] = right
    at.run()
    assert "opens it again" in said_where(at)


def test_what_was_changed_too_soon_after_a_save_is_saved_by_the_page_itself(database, monkeypatch):
    monkeypatch.setattr(saving, "BUSY_SHARE", 1e-4)  # every save counts as a long one
    at = started()
    first = project(at)
    write(at, "New response", "Too soon.")
    assert any("Not saved yet" in caption.value for caption in at.caption)
    last = at.session_state[autosave.LAST]
    at.session_state[autosave.LAST] = autosave.Last(last.project, last.at, 0.0)  # time has passed
    at.run()
    assert at.session_state[autosave.LAST].project == project(at) != first
    assert work.PROJECT in at.session_state
