"""What all tests share: one torch thread, and no browser test that is skipped in silence."""

from __future__ import annotations

import os

import pytest
import torch

# Two threads on two shared cores are slower than one, and sums in another order are other numbers.
torch.set_num_threads(1)

# Set to 1 by .ci/run: there, a browser test that was skipped has failed.
REQUIRE_BROWSER = "REQUIRE_BROWSER"
# Set by .ci/run to a sentence if Chromium could not be installed; then skipping is allowed, and said.
CHROMIUM_PROBLEM = "CHROMIUM_PROBLEM"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and os.environ.get(REQUIRE_BROWSER) == "1" and item.get_closest_marker("browser"):
        report.outcome = "failed"
        report.longrepr = f"A browser test was skipped where a browser is required: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter):
    problem = os.environ.get(CHROMIUM_PROBLEM)
    if problem:
        terminalreporter.write_line(f"Browser tests were skipped: {problem}", yellow=True)
