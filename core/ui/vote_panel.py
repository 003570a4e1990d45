"""The voting pair: two answers side by side, four choices and undo, by mouse or key."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from core.lessons.lesson import Lesson
from core.lessons.param import Values
from core.lessons.text import plain, plural
from core.ui import presses, settings
from core.world.votes import MAX_EVENTS, Vote, decode, encode, pair_shown

SIMULATED = 5
SHARES: dict[str, float | None] = {"l": 1.0, "t": 0.5, "r": 0.0, "s": None}
UNDO = "u"
PRESSES = {
    "l": ("vote_Left", "ArrowLeft"),
    "t": ("vote_T", "t"),
    "r": ("vote_Right", "ArrowRight"),
    "s": ("vote_S", "s"),
    UNDO: ("vote_undo", "u"),
}


def voting(lesson: Lesson, result: Any, values: Values) -> None:
    """Draw the pair that is asked about, for a lesson whose result has `shown`, `events` and `candidates`."""
    left, right = result.shown
    answers = result.candidates.candidates
    full = len(result.events) >= MAX_EVENTS
    with st.container(key="vote"):
        presses.listen("l6_presses", PRESSES, partial(_pressed, len(answers)))
        st.markdown(f"**Which answer is better?** {plain(result.candidates.prompt)}")
        for column, index, side in zip(st.columns(2, gap="small"), (left, right), ("left", "right")):
            with column, st.container(border=True, key=f"vote_{side}"):
                st.markdown(plain(answers[index].text))
        with st.container(horizontal=True, key="vote_buttons"):
            _button("Left is better", "Left", Vote(left, right, 1.0), full, primary=True)
            _button("Tie", "T", Vote(left, right, 0.5), full)
            _button("Right is better", "Right", Vote(left, right, 0.0), full, primary=True)
            _button("Skip", "S", Vote(left, right, None), full)
            st.button("Undo", key="vote_undo", shortcut="U", on_click=_undo, disabled=not result.events)
            st.button(
                f"Let the simulated voter add {SIMULATED}",
                key="vote_simulated",
                on_click=_simulate,
                args=(result,),
                disabled=len(result.events) + SIMULATED > MAX_EVENTS,
                help="A voter by rule: likes the key word, warmth and short answers. Set its noise and bias on the left.",
            )
            if result.fit.n_votes:
                _onward(result.fit.n_votes)
        if full:
            st.caption(f"The link holds {MAX_EVENTS} votes, and it is full. Undo some, or go on with these.")
        elif not result.events:
            st.caption("Keys: ← left, → right, T tie, S skip, U undo. Five votes are enough to begin.")


def _onward(n_votes: int) -> None:
    """The way on: the scores that these votes gave become the reward of lesson 8."""
    if st.button(f"Use {plural(n_votes, 'vote')} in lesson 8", key="vote_onward", type="tertiary"):
        settings.put("l8_scores", "votes")
        settings.open_lesson(8)


def _button(label: str, key: str, vote: Vote, disabled: bool, primary: bool = False) -> None:
    st.button(
        label,
        key=f"vote_{key}",
        shortcut=key,
        on_click=_add,
        args=(vote,),
        disabled=disabled,
        type="primary" if primary else "secondary",
    )


def _add(vote: Vote) -> None:
    events = decode(str(st.session_state["votes"]))
    settings.put("votes", encode((*events, vote)))


def _pressed(n_responses: int, letter: str) -> None:
    """One press, on the pair that is asked about after all votes so far."""
    events = decode(str(st.session_state["votes"]))
    if letter == UNDO:
        _undo()
    elif len(events) < MAX_EVENTS:
        left, right = pair_shown(len(events), int(st.session_state["l6_seed"]), n_responses)
        _add(Vote(left, right, SHARES[letter]))


def _simulate(result: Any) -> None:
    """Votes by rule, added behind the learner's own; the next votes differ because the count is part of the seed."""
    events = decode(str(st.session_state["votes"]))
    n, seed = len(result.candidates.candidates), int(st.session_state["l6_seed"])
    rng = np.random.default_rng((seed, len(events)))
    added = tuple(
        result.voter.vote(result.candidates, pair_shown(len(events) + k, seed, n), rng) for k in range(SIMULATED)
    )
    settings.put("votes", encode((*events, *added)))


def _undo() -> None:
    events = decode(str(st.session_state["votes"]))
    settings.put("votes", encode(events[:-1]))
