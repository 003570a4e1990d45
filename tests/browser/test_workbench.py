"""The workbench in a real browser: an own prompt, labels by keyboard alone, the zip on the disk, and it opens again."""

from __future__ import annotations

from core.pipeline.archives import import_zip
from tests.browser.conftest import settle
from tests.browser.gestures import download_zip

TEXTS = ("Restart it.", "<b>Hold</b> the $button$.", "لا أعرف")


def test_labels_by_keyboard_and_the_zip_on_the_disk(watched, server, tmp_path):
    page = watched.open(f"{server}/pipeline_sketch?lesson=14")
    page.fill(".st-key-pl_own_prompt textarea", "My router is slow.")
    page.press(".st-key-pl_own_prompt textarea", "Control+Enter")
    page.get_by_role("button", name="Start with this prompt").click()
    fresh = page.get_by_label("New response")
    fresh.fill("\n---\n".join(TEXTS))
    fresh.press("Control+Enter")
    page.wait_for_function("() => document.querySelectorAll('.st-key-pl_responses textarea').length === 4")
    page.locator(".st-key-l14_step button", has_text="Label").click()
    page.wait_for_selector(".st-key-pl_pair")
    settle(page)
    shown = page.locator(".st-key-pl_pair").inner_text()
    assert sum(text in shown for text in TEXTS) == 2, "a response is not shown letter by letter"
    words = page.locator('.st-key-pl_pair [data-testid="stText"] span').first
    assert words.evaluate("n => getComputedStyle(n).unicodeBidi + getComputedStyle(n).textAlign") == "plaintextstart"
    lowest = page.locator(".st-key-pl_verdicts").bounding_box()
    assert lowest["y"] + lowest["height"] <= 800
    for number, key in enumerate(("1", "ArrowRight", "t"), start=1):
        page.keyboard.press(key)
        page.wait_for_selector(f".st-key-l14_step >> text={number}/3")
        settle(page)
    page.keyboard.press("u")
    page.wait_for_selector(".st-key-l14_step >> text=2/3")
    settle(page)
    page.keyboard.press("x")
    page.wait_for_selector(".st-key-l14_step >> text=3/3")
    page.locator(".st-key-l14_step button", has_text="Export").click()
    page.wait_for_selector(".st-key-pl_zip button")
    settle(page)
    file = download_zip(page, tmp_path)
    project = import_zip(file.read_bytes(), file.name)
    assert [one.text for one in project.prompts[0].candidates] == list(TEXTS)
    assert [(label.verdict, label.strength) for label in project.labels] == [("A", 4), ("B", None), ("both_bad", None)]
    assert "step=export" in page.url
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
