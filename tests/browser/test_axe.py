"""axe-core on every page, every built lesson and every view of it, in both themes, on a laptop and on a phone.

In the light theme all rules run at both sizes. The dark theme differs in nothing but colours, and colours do not depend on
the width: there the rules about colour run on every view, and on a phone for the first one. Views behind the first are
looked at where they differ: in the lab.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from core.lessons.catalogue import LESSONS
from core.lessons.outline import PHASES
from tests.browser.conftest import settle
from tests.lessons.states import VOTES

axe_package = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed here")

PHONE, LAPTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
LAB = ".st-key-lab"
FAILING = ("critical", "serious", "moderate")
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
# Faults of Streamlit itself that no style of ours can mend: (rule, selector, reason).
NOT_OURS = (
    (
        "scrollable-region-focusable",
        '[data-testid="stCode"] pre',
        "st.code scrolls in its own <pre>, which takes no tabindex from outside; its copy button lies beside it. "
        "Browsers of today give such a region the focus by themselves.",
    ),
)
BUILT_PHASES = {lesson.outline.phase for lesson in LESSONS}
PAGES = ("/", *(f"/{phase.page}" for phase in PHASES if phase.number not in BUILT_PHASES))


@cache
def _axe() -> str:
    return (Path(axe_package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


_RUN = """
([options, part, notOurs]) => window.axe.run(part, options).then(result => result.violations.map(rule => ({
  ...rule,
  nodes: rule.nodes.filter(node => !notOurs.some(([id, selector]) =>
    id === rule.id && document.querySelector(node.target[0])?.matches(selector))),
})))
"""


def _faults(page, theme: str, part: str = ":root") -> set[str]:
    """What axe finds in a part of the page as it stands, one line an element."""
    page.evaluate("source => { window.axe || (0, eval)(source); }", _axe())
    options = {"resultTypes": ["violations"]} | ({"runOnly": COLOUR_RULES} if theme == "dark" else {})
    known = [[rule, selector] for rule, selector, _ in NOT_OURS]
    return {
        f"{rule['impact']} {rule['id']}: {node['html'][:160]} ({(node['any'] + node['all'] + node['none'])[0]['message']})"
        for rule in page.evaluate(_RUN, [options, part, known])
        if rule["impact"] in FAILING
        for node in rule["nodes"]
    }


def _at_both_sizes(page, theme: str, where: str, part: str = ":root") -> dict[str, str]:
    found = dict.fromkeys(_faults(page, theme, part), f"{where}, laptop")
    if theme == "dark" and part != ":root":
        return found
    page.set_viewport_size(PHONE)
    settle(page)
    found |= dict.fromkeys(_faults(page, theme, part), f"{where}, phone")
    page.set_viewport_size(LAPTOP)
    return found


def _say(found: dict[str, str]) -> str:
    return "\n".join(f"[{where}] {fault}" for fault, where in sorted(found.items()))


def _choose(page, key: str, label: str) -> None:
    """Choose one option of a row of pills, and wait for what it draws."""
    option = page.locator(f".st-key-{key} [role=radio]", has_text=label).first
    if option.get_attribute("aria-checked") != "true":
        option.click()
        page.wait_for_function(
            "([key, label]) => [...document.querySelectorAll(`.st-key-${key} [role=radio]`)]"
            ".some(n => n.innerText.trim() === label && n.getAttribute('aria-checked') === 'true')",
            arg=[key, label],
        )
    page.wait_for_timeout(120)  # until the run of the script has begun
    settle(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_without_a_lesson(watched, server, theme):
    found = {}
    for path in PAGES:
        page = watched.open(server + path, color_scheme=theme)
        found |= _at_both_sizes(page, theme, path)
    assert not found, _say(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_every_view_of_a_lesson(watched, server, lesson, theme):
    path = f"/{PHASES[lesson.outline.phase - 1].page}?lesson={lesson.number}&votes={VOTES['few']}"
    players = "".join(f"&{param.key}=7" for param in lesson.params if param.widget == "player")
    page = watched.open(server + path + players, color_scheme=theme)
    view = next((param for param in lesson.params if param.key.endswith("_view")), None)
    found = {}
    for number, (key, label) in enumerate(view.options if view else (("", ""),)):
        if view:
            _choose(page, view.key, label)
        found |= _at_both_sizes(page, theme, key or "whole", LAB if number else ":root")
    assert not found, _say(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_opens_on_demand(watched, server, theme):
    """The panels below a lesson, the tools, and the overlay with keys and symbols: the same for every lesson."""
    page = watched.open(f"{server}/trace_one_example?lesson=8&l8_step=5", color_scheme=theme)
    found = {}
    panels = page.locator(".st-key-l8_more [role=radio]").all_inner_texts()
    assert len(panels) >= 5
    for label in panels:
        _choose(page, "l8_more", label)
        found |= dict.fromkeys(_faults(page, theme, ".st-key-more"), label)
    page.click(".st-key-tool_more button")
    page.wait_for_selector(".st-key-tool_projector")
    found |= dict.fromkeys(_faults(page, theme, '[data-testid="stPopoverBody"]'), "tools")
    page.keyboard.press("Escape")
    page.click(".st-key-tool_keys button")
    page.wait_for_selector("[role=dialog] li")
    found |= dict.fromkeys(_faults(page, theme, "[role=dialog]"), "keys")
    assert not found, _say(found)


def test_axe_would_notice(watched, server):
    """The same call on a page that is made worse: a check that cannot fail checks nothing."""
    page = watched.open(server + "/")
    page.evaluate(
        "() => { const n = document.createElement('div'); n.innerHTML = '<button></button><p style=\"color:#aaa;"
        "background:#fff\">pale</p>'; document.querySelector('.pg-home').prepend(n); }"
    )
    assert {fault.split(":")[0] for fault in _faults(page, "light")} >= {
        "critical button-name",
        "serious color-contrast",
    }
    assert any("color-contrast" in fault for fault in _faults(page, "dark"))
