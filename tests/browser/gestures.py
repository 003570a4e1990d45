"""What the tests do in the browser, and how they look at its bars."""

from __future__ import annotations

import re
from pathlib import Path

# The geometry of every bar and marker of all charts, one text per animation frame.
_WATCH = """
() => {
  const shape = () => [...document.querySelectorAll(
    '.pg-plot .barlayer .point path, .pg-plot .scatterlayer .point, .pg-plot .scatterlayer .js-line')].map(node => {
      const box = node.getBoundingClientRect();
      return [box.x, box.y, box.width, box.height].map(v => v.toFixed(1)).join(',');
  }).join(';');
  window.__seen = [shape()];
  window.__watch = (window.__watch || 0) + 1;
  const mine = window.__watch;
  const look = () => {
    if (mine !== window.__watch) return;
    const now = shape();
    if (now !== window.__seen[window.__seen.length - 1]) window.__seen.push(now);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
"""


def watch(page) -> None:
    """Begin to note every frame in which some bar stands elsewhere."""
    page.evaluate(_WATCH)


def frames(page, wait_ms: int = 900) -> int:
    """How many different pictures of the bars there were since `watch`, the first one not counted."""
    page.wait_for_timeout(wait_ms)
    return page.evaluate("() => window.__seen.length - 1")


def bars(page) -> str:
    """The geometry of all bars now."""
    return page.evaluate(
        "() => [...document.querySelectorAll('.pg-plot .barlayer .point path')].map(p => p.getAttribute('d')).join(';')"
    )


def step(page) -> int:
    """The step that the player shows."""
    # The very first visit of a server goes through app.py and back; the player may be mounted once more on the way.
    page.wait_for_function("() => /^\\d/.test(document.querySelector('.pg-count')?.textContent ?? '')")
    return int(re.match(r"\d+", page.locator(".pg-count").first.inner_text()).group())


def wait_for_step(page, number: int, timeout: int = 20_000) -> None:
    """Wait until the player shows a step."""
    page.wait_for_function(
        "n => parseInt(document.querySelector('.pg-count').textContent) === n", arg=number, timeout=timeout
    )


def slider(page, key: str):
    """The input of a Streamlit slider."""
    return page.locator(f".st-key-{key} input").first


def wait_for_text_change(page, selector: str, before: str) -> str:
    """Wait until a text is another one, and give it."""
    page.wait_for_function(
        "([s, t]) => { const n = document.querySelector(s); return n && n.innerText !== t; }", arg=[selector, before]
    )
    return page.locator(selector).first.inner_text()


def wait_for_link(page, part: str) -> str:
    """Wait until the address holds a text, and give the address."""
    page.wait_for_function("t => window.location.search.includes(t)", arg=part)
    return page.url


def download_zip(page, folder: Path) -> Path:
    """Press the workbench's download, and give the file."""
    with page.expect_download() as waiting:
        page.click(".st-key-pl_zip button")
    file = folder / "own.zip"
    waiting.value.save_as(file)
    return file
