"""axe-core on every page, every built lesson and every view of it, in both themes, on a laptop and on a phone.

All rules run on every page and on the first view of every lesson, light, at both sizes. What else there is differs from
that in part only, and is looked at in that part: another view in the lab, the dark theme in its colours, and another view
on a phone in what the width decides.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from core.lessons.catalogue import LESSONS
from core.lessons.lesson14_params import STEP, STEPS
from core.lessons.outline import PHASES
from core.pipeline.worked_examples import EXAMPLES
from tests.browser.conftest import settle
from tests.lessons.states import VOTES

axe_package = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed here")

PHONE, LAPTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
LAB, BENCH = ".st-key-lab", ".st-key-bench"
FAILING = ("critical", "serious", "moderate")
COLOUR_RULES = ("color-contrast", "link-in-text-block")
WIDTH_RULES = ("scrollable-region-focusable", "target-size", "avoid-inline-spacing", "css-orientation-lock")
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


def _faults(page, rules: tuple[str, ...] = (), part: str = ":root") -> set[str]:
    """What axe finds in a part of the page as it stands, one line an element. Without `rules`, all of them run."""
    page.evaluate("source => { window.axe || (0, eval)(source); }", _axe())
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    known = [[rule, selector] for rule, selector, _ in NOT_OURS]
    return {
        f"{rule['impact']} {rule['id']}: {node['html'][:160]} ({(node['any'] + node['all'] + node['none'])[0]['message']})"
        for rule in page.evaluate(_RUN, [options, part, known])
        if rule["impact"] in FAILING
        for node in rule["nodes"]
    }


def _at_both_sizes(page, theme: str, where: str, part: str = ":root") -> dict[str, str]:
    """Faults with the place where they were found."""
    colours = COLOUR_RULES if theme == "dark" else ()
    found = dict.fromkeys(_faults(page, colours, part), f"{where}, laptop")
    if part == ":root" or theme == "light":
        page.set_viewport_size(PHONE)
        settle(page)
        found |= dict.fromkeys(_faults(page, colours if part == ":root" else WIDTH_RULES, part), f"{where}, phone")
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


def _turn_dark(page) -> None:
    """The dark theme on the page as it stands, once its charts have taken it."""
    ink = "getComputedStyle(document.querySelector('.pg-plot text') ?? document.body).fill"
    before = page.evaluate(f"() => {ink}")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        f"before => {ink} !== before || !document.querySelector('.pg-plot text')", arg=before, timeout=20_000
    )
    settle(page)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_every_view_of_a_lesson(watched, server, lesson):
    path = f"/{PHASES[lesson.outline.phase - 1].page}?lesson={lesson.number}&votes={VOTES['few']}"
    players = "".join(f"&{param.key}=7" for param in lesson.params if param.widget == "player")
    page = watched.open(server + path + players)
    view = next(
        (
            param
            for param in lesson.params
            if param.key.endswith(("_view", "_lens")) and lesson.visible(param, lesson.defaults())
        ),
        None,
    )
    found = {}
    for theme in ("light", "dark"):
        if theme == "dark":
            _turn_dark(page)
        for number, (key, label) in enumerate(view.options if view else (("", ""),)):
            if view:
                _choose(page, view.key, label)
            where = f"{key or 'whole'}, {theme}"
            found |= _at_both_sizes(page, theme, where, LAB if number else ":root")
    assert not found, _say(found)


# Step of the workbench -> the rows of pills that open further views of it.
INNER = {
    "label": "pl_label_view",
    "checks": "pl_check",
    "size": "pl_size",
    "operations": "pl_operations",
    "export": "pl_preview",
}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_step_of_the_workbench_with_work_on_it(watched, server, theme):
    """Light on a laptop with all rules and every view of every step; dark on a phone in what colours and width decide."""
    light = theme == "light"
    size, rules = (LAPTOP, ()) if light else (PHONE, (*COLOUR_RULES, *WIDTH_RULES))
    page = watched.open(f"{server}/pipeline_sketch?lesson=14", color_scheme=theme, **size)
    found = {} if light else dict.fromkeys(_faults(page, rules, BENCH), "empty bench")
    page.click(f".st-key-pl_example_{EXAMPLES[0].key} button")
    page.wait_for_selector(".st-key-bench_status")
    settle(page)
    for number, (step, _) in enumerate(STEPS):
        _choose(page, STEP, page.locator(f".st-key-{STEP} [role=radio]").nth(number).inner_text().strip())
        page.wait_for_selector(f".st-key-bench_{step}")
        page.wait_for_selector('[data-testid="stMermaidChart"][aria-busy="true"]', state="detached")
        settle(page)
        found |= dict.fromkeys(_faults(page, rules, BENCH), step)
        inner = f".st-key-{INNER[step]} [role=radio]" if light and step in INNER else ""
        for view in page.locator(inner).all_inner_texts()[1:] if inner else ():
            _choose(page, INNER[step], view)
            found |= dict.fromkeys(_faults(page, rules, BENCH), f"{step}, {view}")
    assert not found, _say(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_opens_on_demand(watched, server, theme):
    """The panels below a lesson, the tools, and the overlay with keys and symbols: the same for every lesson."""
    page = watched.open(f"{server}/trace_one_example?lesson=8&l8_step=5", color_scheme=theme)
    rules = COLOUR_RULES if theme == "dark" else ()
    found = {}
    page.wait_for_selector(".st-key-l8_more [role=radio]")
    panels = page.locator(".st-key-l8_more [role=radio]").all_inner_texts()
    assert len(panels) >= 5
    for label in panels:
        _choose(page, "l8_more", label)
        found |= dict.fromkeys(_faults(page, rules, ".st-key-more"), label)
    page.click(".st-key-tool_more button")
    page.wait_for_selector(".st-key-tool_projector")
    found |= dict.fromkeys(_faults(page, rules, '[data-testid="stPopoverBody"]'), "tools")
    page.keyboard.press("Escape")
    page.click(".st-key-tool_keys button")
    page.wait_for_selector("[role=dialog] li")
    found |= dict.fromkeys(_faults(page, rules, "[role=dialog]"), "keys")
    assert not found, _say(found)


def test_axe_would_notice(watched, server):
    """The same call on a page that is made worse: a check that cannot fail checks nothing."""
    page = watched.open(server + "/")
    page.evaluate(
        "() => { const n = document.createElement('div'); n.innerHTML = '<button></button><p style=\"color:#aaa;"
        "background:#fff\">pale</p>'; document.querySelector('.pg-home').prepend(n); }"
    )
    assert {fault.split(":")[0] for fault in _faults(page)} >= {
        "critical button-name",
        "serious color-contrast",
    }
    assert any("color-contrast" in fault for fault in _faults(page, COLOUR_RULES))
