"""Ratings, comparisons and votes by key in the browser, as quickly as they come: lessons 4 and 6."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from core.world.votes import Vote, decode, encode, pair_shown
from tests.browser.conftest import settle
from tests.browser.gestures import wait_for_link

SHARES = (1.0, 0.5, 1.0, None, 1.0)
VOTED = tuple(Vote(*pair_shown(place, 0), share) for place, share in enumerate(SHARES))


def test_no_rating_and_no_comparison_is_lost_however_quickly_they_come(watched, server):
    page = watched.open(f"{server}/why_pretrained_models_fail?lesson=4", wait=".st-key-vote")
    page.wait_for_selector(".st-key-vote [data-listening]", state="attached")
    for key in "426153":
        page.keyboard.press(key)  # nothing is waited for: a run of the page is under way
    page.wait_for_function("() => document.querySelector('.st-key-vote').innerText.includes('pair 1 of 15')")
    settle(page)
    rated = page.locator(".st-key-lab .pg-text").first.text_content()
    for key in ("ArrowLeft", "t", "ArrowRight", "7", "u", "ArrowRight"):  # a rating is not asked for here
        page.keyboard.press(key)
    page.wait_for_function("() => document.querySelector('.st-key-vote').innerText.includes('pair 4 of 15')")
    page.wait_for_function("t => document.querySelector('.st-key-lab .pg-text').textContent !== t", arg=rated)
    page.click(".st-key-rate_undo button")
    page.wait_for_function("() => document.querySelector('.st-key-vote').innerText.includes('pair 3 of 15')")
    wait_for_link(page, "l4_hand=426153")


def test_no_vote_of_lesson_6_is_lost_however_quickly_they_come(watched, server):
    page = watched.open(f"{server}/trace_one_example?lesson=6", wait=".st-key-vote")
    page.wait_for_selector(".st-key-vote [data-listening]", state="attached")
    for key in ("ArrowLeft", "t", "ArrowRight", "u", "ArrowLeft", "s", "ArrowLeft"):
        page.keyboard.press(key)  # nothing is waited for: a run of the page is under way
    page.wait_for_function("() => document.querySelector('.st-key-vote').innerText.includes('Use 4 votes')")
    link = wait_for_link(page, f"votes={encode(VOTED)}")
    votes = decode(parse_qs(urlsplit(link).query)["votes"][0])
    sides = [(vote.first, vote.second) == pair_shown(place, 0) for place, vote in enumerate(votes)]  # kept in one order
    shares = [
        None if vote.share is None else vote.share if kept else 1 - vote.share for vote, kept in zip(votes, sides)
    ]
    assert shares == list(SHARES)
