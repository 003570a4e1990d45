"""Lesson 9's first task: the pieces of the relay as buttons, to be put in order by mouse or key, then marked."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.lessons.lesson import Lesson
from core.lessons.lesson09_flow import PIECES, POOL, piece
from core.lessons.lesson09_words import fault_sentence
from core.lessons.param import Values
from core.ui import settings

KEY, VIEW = "l9_order", "l9_view"


def ordering(lesson: Lesson, result: Any, values: Values) -> None:
    """Draw the task in the view of the order; nothing in the others."""
    if result.view != "order":
        return
    with st.container(key="vote"):
        st.markdown("**Which piece comes next?** A piece can only take what pieces before it have made.")
        with st.container(horizontal=True, key="vote_buttons"):
            for number, code in enumerate(POOL, start=1):
                st.button(
                    piece(code).name,
                    key=f"l9_piece_{code}",
                    shortcut=str(number),
                    on_click=_place,
                    args=(result.order + code,),
                    disabled=code in result.order,
                    help=piece(code).does,
                )
            st.button(
                "Undo",
                key="l9_undo",
                shortcut="U",
                on_click=_place,
                args=(result.order[:-1],),
                disabled=not result.order,
            )
            if result.order:
                st.button("Start again", key="l9_again", on_click=_place, args=("",))
            done = result.complete and not result.faults
            st.button(
                "The diagram with your numbers" if done else "Show me",
                key="l9_show",
                type="primary" if done else "tertiary",
                on_click=_show,
            )
        if not result.complete:
            st.caption(
                f"Keys: 1 to {len(PIECES)} place a piece, U takes the last one back. More than one order can be right."
            )
            return
        first_of_each = {fault.piece.key: fault for fault in reversed(result.faults)}.values()
        for fault in tuple(reversed(first_of_each))[:2]:
            st.markdown(f":orange[:material/close:] {fault_sentence(fault)} In the code: `{fault.line}`")
        if done:
            st.markdown(":green[:material/check:] Every piece stands behind what it takes.")


def _place(order: str) -> None:
    settings.put(KEY, order)


def _show() -> None:
    settings.put(VIEW, "diagram")
