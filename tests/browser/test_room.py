"""A room and its visitors: projector mode, locked controls, reloads, the keyboard, own words as plain words, exports."""

from __future__ import annotations

import pandas as pd
import pytest

from core.lessons.catalogue import LESSONS
from core.lessons.outline import PHASES
from core.ui.lesson_frame import MORE
from core.world import own_texts
from tests.browser.conftest import settle
from tests.browser.gestures import step, wait_for_link, wait_for_step, wait_for_text_change
from tests.lessons.states import VOTES

PPO = "/trace_one_example?lesson=8"
VOTING = "/trace_one_example?lesson=6"
# What Markdown, HTML, LaTeX, Streamlit's own marks and Plotly's labels would turn into something else.
ODD = (
    "<img src=x onerror=alert(1)>",
    "**bold** $x$",
    "see www.example.org or https://example.org",
    "it :smile: and :material/delete: now",
    ":red[warning] -> done",
    "[link](https://example.org) `code`",
    "# heading &amp; 1. list",
    "a <b>b</b> ~~gone~~ -- dash",
)


def path_of(lesson, **query):
    page = PHASES[lesson.outline.phase - 1].page
    return f"/{page}?lesson={lesson.number}" + "".join(f"&{key}={value}" for key, value in query.items())


def letters(text):
    """A text as one sees it: without the zero-width joiners that keep Markdown from reading marks into it."""
    return text.replace("\u2060", "").strip()


def type_size(page):
    return float(page.evaluate("() => parseFloat(getComputedStyle(document.documentElement).fontSize)"))


def open_panel(page, key):
    """One of the panels below the lesson."""
    page.locator(".st-key-l8_more [role=radio]", has_text=MORE[key]).click()


def own_link():
    return own_texts.pack(own_texts.build("Who is <b>it</b> at $5?", "it", ODD))


# --- projector mode ---------------------------------------------------------------------------------------------------


def test_projector_by_address_is_larger_and_wider(watched, server):
    small = watched.open(server + PPO, width=1920, height=1080)
    large = watched.open(server + PPO + "&projector=1", width=1920, height=1080)
    assert type_size(large) >= 1.25 * type_size(small)
    width = "() => document.querySelector('.stMainBlockContainer').getBoundingClientRect().width"
    assert large.evaluate(width) > small.evaluate(width)
    chart = "() => document.querySelector('.pg-plot').getBoundingClientRect().height"
    assert large.evaluate(chart) > small.evaluate(chart)
    assert large.locator('[data-testid="stSidebar"]:visible').count() == 0
    label = "() => parseFloat(getComputedStyle(document.querySelector('.pg-plot .ytick text')).fontSize)"
    assert large.evaluate(label) > 1.15 * small.evaluate(label)
    assert large.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 1
    assert "projector=1" in wait_for_link(large, "projector=1")


def test_projector_by_button_and_back(watched, server):
    page = watched.open(server + PPO)
    before = type_size(page)
    page.click(".st-key-tool_more button")
    page.click(".st-key-tool_projector button")
    wait_for_link(page, "projector=1")
    page.wait_for_function("size => parseFloat(getComputedStyle(document.documentElement).fontSize) > size", arg=before)
    settle(page)
    page.keyboard.press("Escape")
    page.locator(".st-key-tool_projector").first.wait_for(state="detached")
    page.click(".st-key-tool_more button")
    page.locator(".st-key-tool_projector button", has_text="Leave").first.click()
    page.wait_for_function(
        "size => parseFloat(getComputedStyle(document.documentElement).fontSize) === size", arg=before
    )
    settle(page)
    page.wait_for_function("() => !window.location.search.includes('projector')")


# --- locked controls ---------------------------------------------------------------------------------------------------


def test_hide_locks_the_named_controls_and_no_others(watched, server):
    page = watched.open(server + PPO + "&hide=l8_lr,l8_scores,nonsense&l8_lr=2.0")
    locked = page.locator(".st-key-l8_lr input[type=range]")
    assert locked.is_disabled()
    assert page.locator(".st-key-l8_clip input[type=range]").is_enabled()
    assert page.locator(".st-key-l8_scores button[role=radio]").first.is_disabled()
    assert "l8_lr=2.0" in wait_for_link(page, "hide=")


def test_a_preset_does_not_move_a_locked_control(watched, server):
    page = watched.open(server + PPO + "&hide=l8_kl_coef&l8_kl_coef=1.5")
    page.click(".st-key-l8_preset [data-testid=stSelectbox] input")
    page.get_by_role("option", name="Leash off").first.click()
    page.wait_for_timeout(300)
    settle(page)
    assert page.locator(".st-key-l8_kl_coef input[type=range]").input_value() == "1.5"


# --- what survives -----------------------------------------------------------------------------------------------------


