"""The relay in a real browser: every bar that the baton has reached is there after each step, and nothing fails on the way."""

from __future__ import annotations

import pytest

from core.lessons.catalogue import lesson
from tests.browser.conftest import settle
from tests.browser.gestures import wait_for_step

pytestmark = pytest.mark.skipif(lesson(3) is None, reason="lesson 3 is not in the catalogue")
TALL = "() => [...document.querySelectorAll('.pg-plot .bars .point path')].filter(e => e.getBBox().height > 0.5).length"


@pytest.mark.parametrize("view", ["gold", "behaviour"])
def test_bars_appear_with_the_baton(watched, server, view):
    item = lesson(3)
    page = watched.open(f"{server}/why_pretrained_models_fail?lesson=3&l3_view={view}")
    settle(page)
    for position in range(1, 5):
        page.locator(".pg-step").click()
        wait_for_step(page, position)
        settle(page)
        state = {**item.defaults(), "l3_view": view, "l3_step": position}
        (chart,) = item.figures(item.compute(state))
        wanted = sum(bool(y) for trace in chart.figure["data"] if trace["type"] == "bar" for y in trace["y"])
        page.wait_for_timeout(700)
        assert page.evaluate(TALL) == wanted
