"""Bars with a pattern glide like the others, and end where their numbers say (Plotly's own transition throws at them)."""

from __future__ import annotations

import pytest

from tests.browser.conftest import settle
from tests.browser.gestures import frames, slider, watch

# For every bar of lesson 1's chart: how many pixels it is from the length that its number asks for.
_OFF = """
() => {
  const plot = document.querySelector('.st-key-lab .pg-plot');
  const { _length, range } = plot._fullLayout.xaxis;
  return [...plot.querySelectorAll('.barlayer .point path')].map((path, i) =>
    Math.abs(path.getBBox().width - _length * plot.data[0].x[i] / (range[1] - range[0])));
}
"""


@pytest.mark.parametrize("view", ["behaviours", "next", "knows"])
def test_bars_with_a_pattern_glide_and_end_where_their_numbers_say(watched, server, view):
    page = watched.open(f"{server}/why_pretrained_models_fail?lesson=1&l1_view={view}", wait=".st-key-lab .pg-plot svg")
    temperature = slider(page, "l1_temperature")
    temperature.focus()
    before = page.evaluate("() => document.querySelector('.st-key-lab .pg-plot').data[0].x.join()")
    watch(page)
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "before => document.querySelector('.st-key-lab .pg-plot').data[0].x.join() !== before", arg=before
    )
    assert frames(page, 1500) >= 4
    settle(page)
    page.wait_for_function(f"() => Math.max(...({_OFF})()) < 2")