def test_votes_and_progress_survive_a_reload(watched, server):
    page = watched.open(server + VOTING)
    for key in ("ArrowLeft", "t", "ArrowRight"):
        before = page.locator(".st-key-vote").inner_text()
        page.keyboard.press(key)
        wait_for_text_change(page, ".st-key-vote", before)
        settle(page)
    page.click(".st-key-saw [data-testid=stSelectbox] input")
    page.locator("[role=option]").first.click()
    link = wait_for_link(page, "done=")
    settle(page)
    asked = page.locator(".st-key-vote").inner_text()
    page.reload()
    page.wait_for_selector(".st-key-vote_onward")
    page.wait_for_selector(".pg-table tbody tr")
    settle(page)
    assert page.url == link
    assert page.locator(".st-key-vote").inner_text() == asked
    assert page.locator(".pg-table tbody tr").count() == 3
    tick = page.locator(".st-key-lessons [role=radio][aria-checked=true]").inner_text()
    assert "·" in tick.removeprefix("6 ·"), "the lesson is marked as begun"


def test_own_answers_travel_from_lesson_to_lesson_and_in_the_link(watched, server):
    page = watched.open(server + VOTING + f"&own={own_link()}")
    assert "Who is <b>it</b> at $5?" in letters(page.locator(".st-key-vote").inner_text())
    page.locator(".st-key-lessons [role=radio]", has_text="PPO step").click()
    page.wait_for_selector(".st-key-l8_clip")
    settle(page)
    wait_for_link(page, "own=")
    assert "Who is <b>it</b> at $5?" in page.locator(".pg-title").inner_text()


# --- own words are words -----------------------------------------------------------------------------------------------


def test_typed_markup_is_shown_as_it_was_typed(watched, server):
    page = watched.open(server + PPO)
    alerts = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    open_panel(page, "own")
    fields = page.locator("[data-testid=stForm] input")
    fields.nth(9).wait_for()
    fields.nth(0).fill("Who is <b>it</b> at $5?")
    fields.nth(2).fill(ODD[0])
    fields.nth(6).fill(ODD[1])  # the fields stand in two columns
    page.locator("[data-testid=stForm] button", has_text="Use these answers").click()
    wait_for_link(page, "own=")
    settle(page)
    assert "Who is <b>it</b> at $5?" in page.locator(".pg-title").inner_text()
    labels = " ".join(page.locator(".pg-plot .ytick text").all_text_contents())
    assert "<img" in labels
    assert "**bold**" in labels
    page.click('[data-do="step"]')
    wait_for_step(page, 1)
    rows = page.locator(".pg-table tbody th").all_inner_texts()
    assert rows[0].startswith("<img src=x")
    assert rows[1] == "**bold** $x$"
    page.locator(".pg-table [data-row='1']").click()
    settle(page)
    assert "**bold** $x$" in letters(page.locator(".st-key-formula").inner_text())
    assert page.locator(".pg-lab img, .st-key-lab img, .pg-table img, .pg-plot b b").count() == 0
    assert alerts == []


@pytest.mark.parametrize("lesson", [item for item in LESSONS if "own" in item.defaults()], ids=lambda item: item.number)
def test_own_words_stay_words_everywhere(watched, server, lesson):
    """Markdown, HTML, LaTeX, emoji codes, icons, arrows and addresses in an answer are letters, wherever they are shown."""
    players = {param.key: 3 for param in lesson.params if param.widget == "player"}
    page = watched.open(server + path_of(lesson, own=own_link(), votes=VOTES["few"], **players))
    made = page.evaluate(
        """() => {
          const ours = document.querySelector('.st-key-lab');
          const found = [...ours.querySelectorAll('img, a[href*="example"], code, del, h1, .pg-plot foreignObject')].map(n => n.outerHTML);
          const text = ours.innerText;
          return [...found, ...['😄', '→ done', '— dash'].filter(mark => text.includes(mark))];
        }"""
    )
    assert made == []


def test_voting_shows_own_words_letter_by_letter(watched, server):
    page = watched.open(server + VOTING + f"&own={own_link()}")
    seen = set()
    for _ in range(8):
        for side in ("left", "right"):
            seen.add(letters(page.locator(f".st-key-vote_{side}").inner_text()))
        before = page.locator(".st-key-vote").inner_text()
        page.keyboard.press("s")
        wait_for_text_change(page, ".st-key-vote", before)
        settle(page)
    assert len(seen) >= 6
    assert seen <= set(ODD), sorted(seen - set(ODD))


def test_the_form_shows_own_words_as_they_are(watched, server):
    page = watched.open(server + PPO + f"&own={own_link()}")
    open_panel(page, "own")
    page.locator("[data-testid=stForm] input").nth(9).wait_for()
    labels = page.locator("[data-testid=stForm] [data-testid=stWidgetLabel]").all_inner_texts()
    names = own_texts.unpack(own_link()).names
    labels = sorted(map(letters, labels[2:]))
    assert labels == [f"Answer {number} · {name}" for number, name in enumerate(names, start=1)]


# --- keys ---------------------------------------------------------------------------------------------------------------


