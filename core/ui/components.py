"""The browser components: the chart with its player, and the table whose rows can be chosen."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import plotly
import streamlit as st

from core.figures.chart import BADGE_HELP, Chart
from core.figures.palette import colours
from core.lessons.lesson import Table

BROWSER = Path(__file__).parent / "browser"
STATIC = Path(__file__).parents[2] / "static"

Report = Callable[[str, Any], None]


def provide_plotly() -> None:
    """Put the plotly.js of the installed package where Streamlit serves it; the browser then fetches nothing from the web."""
    source = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    target = STATIC / "plotly.min.js"
    if not target.exists() or target.stat().st_size != source.stat().st_size:
        STATIC.mkdir(exist_ok=True)
        shutil.copyfile(source, target)


@lru_cache(maxsize=16)
def _read(name: str) -> str:
    return (BROWSER / name).read_text(encoding="utf-8")


def _renderer(name: str, html: str, js: str) -> Any:
    # Registered anew in every session's first run: the registry belongs to the server, the call is cheap.
    return st.components.v2.component(name, html=html, js=js, isolate_styles=False)


def _chart_component() -> Any:
    script = (_read("chart_tools.js") + _read("chart.js")).replace(
        "__COLOURS__", json.dumps({theme: colours(theme) for theme in ("light", "dark")})
    )
    return _renderer("playground_chart", _read("chart.html"), script)


def _table_component() -> Any:
    return _renderer("playground_table", '<div class="pg-table"></div>', _read("table.js"))


@st.cache_resource(show_spinner=False, max_entries=1)
def _components() -> dict[str, Any]:
    return {
        "chart": _chart_component(),
        "table": _table_component(),
        "link": _renderer("playground_link", "<span></span>", _read("link.js")),
        "leave": _renderer("playground_leave", "<span></span>", _read("leave.js")),
        "reach": _renderer("playground_reach", "<span></span>", _read("reach.js")),
        "copy": _renderer("playground_copy", _read("copy.html"), _read("copy.js")),
        "presses": _renderer("playground_presses", "<span></span>", _read("presses.js")),
    }


def chart(shown: Chart, *, token: int, ended: bool, report: Report | None) -> None:
    """Draw a chart. What the browser reports ("step", "picked", "ahead") goes to `report(name, value)` before the next run.

    Without `report` the browser keeps its step to itself, and no run of the page comes of it.
    `token` changes only when the server itself sets the step; otherwise the browser's own step stands.
    """
    data = {
        "key": shown.key,
        "title": shown.title,
        "badge": shown.badge,
        "badge_help": BADGE_HELP[shown.badge],
        "illustrations": shown.illustrations,
        "recordings": shown.recordings,
        "figure": shown.figure,
        "frames": shown.frames,
        "compact": shown.compact,
        "wide_only": shown.wide_only,
        "pick_trace": shown.pick_trace,
        "text": shown.text,
        "step": shown.step,
        "horizon": shown.horizon,
        "height": shown.height,
        "primary": shown.primary,
        "play_ms": shown.play_ms,
        "autoplay": shown.autoplay,
        "spoken": shown.spoken,
        "token": token,
        "ended": ended,
        "quiet": report is None,
    }
    _mount("chart", shown.key, data, ("step", "picked", "ahead") if report else (), report)


def table(key: str, shown: Table, *, pickable: bool, report: Report) -> None:
    """Draw a table of texts; a chosen row goes to `report("picked", row)`."""
    data = {
        "columns": shown.columns,
        "rows": shown.rows,
        "lit": shown.lit,
        "accent": shown.accent,
        "notes": shown.notes,
        "pickable": pickable,
    }
    _mount("table", key, data, ("picked",), report)


def presses(key: str, buttons: dict[str, list[str]], heard: str, report: Report) -> None:
    """Count the presses of buttons in the browser; their growing text goes to `report("pressed", text)`. Draws nothing."""
    _mount("presses", key, {"buttons": buttons, "heard": heard}, ("pressed",), report, height=1)


def _mount(
    component: str, key: str, data: dict[str, Any], names: tuple[str, ...], report: Report | None, **layout: int
) -> None:
    def hear(name: str) -> Callable[[], None]:
        def heard() -> None:
            value = st.session_state[key].get(name)
            if value is not None and report is not None:
                report(name, value)

        return heard

    callbacks = {f"on_{name}_change": hear(name) for name in names}
    _components()[component](key=key, data=data, **callbacks, **layout)


def copy_link() -> None:
    """A button that copies the page's address, which holds everything on screen."""
    _components()["copy"](key="tool_copy", data={}, width="content")


def leave_field(key: str, field: str, count: int) -> None:
    """Let the cursor leave a field whenever `count` is another one, so that the next key is a shortcut and no text."""
    _components()["leave"](key=key, data={"field": f".st-key-{field}", "count": count}, height=1)


def reachable(box: str) -> None:
    """Let the keyboard scroll the container with this key; called inside it, because text alone takes no focus."""
    _components()["reach"](key=f"{box}_reach", data={"box": f".st-key-{box}"}, height=1)


def keep_link(key: str, query: str) -> None:
    """Make the browser's address hold exactly `query`, without a new run."""
    _components()["link"](key=key, data={"query": query}, height=1)
