"""One server and one browser for all tests of this folder; every page watches what it asks for and what it complains about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.server import FLAGS, chromium, serve

FAILURES = Path(__file__).parent / "failures"
PASSED = pytest.StashKey[bool]()
# What each page draws last: the keeper of the link, or the sentence that stands for a lesson that is not built.
LAST = '[class*="_link"], [data-testid="stAlert"]'


@pytest.hookimpl(tryfirst=True)  # before the test processes read the groups
def pytest_collection_modifyitems(items):
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))  # one server and one browser for all of them
            # Two cores also serve the app and paint: what fails is looked at once more, and the summary lists it (R).
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call":
        item.stash[PASSED] = report.passed
    return report


# Scope "package": the browser's event loop must be gone before tests of other folders run.
@pytest.fixture(scope="package")
def browser() -> Iterator:
    path = chromium()
    if path is None:
        pytest.skip("no Chromium is installed here")
    playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed here")
    with playwright_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="package")
def server(browser) -> Iterator[str]:
    with serve() as address:
        # The very first deep link of a server goes through app.py and back, and mounts what it drew once more.
        page = browser.new_page()
        page.goto(f"{address}/trace_one_example?lesson=8")
        page.wait_for_selector(LAST, state="attached", timeout=60_000)
        page.close()
        yield address


@pytest.fixture(scope="package")
def profile(browser) -> Iterator:
    """One profile for all pages: what the browser has compiled once opens in half the time. A tab is a visit of its own."""
    context = browser.new_context()
    yield context
    context.close()


class Watched:
    """Pages opened by one test, with what they asked for and complained about."""

    def __init__(self, profile) -> None:
        self.profile = profile
        self.pages: list = []
        self.complaints: list[str] = []
        self.sent: list = []  # messages to the server

    def open(self, address: str, *, width: int = 1280, height: int = 800, wait: str = ".stApp h1", **media):
        """A new visitor at `address`, once the page has finished and every chart is painted. `media`: color_scheme and the like."""
        page = self.profile.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(**{"color_scheme": "light", **media})
        page.set_default_timeout(20_000)
        self.pages.append(page)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._complain(f"script: {error}"))
        page.on("requestfailed", lambda r: self._failed(r))
        page.on("request", lambda r: self._asked(r.url))
        page.on("websocket", lambda socket: socket.on("framesent", lambda payload: self.sent.append(payload)))
        page.goto(address)
        page.wait_for_selector(wait)
        page.wait_for_selector(LAST, state="attached")
        settle(page)
        return page

    def _said(self, message) -> None:
        # On a deep link Streamlit looks for its server below the page's path first, and then at the root.
        if message.type == "error" and "/_stcore/" not in message.location.get("url", ""):
            self._complain(f"console: {message.text} {message.location.get('url', '')}")

    def _complain(self, what: str) -> None:
        self.complaints.append(what)

    def _asked(self, url: str) -> None:
        if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).hostname not in ("localhost", "127.0.0.1"):
            self._complain(f"a request left this machine: {url}")

    def _failed(self, request) -> None:
        # A page that is closed or left breaks off its own requests.
        if "ERR_ABORTED" not in (request.failure or ""):
            self._complain(f"failed: {request.url} {request.failure}")


def settle(page) -> None:
    """Wait until the script has finished and every chart on the page is painted."""
    page.wait_for_selector('.stApp[data-test-script-state="notRunning"]')
    page.wait_for_function(
        "() => [...document.querySelectorAll('.pg-lab')].every(lab => lab.dataset.painted === 'yes')", timeout=20_000
    )


@pytest.fixture
def watched(profile, request) -> Iterator[Watched]:
    """Opens pages; when the test is over, nothing may have been asked from elsewhere and nothing complained about."""
    pages = Watched(profile)
    yield pages
    good = request.node.stash.get(PASSED, False) and not pages.complaints
    if not good:
        FAILURES.mkdir(exist_ok=True)
        for number, page in enumerate(pages.pages):
            page.screenshot(path=FAILURES / f"{request.node.name[:80].replace('/', '_')}-{number}.png")
    for page in pages.pages:
        page.close()
    assert not pages.complaints, pages.complaints