def test_the_keys_overlay_opens_by_key_and_closes_by_escape(watched, server):
    page = watched.open(server + PPO)
    page.keyboard.press("k")
    overlay = page.locator("[role=dialog]")
    overlay.wait_for()
    page.wait_for_selector("[role=dialog] .katex")
    said = overlay.inner_text()
    for words in ("one step on", "frozen reference policy", "clip fraction"):
        assert words in said
    assert overlay.locator(".katex-error").count() == 0
    page.keyboard.press("Escape")
    overlay.wait_for(state="detached")
    page.keyboard.press("n")
    wait_for_step(page, 1)


# Notes what has the focus now, and whether what had it before looks different without it.
FOCUS = """() => {
  const node = document.activeElement;
  const part = ['.pg-player', '.pg-table', '.st-key-vote_buttons', '.st-key-lessons', '.st-key-formula', '.stSlider', '.pg-head']
    .find(selector => node.closest(selector)) || '';
  const look = chain => JSON.stringify(chain.map(n => {
    const s = getComputedStyle(n);
    return [s.outline, s.boxShadow, s.borderColor, s.backgroundColor, s.textDecoration, s.opacity];
  }));
  window.__walk = window.__walk || [];
  const before = window.__walk[window.__walk.length - 1];
  if (before) before.seen = before.held !== look(before.chain);
  const chain = [node];
  while (chain.length < 6 && chain[chain.length - 1].parentElement) chain.push(chain[chain.length - 1].parentElement);
  const name = node.dataset.do || node.dataset.row || node.ariaLabel || node.innerText || '';
  window.__walk.push({part, tag: node.tagName, name: name.slice(0, 40), held: look(chain), chain});
  return node.tagName;
}"""


def walk(page, presses=90):
    """What the Tab key reaches, in order: (part, tag, name, whether the focus can be seen)."""
    page.add_style_tag(content="*, *::before, *::after { transition: none !important; animation: none !important; }")
    for number in range(presses):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUS) == "BODY" and number > 20:
            break
    return [
        tuple(entry)
        for entry in page.evaluate("() => window.__walk.slice(0, -1).map(e => [e.part, e.tag, e.name, e.seen])")
    ]


def test_tab_reaches_player_and_table_in_order_with_a_visible_focus(watched, server):
    page = watched.open(server + PPO + "&l8_step=5")
    reached = walk(page)
    player = [name for part, _, name, _ in reached if part == ".pg-player"]
    assert player[:4] == ["reset", "back", "play", "step"]
    rows = [name for part, _, name, _ in reached if part == ".pg-table"]
    assert rows == [str(number) for number in range(8)]
    assert sum(part == ".stSlider" for part, *_ in reached) >= 4
    assert sum(part == ".st-key-lessons" for part, *_ in reached) >= 3
    # The scrolling page itself can have the focus, too; it is no control.
    blind = [entry[:3] for entry in reached if entry[1] not in ("BODY", "MAIN") and not entry[3]]
    assert blind == []


def test_the_vote_can_be_given_by_tab_and_enter(watched, server):
    page = watched.open(server + VOTING)
    reached = walk(page, 70)
    buttons = [(name.strip(), seen) for part, _, name, seen in reached if part == ".st-key-vote_buttons"]
    for wanted in ("Left is better", "Tie", "Right is better", "Skip"):
        assert any(name.startswith(wanted) for name, _ in buttons), buttons
    assert all(seen for _, seen in buttons)
    page.locator(".st-key-vote_T button").focus()
    page.keyboard.press("Enter")
    wait_for_link(page, "votes=")


def test_player_buttons_work_by_enter_and_space(watched, server):
    page = watched.open(server + PPO)
    page.focus('[data-do="step"]')
    page.keyboard.press("Enter")
    wait_for_step(page, 1)
    page.keyboard.press("Space")
    wait_for_step(page, 2)
    page.focus('[data-do="back"]')
    page.keyboard.press("Enter")
    wait_for_step(page, 1)
    assert step(page) == 1


# --- exports ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_downloads_open_without_the_web(watched, server, tmp_path, theme):
    page = watched.open(server + PPO + "&l8_step=5", color_scheme=theme)
    open_panel(page, "export")
    page.wait_for_selector("[data-testid=stDownloadButton]")
    with page.expect_download() as table:
        page.locator("[data-testid=stDownloadButton] button", has_text="CSV").click()
    table.value.save_as(tmp_path / "run.csv")
    assert len(pd.read_csv(tmp_path / "run.csv", comment="#")) == 5
    page.wait_for_timeout(300)
    settle(page)
    with page.expect_download() as figure:
        page.locator("[data-testid=stDownloadButton] button", has_text="HTML").click()
    figure.value.save_as(tmp_path / "figure.html")
    with page.expect_download() as picture:
        page.click('[data-do="png"]')
    picture.value.save_as(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    asked = []
    offline = page.context.browser.new_context(offline=True)
    alone = offline.new_page()
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto((tmp_path / "figure.html").as_uri())
    alone.wait_for_selector(".main-svg .barlayer path")
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    ground = alone.evaluate("() => getComputedStyle(document.querySelector('.main-svg')).backgroundColor")
    offline.close()
    assert ground == {"light": "rgb(251, 250, 247)", "dark": "rgb(21, 24, 30)"}[theme], (
        "the file has the colours of the page"
    )
