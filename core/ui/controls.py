"""Each `Param` as the Streamlit widget that fits it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import streamlit as st

from core.lessons.param import Param, Values


def control(param: Param, values: Values, *, disabled: bool = False, key: str = "", **extra: Any) -> None:
    """Draw the widget of one setting. Its value is in the session already, so no default is given here.

    `key` gives the widget a key of its own, for a setting that more than one page shows; `extra` goes to the widget.

    Raises ValueError for a kind that no standard widget shows.
    """
    if key:
        st.session_state[key] = st.session_state[param.key]
    common = {
        **extra,
        "label": param.label,
        "key": key or param.key,
        "help": param.help or None,
        "disabled": disabled,
        "label_visibility": "collapsed" if param.bare else "visible",
    }
    labels = dict(param.options)
    if param.marks:
        st.select_slider(options=[param.nearest(mark) for mark in param.marks], format_func=_mark, **common)
    elif param.kind == "float":
        st.slider(
            min_value=float(param.low or 0), max_value=float(param.high or 0), step=float(param.step or 0.1), **common
        )
    elif param.kind == "int" and param.limit_key:
        _limited(param, int(values[param.limit_key]), common)
    elif param.kind == "int":
        st.slider(min_value=int(param.low or 0), max_value=int(param.high or 0), step=int(param.step or 1), **common)
    elif param.kind == "bool":
        st.toggle(**common)
    elif param.kind == "choice" and (param.widget == "slot" or sum(len(label) for label in labels.values()) <= 28):
        st.segmented_control(
            options=list(labels),
            format_func=lambda key: labels[key],
            required=True,
            wrap=param.widget == "slot",
            **common,
        )
    elif param.suggestions:
        # What a link holds may be none of the suggestions, and is as good.
        now, offered = st.session_state[common["key"]], param.suggestions()
        st.selectbox(options=offered if now in offered else (now, *offered), **common)
    elif param.kind == "choice":
        st.selectbox(options=list(labels), format_func=lambda key: labels[key], **common)
    else:
        raise ValueError(f"{param.key} has no standard widget.")


def _limited(param: Param, limit: int, common: dict[str, Any]) -> None:
    """An "int" whose upper end is another setting; with only one value left there is nothing to slide."""
    low = int(param.low or 0)
    st.session_state[param.key] = min(int(st.session_state[param.key]), limit)
    if limit > low:
        st.slider(min_value=low, max_value=limit, step=1, **common)


def _mark(value: float) -> str:
    return f"{value:g}"


def controls(params: Iterable[Param], values: Values, hidden: frozenset[str] = frozenset()) -> None:
    """Draw the controls that are in use; those named in `hidden` are locked by whoever made the link."""
    for param in params:
        if param.in_use(values):
            control(param, values, disabled=param.key in hidden)
