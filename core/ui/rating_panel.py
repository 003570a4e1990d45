"""Lesson 4 by hand: rate six answers one at a time, then compare pairs of them, by mouse or key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from core.lessons.lesson import Lesson
from core.lessons.lesson04 import LESSON
from core.lessons.param import Values
from core.lessons.text import plain, plural
from core.statistics.by_hand import (
    ANSWERS,
    ENOUGH,
    PAIR_ORDER,
    RATING_ORDER,
    Hand,
    decode,
    encode,
    finished_by_rule,
)
from core.statistics.ratings import HIGHEST, LOWEST
from core.ui import presses, settings
from core.world.candidates import NORWAY

KEY = "l4_hand"
SHARES = {"l": 1.0, "t": 0.5, "r": 0.0}
UNDO = "u"
PRESSES = {str(points): (f"rate_{points}", str(points)) for points in range(LOWEST, HIGHEST + 1)} | {
    "l": ("rate_Left", "ArrowLeft"),
    "t": ("rate_T", "t"),
    "r": ("rate_Right", "ArrowRight"),
    UNDO: ("rate_undo", "u"),
}


def rating(lesson: Lesson, result: Any, values: Values) -> None:
    """Draw what comes next in the by-hand view: an answer to rate, a pair to compare, or the way on. Nothing in other views."""
    if result.view != "hand":
        return
    hand: Hand = result.hand
    with st.container(key="vote"):
        presses.listen("l4_presses", PRESSES, _pressed)
        {"rate": _rate, "compare": _compare, "done": _done}[hand.phase](result, hand)


def _pressed(letter: str) -> None:
    """One press, on the hand as it stands by now; what the present part does not ask for is ignored."""
    hand = decode(str(st.session_state[KEY]))
    if letter == UNDO:
        _put(_undone(hand))
    elif hand.phase == "rate" and letter.isdigit():
        _put(_rated(hand, int(letter)))
    elif hand.phase == "compare" and letter in SHARES:
        _put(_compared(hand, SHARES[letter]))


def _rated(hand: Hand, points: int) -> Hand:
    return replace(hand, ratings=(*hand.ratings, points))


def _compared(hand: Hand, share: float) -> Hand:
    return replace(hand, shares=(*hand.shares, share))


def _ways_on(result: Any, hand: Hand) -> None:
    """Undo, and what leads out of the present part."""
    st.button("Undo", key="rate_undo", shortcut="U", on_click=_put, args=(_undone(hand),), disabled=not hand.ratings)
    if hand.phase == "compare" and len(hand.shares) >= ENOUGH:
        st.button("Stop here: show me", key="rate_stop", on_click=_put, args=(replace(hand, stopped=True),))
    if hand.phase == "done":
        st.button("Start again", key="rate_again", on_click=_put, args=(Hand(),))
        st.button("Now with many raters", key="rate_onward", type="primary", on_click=_onward)
    else:
        st.button(
            "Let a simulated rater finish",
            key="rate_simulated",
            on_click=_finish,
            args=(result,),
            help="The first rater of the simulation, with its offset, scale and noise; the taste is chosen by hand.",
        )


def _rate(result: Any, hand: Hand) -> None:
    done = len(hand.ratings)
    st.markdown(f"**How good is this answer?** {plain(NORWAY.prompt)} · {done + 1} of {len(RATING_ORDER)}")
    with st.container(border=True, key="vote_left"):
        st.markdown(plain(ANSWERS[RATING_ORDER[done]].text))
    with st.container(horizontal=True, key="vote_buttons"):
        for points in range(LOWEST, HIGHEST + 1):
            label = {LOWEST: f"{points} poor", HIGHEST: f"{points} very good"}.get(points, str(points))
            st.button(label, key=f"rate_{points}", shortcut=str(points), on_click=_put, args=(_rated(hand, points),))
        _ways_on(result, hand)


def _compare(result: Any, hand: Hand) -> None:
    done = len(hand.shares)
    left, right = PAIR_ORDER[done]
    st.markdown(f"**Which answer is better?** {plain(NORWAY.prompt)} · pair {done + 1} of {len(PAIR_ORDER)}")
    for column, answer, side in zip(st.columns(2, gap="small"), (left, right), ("left", "right")):
        with column, st.container(border=True, key=f"vote_{side}"):
            st.markdown(plain(ANSWERS[answer].text))
    with st.container(horizontal=True, key="vote_buttons"):
        for label, key, letter in (
            ("Left is better", "Left", "l"),
            ("Tie", "T", "t"),
            ("Right is better", "Right", "r"),
        ):
            kind, given = "secondary" if letter == "t" else "primary", _compared(hand, SHARES[letter])
            st.button(label, key=f"rate_{key}", shortcut=key, on_click=_put, args=(given,), type=kind)
        _ways_on(result, hand)


def _done(result: Any, hand: Hand) -> None:
    st.markdown(
        f"**Done:** {plural(len(hand.ratings), 'rating')} and {plural(len(hand.shares), 'comparison')} of the same answers by the "
        "same person."
    )
    with st.container(horizontal=True, key="vote_buttons"):
        _ways_on(result, hand)


def _undone(hand: Hand) -> Hand:
    if hand.stopped:
        return replace(hand, stopped=False)
    return replace(hand, shares=hand.shares[:-1]) if hand.shares else replace(hand, ratings=hand.ratings[:-1])


def _put(hand: Hand) -> None:
    settings.put(KEY, encode(hand))


def _onward() -> None:
    """The budget view, with the row in the formula where it is by default: rows of one view mean nothing in another."""
    settings.put("l4_view", "budget")
    settings.put("l4_pick", LESSON.param("l4_pick").default)


def _finish(result: Any) -> None:
    settings.put(KEY, encode(finished_by_rule(decode(str(st.session_state[KEY])), result.setup)))
