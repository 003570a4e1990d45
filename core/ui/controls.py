"""Each `Param` as the Streamlit widget that fits it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import streamlit as st

from core.lessons.param import Param, Values


def control(param: Param, values: Values, *, disabled: bool = False, key: str = "", **extra: Any) -> None:
    """Draw the widget of one setting, whose value is in the session already.

    The value is the widget's default too: a widget that comes back after it was hidden is not always told the session's
    value, and would answer with its own default, which silently becomes the setting (a slider then stands at its lowest end).

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
    now = st.session_state[common["key"]]
    if param.marks:
        st.select_slider(options=[param.nearest(mark) for mark in param.marks], value=now, format_func=_mark, **common)
    elif param.kind == "float":
        low, high, step = float(param.low or 0), float(param.high or 0), float(param.step or 0.1)
        st.slider(min_value=low, max_value=high, step=step, value=float(now), **common)
    elif param.kind == "int" and param.limit_key:
        _limited(param, int(values[param.limit_key]), common)
    elif param.kind == "int":
        low, high, step = int(param.low or 0), int(param.high or 0), int(param.step or 1)
        st.slider(min_value=low, max_value=high, step=step, value=int(now), **common)
    elif param.kind == "bool":
        st.toggle(value=bool(now), **common)
    elif param.kind == "choice" and (param.widget == "slot" or sum(len(label) for label in labels.values()) <= 28):
        st.segmented_control(
            options=list(labels),
            default=now,
            format_func=lambda key: labels[key],
            required=True,
            wrap=param.widget == "slot",
            **common,
        )
    elif param.suggestions:
        # What a link holds may be none of the suggestions, and is as good.
        known = param.suggestions()
        offered = known if now in known else (now, *known)
        st.selectbox(options=offered, index=offered.index(now), **common)
    elif param.kind == "choice":
        st.selectbox(options=list(labels), index=list(labels).index(now), format_func=lambda key: labels[key], **common)
    else:
        raise ValueError(f"{param.key} has no standard widget.")


def _limited(param: Param, limit: int, common: dict[str, Any]) -> None:
    """An "int" whose upper end is another setting; with only one value left there is nothing to slide."""
    low = int(param.low or 0)
    if int(st.session_state[param.key]) > limit:
        st.session_state[param.key] = limit
    if limit > low:
        st.slider(min_value=low, max_value=limit, step=1, value=int(st.session_state[param.key]), **common)


def _mark(value: float) -> str:
    return f"{value:g}"


def controls(params: Iterable[Param], values: Values, hidden: frozenset[str] = frozenset()) -> None:
    """Draw the controls that are in use; those named in `hidden` are locked by whoever made the link."""
    for param in params:
        if param.in_use(values):
            control(param, values, disabled=param.key in hidden)
