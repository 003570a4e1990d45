"""The workbench as a new user meets it: from the empty page to the zip by the screen alone; and work that survives a reload."""

from __future__ import annotations

import zipfile

from core.pipeline.archives import import_zip
from tests.browser.conftest import settle
from tests.browser.gestures import download_zip

PAGE = "/pipeline_sketch?lesson=14"
RESPONSES = (
    "Unplug the router, wait ten seconds, plug it in again.",
    "That is your provider's fault.",
    "Is one device slow, or all? If all: restart the router, then measure at a cable.",
    "Have you tried a new router? We sell one for 99 €.",
    "Slow internet has many causes.",
)
KEYS = ("1", "2", "t", "5", "6", "7", "8", "x", "ArrowLeft", "ArrowRight")


def onward(page, name):
    """Press "Next", and wait for the step that it opens."""
    page.get_by_role("button", name=f"Next: {name}").click()
    page.wait_for_selector(f".st-key-l14_step [role=radio][aria-checked=true] >> text={name}")
    settle(page)


def start(page, responses=RESPONSES):
    """An own prompt, typed, and pasted responses."""
    page.click(".st-key-pl_own_prompt textarea")
    page.keyboard.type("My internet has been slow since yesterday. What should I do?")
    page.get_by_role("button", name="Start with this prompt").click()
    fresh = page.get_by_label("New response")
    fresh.fill("\n---\n".join(responses))
    fresh.press("Control+Enter")
    count = len(responses) + 1
    page.wait_for_function("n => document.querySelectorAll('.st-key-pl_responses textarea').length === n", arg=count)
    settle(page)


def judge(page, keys, after):
    """Press one key a pair, and wait each time until the number of labels stands in the status."""
    for number, key in enumerate(keys, start=after + 1):
        page.keyboard.press(key)
        page.wait_for_selector(f".st-key-bench_status >> text=/ {number} labels? by/")
        settle(page)


def test_from_an_empty_page_to_the_zip_and_on_with_it(watched, server, tmp_path):
    page = watched.open(server + PAGE)
    start(page)
    shown = page.locator(".st-key-pl_responses textarea").evaluate_all("all => all.map(one => one.value)")
    assert shown == [*RESPONSES, ""], "a reader and the Tab key do not go from a to b to c"
    onward(page, "Rubric")
    page.get_by_label("Criteria, the weightiest first").press("Control+Home")
    page.keyboard.type("solves: Does it bring the customer nearer to a fast line?\n")
    page.keyboard.press("Control+Enter")
    settle(page)
    onward(page, "Label")
    page.wait_for_selector(".st-key-pl_rubric_side >> text=nearer to a fast line")
    judge(page, KEYS, 0)
    page.wait_for_selector("text=Nothing is left for labeller 1")
    name = page.locator(".st-key-pl_labeller input")
    name.click()
    page.keyboard.type("Bea")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=0 judged, 10 open")
    page.wait_for_function("() => !document.activeElement.closest('.st-key-pl_labeller')")
    judge(page, ("2",), len(KEYS))  # no click and no Tab between the name and the key
    page.get_by_label("Reason").fill("It asks first.")
    page.keyboard.press("Tab")
    judge(page, ("5",), len(KEYS) + 1)
    onward(page, "Checks")
    page.wait_for_selector(".st-key-pl_findings >> text=Two labels of the same pair agree")
    onward(page, "Size it")
    page.wait_for_selector('[data-testid="stProgress"]', state="detached")  # the simulation at their own numbers
    seen = page.locator(".st-key-lab .st-key-saw")
    assert page.evaluate("box => box.getBoundingClientRect().bottom", seen.element_handle()) <= 800
    for step in ("Operations", "Effect", "Export"):
        onward(page, step)
    file = download_zip(page, tmp_path)
    project = import_zip(file.read_bytes(), file.name)
    assert [one.text for one in project.prompts[0].candidates] == list(RESPONSES)
    assert [label.verdict for label in project.labels[:10]] == [
        "A",
        "A",
        "tie",
        "B",
        "B",
        "B",
        "B",
        "both_bad",
        "A",
        "B",
    ]
    assert [(label.labeller, label.reason) for label in project.labels[10:]] == [("Bea", ""), ("Bea", "It asks first.")]
    with zipfile.ZipFile(file) as archive:
        text = archive.read("pipeline.md").decode()
    assert "So far 12 labels by 2 labellers on 10 of 10 pairs" in text
    again = watched.open(server + PAGE)
    again.set_input_files('[data-testid="stFileUploaderDropzoneInput"]', file)
    again.wait_for_selector(".st-key-bench_status >> text=12 labels by 2 labellers")
    again.locator(".st-key-l14_step button", has_text="Label").click()
    again.wait_for_selector("text=2 judged, 8 open")
    settle(again)
    judge(again, ("3",), 12)


def test_a_reload_and_another_page_in_the_middle_of_labelling_lose_nothing(watched, server):
    page = watched.open(server + PAGE)
    start(page, RESPONSES[:4])
    page.locator(".st-key-l14_step button", has_text="Label").click()
    page.wait_for_selector(".st-key-pl_pair")
    settle(page)
    judge(page, ("1", "t", "8"), 0)
    pair = page.locator(".st-key-pl_left").inner_text()
    page.wait_for_selector("text=Saved on this computer")
    page.get_by_role("link", name="Home").first.click()
    page.wait_for_selector(".pg-home")
    page.go_back()
    page.wait_for_selector(".st-key-pl_pair")
    settle(page)
    assert page.locator(".st-key-pl_left").inner_text() == pair
    assert "3 labels by 1 labeller" in page.locator(".st-key-bench_status").inner_text()
    page.reload()
    page.wait_for_selector(".st-key-pl_saved_0 button >> text=3 labels")
    settle(page)
    page.click(".st-key-pl_saved_0 button")
    page.wait_for_selector(".st-key-pl_pair")
    settle(page)
    assert page.locator(".st-key-pl_left").inner_text() == pair, "another pair, or another side, after the reload"
    judge(page, ("5", "6"), 3)
