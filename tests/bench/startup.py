"""Start of the server → first content, and → the first Step shown, against an empty Streamlit app.

    python -m tests.bench.startup [--save] [--runs N]

Each run starts a fresh server and a fresh browser page; both apps in turns.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.bench.baseline import report
from tests.browser.server import FLAGS, ROOT, chromium, serve

EMPTY = Path(__file__).parent / "empty_app.py"
RUNS = 5


def start(browser: Browser, script: Path, path: str, wants: tuple[str, ...]) -> list[float]:
    """Seconds from starting the server until each of the things that are waited for is on the page."""
    began = time.perf_counter()
    marks = []
    with serve(script, ROOT) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(address + path)
        for want in wants:
            if want == "step":
                page.wait_for_selector(".pg-lab[data-painted=yes]", timeout=60_000)
                page.click('[data-do="step"]')
                page.wait_for_function("() => document.querySelector('.pg-count').textContent.startsWith('1 ')")
            else:
                page.wait_for_selector(want, timeout=60_000)
            marks.append(time.perf_counter() - began)
        page.close()
    return marks


def main() -> None:
    """Measure and print."""
    words = sys.argv[1:]
    runs = int(words[words.index("--runs") + 1]) if "--runs" in words else RUNS
    rows: dict[str, list[list[float]]] = {"empty": [], "home": [], "lesson8": []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        for _ in range(runs):
            rows["empty"].append(start(browser, EMPTY, "/", (".stApp h1",)))
            rows["home"].append(start(browser, ROOT / "app.py", "/", (".stApp h1",)))
            link = "/trace_one_example?lesson=8"
            rows["lesson8"].append(start(browser, ROOT / "app.py", link, (".stApp h1", "step")))
        browser.close()
    middle = {name: [statistics.median(column) for column in zip(*marks, strict=True)] for name, marks in rows.items()}
    empty = middle["empty"][0]
    figures = {
        "empty_first_content_s": empty,
        "home_first_content_s": middle["home"][0],
        "lesson8_first_content_s": middle["lesson8"][0],
        "lesson8_first_step_s": middle["lesson8"][1],
        "home_first_content_ratio": middle["home"][0] / empty,
        "lesson8_first_step_ratio": middle["lesson8"][1] / empty,
    }
    report("startup", figures, {}, f"median of {runs} starts of a fresh server each, in turns")


if __name__ == "__main__":
    main()
