"""What only a real browser shows: painted charts, gliding bars, keys, links, motion, and no request to elsewhere."""

from __future__ import annotations

import re

import pytest

from core.lessons.catalogue import LESSONS
from core.lessons.outline import PHASES
from tests.browser.conftest import settle
from tests.browser.gestures import (
    bars,
    frames,
    slider,
    step,
    wait_for_link,
    wait_for_step,
    wait_for_text_change,
    watch,
)
from tests.browser.server import serve
from tests.lessons.states import VOTES
from tests.pages.driver import LAB_AT

PPO = "/trace_one_example?lesson=8"
SAW = ".st-key-saw"
FORMULA = ".st-key-formula"


def address_of(item, **query):
    page = PHASES[item.outline.phase - 1].page
    query = {**LAB_AT.get(item.number, {}), **query}
    return f"/{page}?lesson={item.number}" + "".join(f"&{key}={value}" for key, value in query.items())


# The colour of a chart's words: of its ticks, or of any text where a drawing has none.
INK = "getComputedStyle(document.querySelector('.pg-plot .xtick text') ?? document.querySelector('.pg-plot text')).fill"


def check_painted(page):
    settle(page)
    page.wait_for_selector('.pg-lab[data-painted="yes"]')
    labs = page.locator(".pg-lab")
    assert labs.count() >= 1
    for number in range(labs.count()):
        lab = labs.nth(number)
        assert lab.locator(".pg-problem").inner_text() == ""
        assert lab.locator(".barlayer path, .scatterlayer path, .heatmaplayer image, .contourlayer path").count() > 0
        assert lab.locator(".pg-badge").inner_text() in ("live", "recorded", "illustration")
    assert page.locator(".stException, .stError").count() == 0
    assert page.get_by_text("could not be shown").count() == 0
    too_wide = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
    assert too_wide <= 1, f"the page is {too_wide} px wider than the screen"


