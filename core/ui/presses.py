"""Buttons of which no press may be lost, however quickly they come: the browser counts, and reports one text that grows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from core.ui import components

Buttons = Mapping[str, tuple[str, str]]
"""One letter a button -> (the widget's key, the key on the keyboard as JavaScript names it)."""
HEARD = "_presses"
MOST = 400


def listen(key: str, buttons: Buttons, act: Callable[[str], None]) -> None:
    """Call `act(letter)` once for every press of one of these buttons, in their order, before the next run of the page.

    The buttons are ordinary ones with callbacks of their own; where the browser counts, it takes their presses over.
    """

    def report(_: str, text: object) -> None:
        for letter in fresh(key, str(text)):
            if letter in buttons:
                act(letter)

    components.presses(key, {letter: list(names) for letter, names in buttons.items()}, _heard().get(key, ""), report)


def fresh(key: str, text: str) -> str:
    """The letters of the browser's text that this session has not acted on; they count as acted on from now."""
    before, after = _heard().get(key, ""), text[:MOST]
    if before.startswith(after):
        return ""  # an older report that came late
    _heard()[key] = after
    # Another text before the colon: the page was opened anew and counts from nothing.
    return after[len(before) :] if before and after.startswith(before) else after.partition(":")[2]


def _heard() -> dict[str, str]:
    return st.session_state.setdefault(HEARD, {})
