"""Key press on a slider → first frame in which a bar differs, against a page with one slider and one 8-bar chart.

    python -m tests.bench.slider [--save] [--presses N] [--lessons 8,10]

Both servers run torch with a frozen heap, in the same run and in turns. Goals: median ≤ 1.5 times, 95th percentile ≤ 2
times the floor. Needs Chromium. Without --lessons: lesson 8 alone, at step 5 of an exact run.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from core.lessons.catalogue import LESSONS, lesson
from core.lessons.lesson import Lesson
from core.lessons.outline import PHASES
from tests.bench.baseline import percentile, report
from tests.browser.server import FLAGS, ROOT, chromium, serve
from tests.lessons.states import VOTES

FLOOR = Path(__file__).parent / "floor_app.py"
PRESSES = 40
WARM_UP = 6
GOALS = {"median": 1.5, "p95": 2.0}

# Time runs from the key event in the page to the first animation frame in which some bar or marker stands elsewhere.
ARM = """
(selector) => {
  const shape = () => [...document.querySelectorAll(selector)].map(n => n.getAttribute('d') || n.getAttribute('transform')).join(';');
  const before = shape();
  window.__took = null;
  document.addEventListener('keydown', () => {
    const start = performance.now();
    const look = () => {
      if (shape() !== before) { window.__took = performance.now() - start; return; }
      if (performance.now() - start > 4000) { window.__took = -1; return; }
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, { capture: true, once: true });
}
"""
POINTS = ".barlayer .point path, .scatterlayer .point, .scatterlayer .js-line"


def press(page: Page, key: str) -> float:
    """Milliseconds from one key press to the first changed frame; the page then comes to rest."""
    page.evaluate(ARM, POINTS)
    page.keyboard.press(key)
    page.wait_for_function("() => window.__took !== null", polling=50)
    took = float(page.evaluate("() => window.__took"))
    page.wait_for_timeout(650)
    if took < 0:
        raise SystemExit("A key press changed no bar within 4 s.")
    return took


def address_of(item: Lesson) -> str:
    """A link to the lesson in the middle of a run, in which every press of its first slider moves bars."""
    step = "".join(f"&{p.key}={p.nearest(5)}" for p in item.params if p.widget == "player")
    exact = "".join(f"&{p.key}=exact" for p in item.params if p.kind == "choice" and "exact" in dict(p.options))
    votes = f"&votes={VOTES['few']}" if "votes" in item.defaults() and item.number != 8 else ""
    return f"/{PHASES[item.outline.phase - 1].page}?lesson={item.number}{step}{exact}{votes}"


def first_slider(item: Lesson) -> str:
    """The key of the slider that is pressed: the KL coefficient in lesson 8, else the first one on the page, or ""."""
    keys = [p.key for p in item.params if p.widget == "control" and p.kind in ("float", "int") and not p.shown_if]
    return "l8_kl_coef" if item.number == 8 else next(iter(keys), "")


def measure(items: list[Lesson], presses: int) -> tuple[list[float], dict[int, list[float]]]:
    """Times of the floor and of each lesson, pressed in turns."""
    floor: list[float] = []
    times: dict[int, list[float]] = {item.number: [] for item in items}
    with contextlib.ExitStack() as stack:
        ours, theirs = stack.enter_context(serve()), stack.enter_context(serve(FLOOR, ROOT))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        pages: list[tuple[Page, str, list[float]]] = []
        floor_page = browser.new_page(viewport={"width": 1280, "height": 800})
        floor_page.goto(theirs)
        floor_page.wait_for_selector(".barlayer .point path")
        pages.append((floor_page, ".st-key-floor input", floor))
        for item in items:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(ours + address_of(item))
            page.wait_for_selector(".pg-lab[data-painted=yes]")
            pages.append((page, f".st-key-{first_slider(item)} input", times[item.number]))
        for page, _, _ in pages:
            page.wait_for_timeout(1500)
        for number in range(WARM_UP + presses):
            # There and back between two neighbouring values, so that no slider ever stands at its end.
            key = "ArrowRight" if number % 2 == 0 else "ArrowLeft"
            for page, selector, took in pages:
                page.bring_to_front()
                page.focus(selector)
                milliseconds = press(page, key)
                if number >= WARM_UP:
                    took.append(milliseconds)
        browser.close()
    return floor, times


def main() -> None:
    """Measure and print."""
    words = sys.argv[1:]
    presses = int(words[words.index("--presses") + 1]) if "--presses" in words else PRESSES
    asked = words[words.index("--lessons") + 1] if "--lessons" in words else "8"
    numbers = [item.number for item in LESSONS] if asked == "all" else [int(n) for n in asked.split(",")]
    items = [found for n in numbers if (found := lesson(n)) is not None and first_slider(found)]
    if chromium() is None:
        raise SystemExit("No Chromium is installed here.")
    floor, times = measure(items, presses)
    figures = {"floor_median_ms": statistics.median(floor), "floor_p95_ms": percentile(floor, 0.95)}
    goals = {}
    for number, took in times.items():
        name = f"lesson{number}"
        figures[f"{name}_median_ms"] = statistics.median(took)
        figures[f"{name}_p95_ms"] = percentile(took, 0.95)
        figures[f"{name}_median_ratio"] = statistics.median(took) / figures["floor_median_ms"]
        figures[f"{name}_p95_ratio"] = percentile(took, 0.95) / figures["floor_p95_ms"]
        goals |= {f"{name}_median_ratio": GOALS["median"], f"{name}_p95_ratio": GOALS["p95"]}
    report("slider", figures, goals, f"key press to first changed frame, {presses} presses each, in turns")


if __name__ == "__main__":
    main()