def ground(page):
    """The brightest channel of the page's colour."""
    colour = page.evaluate("() => getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    return max(map(int, re.findall(r"\d+", colour)[:3]))


@pytest.mark.parametrize("item", LESSONS, ids=lambda item: item.number)
def test_charts_are_painted_on_every_screen_and_in_both_themes(watched, server, item):
    page = watched.open(server + address_of(item, votes=VOTES["few"]))
    check_painted(page)
    assert ground(page) > 200
    lowest = page.evaluate(
        "() => Math.max(...[...document.querySelectorAll('.pg-lab, .st-key-formula')]"
        ".map(n => n.getBoundingClientRect().bottom))"
    )
    ink = page.evaluate(f"() => {INK}")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.wait_for_function(f"ink => {INK} !== ink", arg=ink)
    check_painted(page)
    assert ground(page) < 80
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(400)
    check_painted(page)
    assert lowest <= 800, f"at 1280 x 800 the lab ends at {lowest:.0f} px"


def test_step_glides_by_button_and_by_key(watched, server):
    page = watched.open(server + PPO)
    said = page.locator(SAW).inner_text()
    pressed = 0
    for press in (lambda: page.click('[data-do="step"]'), lambda: page.keyboard.press("n")):
        seen = 0
        while seen < 6 and pressed < 6:  # a busy machine drops pictures now and then
            watch(page)
            press()
            pressed += 1
            seen = frames(page)
            assert step(page) == pressed
        assert seen >= 6
    assert wait_for_text_change(page, SAW, said)
    wait_for_link(page, f"l8_step={pressed}")
    before = bars(page)
    page.keyboard.press("b")
    wait_for_step(page, pressed - 1)
    page.wait_for_timeout(700)
    assert bars(page) != before


def test_a_slider_key_glides_to_the_new_run(watched, server):
    page = watched.open(server + PPO + "&l8_step=5&l8_mode=exact")
    for key in ("l8_kl_coef", "l8_clip"):
        handle = slider(page, key)
        handle.focus()
        seen = 0
        for _ in range(4):  # a busy machine drops pictures now and then
            watch(page)
            page.keyboard.press("ArrowLeft")
            seen = max(seen, frames(page, 1200))
            settle(page)
            if seen >= 5:
                break
        assert seen >= 5, key
    assert step(page) == 5


def test_sixty_steps_play_without_a_round_trip_per_frame(watched, server):
    page = watched.open(server + PPO)
    watched.sent.clear()
    watch(page)
    page.click('[data-do="play"]')
    wait_for_step(page, 60, timeout=40_000)
    pictures = frames(page, 300)
    assert pictures >= 120, "the bars did not glide"
    assert len(watched.sent) <= 30, f"{len(watched.sent)} messages to the server for 60 steps"
    wait_for_link(page, "l8_step=60")


def test_play_stops_at_pause(watched, server):
    page = watched.open(server + PPO)
    page.keyboard.press("p")
    page.wait_for_function("() => parseInt(document.querySelector('.pg-count')?.textContent) >= 2")
    page.keyboard.press("p")
    page.wait_for_timeout(150)
    stopped = step(page)
    page.wait_for_timeout(800)
    assert step(page) == stopped


def test_scrubbing_by_keyboard_and_to_the_end(watched, server):
    page = watched.open(server + PPO)
    page.focus(".pg-scrub")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    wait_for_step(page, 3)
    wait_for_link(page, "l8_step=3")
    before = bars(page)
    page.keyboard.press("End")
    wait_for_step(page, 60)
    wait_for_link(page, "l8_step=60")
    page.wait_for_timeout(700)
    assert bars(page) != before
    page.keyboard.press("Home")
    wait_for_step(page, 0)


def test_a_picked_row_fills_the_formula_by_mouse_and_by_key(watched, server):
    page = watched.open(server + PPO + "&l8_step=3")
    shown = page.locator(FORMULA).inner_text()
    page.click('.pg-table [data-row="4"]')
    by_mouse = wait_for_text_change(page, FORMULA, shown)
    assert "asks back" in by_mouse
    wait_for_link(page, "l8_pick=4")
    page.focus('.pg-table [data-row="5"]')
    page.keyboard.press("Enter")
    by_key = wait_for_text_change(page, FORMULA, by_mouse)
    assert "rude" in by_key
    assert page.evaluate("() => document.activeElement.dataset.row") == "5", "the focus stays on the row"


def test_a_bar_can_be_picked(watched, server):
    page = watched.open(server + PPO + "&l8_step=3")
    shown = page.locator(FORMULA).inner_text()
    box = page.evaluate(
        "() => { const b = document.querySelectorAll('.pg-plot .barlayer .trace')[2].querySelectorAll('.point path')[4]"
        ".getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; }"
    )
    page.mouse.move(*box)
    page.wait_for_timeout(100)  # Plotly finds the bar under the pointer a moment later
    page.mouse.click(*box)
    assert "asks back" in wait_for_text_change(page, FORMULA, shown)


def test_the_link_reopens_the_same_screen(watched, server):
    page = watched.open(server + PPO + f"&votes={VOTES['few']}")
    slider(page, "l8_clip").focus()
    page.keyboard.press("ArrowRight")
    wait_for_link(page, "l8_clip=0.21")
    page.click('[data-do="step"]')
    page.click('[data-do="step"]')
    link = wait_for_link(page, "l8_step=2")
    settle(page)
    page.wait_for_timeout(900)
    again = watched.open(link)
    again.wait_for_timeout(900)
    assert step(again) == step(page) == 2
    assert slider(again, "l8_clip").input_value() == "0.21"
    assert f"votes={VOTES['few']}" in again.url
    for part in (SAW, FORMULA, ".pg-table"):
        assert again.locator(part).first.inner_text() == page.locator(part).first.inner_text()
    assert bars(again) == bars(page)


def test_from_the_first_vote_to_moving_bars(watched, server):
    """What a new visitor does, with the keyboard where there are keys."""
    page = watched.open(server, wait=".st-key-open_6 button")
    page.click(".st-key-open_6 button")
    page.wait_for_selector(".st-key-vote")
    settle(page)
    for key in ("ArrowLeft", "ArrowRight", "t", "s", "ArrowLeft"):
        before = page.locator(".st-key-vote").inner_text()
        page.keyboard.press(key)
        wait_for_text_change(page, ".st-key-vote", before)
        settle(page)
        wait_for_link(page, "votes=")
    page.keyboard.press("u")
    page.wait_for_timeout(600)
    settle(page)
    page.click(".st-key-vote_onward button")
    page.wait_for_selector(".st-key-l8_clip")
    settle(page)
    assert "votes=" in page.url
    watch(page)
    page.click('[data-do="step"]')
    assert frames(page) >= 6
    assert step(page) == 1


@pytest.mark.parametrize("steps", [2, 3])  # whether the browser is told the value again depends on odd or even
def test_a_setting_that_was_hidden_comes_back_as_it_was(watched, server, steps):
    page = watched.open(f"{server}/trace_one_example?lesson=6&votes={VOTES['few']}")
    page.locator(".st-key-vote_onward button").first.click()
    page.wait_for_selector(".st-key-l8_table")
    settle(page)
    scores = [row.split()[-5:] for row in page.locator(".st-key-l8_table tr").all_inner_texts()]
    for number in range(1, steps + 1):
        page.locator(".pg-step").first.click()
        wait_for_step(page, number)
        settle(page)
    page.locator(".st-key-l8_rest summary").click()
    page.wait_for_selector(".st-key-prior_sd")
    settle(page)
    page.locator(".pg-step").first.click()
    wait_for_step(page, steps + 1)
    settle(page)
    wait_for_link(page, f"l8_step={steps + 1}")
    assert "prior_sd" not in page.url
    assert page.locator(".st-key-prior_sd").inner_text().split()[-1] == "1"
    now = [row.split() for row in page.locator(".st-key-l8_table tr").all_inner_texts()]
    assert [row[0] in after for row, after in zip(scores[1:], now[1:])] == [True] * (len(now) - 1)


@pytest.mark.parametrize("steps", [1, 2])
def test_an_own_text_that_was_hidden_comes_back_as_it_was(watched, server, steps):
    page = watched.open(f"{server}/trace_one_example?lesson=5&l5_kind=own&l5_own=Who%20sells%20meat?&l5_lr=0.0")

    def choose(kind):
        page.locator(".st-key-l5_kind input").click()
        page.locator("[role=option]", has_text=kind).first.click()
        page.wait_for_function("k => window.location.search.includes('l5_kind=own') === (k === 'own text')", arg=kind)
        settle(page)

    choose("fact")
    for number in range(1, steps + 1):
        page.locator(".pg-step").first.click()
        wait_for_step(page, number)
        settle(page)
    choose("own text")
    page.locator(".pg-step").first.click()
    wait_for_link(page, f"l5_step={steps + 1}")
    assert page.locator(".st-key-l5_own input").input_value() == "Who sells meat?"
    wait_for_link(page, "l5_own=Who")


def test_a_deep_link_is_the_very_first_visit_of_a_server(watched):
    with serve() as address:
        page = watched.open(f"{address}{PPO}&l8_step=5&l8_clip=0.05&l8_kl_coef=99")
        try:
            assert step(page) == 5
            assert slider(page, "l8_clip").input_value() == "0.05"
            assert "99 is not on offer" in page.locator(".stMain").inner_text()
            wait_for_link(page, "l8_kl_coef=3.0")
            assert page.locator(".stException").count() == 0
        finally:
            page.goto("about:blank")  # before its server goes away


def test_reduced_motion_is_respected(watched, server):
    page = watched.open(server + PPO, reduced_motion="reduce")
    watch(page)
    page.click('[data-do="step"]')
    assert 1 <= frames(page) <= 2
    assert step(page) == 1


def test_back_and_forward_keep_the_app_alive(watched, server):
    page = watched.open(server, wait=".st-key-home_begin button")
    page.goto(server + PPO)
    page.wait_for_selector(".pg-lab[data-painted=yes]")
    page.go_back()
    page.wait_for_selector(".st-key-home_begin button")
    page.go_forward()
    page.wait_for_selector(".pg-lab[data-painted=yes]")
    settle(page)
    assert page.locator(".stException").count() == 0
