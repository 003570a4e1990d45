"""The home page in the browser: something moves by itself, votes by key move the bars, a run is started and stopped."""

from __future__ import annotations

from tests.browser.conftest import settle
from tests.browser.gestures import wait_for_link

HERO, BOARD = ".st-key-home_hero", ".st-key-home_board"
_BARS = "s => [...document.querySelectorAll(s + ' .barlayer .point path')].map(p => p.getAttribute('d')).join(';')"


def test_from_opening_over_five_votes_to_a_run_that_is_stopped(watched, server):
    page = watched.open(server, wait=f"{HERO} .pg-lab")
    said = f"{HERO} .pg-spoken dd"
    first = page.locator(said).first.inner_text()
    # The recorded run plays by itself: its bars move and its words change.
    bars = page.evaluate(_BARS, HERO)
    page.wait_for_function(f"([s, before]) => ({_BARS})(s) !== before", arg=[HERO, bars])
    page.wait_for_function(
        "([s, first]) => [...document.querySelectorAll(s)].some((n, i) => i || n.innerText !== first)",
        arg=[said, first],
    )
    for number, key in enumerate(("ArrowLeft", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft")):
        page.wait_for_function(
            "t => document.querySelector('.st-key-hv_vote').innerText.includes(t)", arg=f"Pair {number + 1}:"
        )
        settle(page)
        page.keyboard.press(key)
    page.wait_for_function("() => document.querySelector('.st-key-hv_vote').innerText.includes('Pair 6:')")
    settle(page)
    wait_for_link(page, "lrlll")
    page.wait_for_timeout(700)
    before = page.evaluate(_BARS, BOARD)
    page.keyboard.press("u")
    page.wait_for_function(f"([s, before]) => ({_BARS})(s) !== before", arg=[BOARD, before])
    settle(page)
    page.keyboard.press("ArrowRight")
    page.click(".st-key-hv_run button")
    page.wait_for_selector(".st-key-hv_stop button")
    # What was drawn by the run before may stand for a moment more.
    page.wait_for_function("() => document.querySelectorAll('.st-key-hv_live [data-testid=stProgress]').length === 1")
    page.wait_for_selector(".st-key-home_example .pg-lab")
    page.click(".st-key-hv_stop button")
    page.wait_for_selector(".st-key-hv_run button")
    assert "Stopped after" in page.locator(".st-key-hv_live").inner_text()


def test_no_vote_is_lost_however_quickly_the_votes_come(watched, server):
    page = watched.open(server, wait=f"{HERO} .pg-lab")
    page.wait_for_selector(".st-key-hv_vote [data-listening]", state="attached")
    for key in ("ArrowLeft", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowRight"):
        page.keyboard.press(key)  # nothing is waited for: a run of the page is under way
    wait_for_link(page, "lrllr")
    page.wait_for_function("() => document.querySelector('.st-key-hv_vote').innerText.includes('Pair 6:')")
    page.evaluate(
        "() => ['u', 'u', 'l', 'l', 't'].forEach(k => document.querySelector(`.st-key-hv_${k} button`).click())"
    )
    wait_for_link(page, "lrlllt")
    page.keyboard.down("ArrowLeft")  # a key that is held down is one vote
    page.keyboard.down("ArrowLeft")
    page.keyboard.down("ArrowLeft")
    page.keyboard.up("ArrowLeft")
    wait_for_link(page, "lrllltl")
    page.wait_for_timeout(700)
    settle(page)
    assert page.url.endswith("lrllltl")
    page.click(".st-key-begin button")  # gone and back: the votes are there, and the keys count on
    page.wait_for_selector(".st-key-lab")
    page.go_back()
    page.wait_for_selector(".st-key-hv_vote [data-listening]", state="attached")
    settle(page)
    page.keyboard.press("ArrowRight")
    wait_for_link(page, "lrllltlr")
