"""Drives the whole app in one process, through app.py and its navigation, as a browser would open it."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from streamlit.testing.v1 import AppTest

from core.lessons.lesson import Lesson
from core.lessons.outline import OUTLINES, PHASES
from core.lessons.param import Value
from core.ui import live_run

APP = Path(__file__).parents[2] / "app.py"
TIMEOUT = 60
# Lesson 14 is a workbench: its lab is one of eight steps.
LAB_AT = {14: {"l14_step": "size"}}


def home(query: dict[str, str] | None = None) -> AppTest:
    """The home page, opened with these parameters."""
    at = AppTest.from_file(str(APP), default_timeout=TIMEOUT)
    for key, value in (query or {}).items():
        at.query_params[key] = value
    return at.run()


def page(name: str, query: dict[str, str] | None = None) -> AppTest:
    """A page, opened with these parameters as the first thing that this session does."""
    at = AppTest.from_file(str(APP), default_timeout=TIMEOUT)
    at.switch_page(f"pages/{name}.py")
    for entry in OUTLINES:
        at.session_state[f"l{entry.number}_rest"] = True  # "More settings" stands open
    for key, value in (query or {}).items():
        at.query_params[key] = value
    return at.run()


def open_lesson(lesson: Lesson, query: dict[str, str] | None = None) -> AppTest:
    """A lesson, opened by its link."""
    return page(PHASES[lesson.outline.phase - 1].page, {"lesson": str(lesson.number), **(query or {})})


def open_lab(lesson: Lesson, query: dict[str, str] | None = None) -> AppTest:
    """A lesson, opened where its lab is on screen."""
    return open_lesson(lesson, {**LAB_AT.get(lesson.number, {}), **(query or {})})


def check(at: AppTest) -> None:
    """No exception, no error box, and no number that is none anywhere in the texts."""
    assert not at.exception, [problem.message for problem in at.exception]
    assert not at.error, [problem.value for problem in at.error]
    # A part that failed is replaced by a sentence, so that a visitor sees no traceback; here it is a failure.
    assert not [warning.value for warning in at.warning if "could not be shown" in warning.value]
    for element in (*at.markdown, *at.caption, *at.latex):
        words = element.value.replace("\\", " ").replace("*", " ").replace("$", " ").split()
        assert not {"nan", "NaN", "inf", "None"} & set(words), element.value


def component(at: AppTest, key: str) -> dict[str, Any]:
    """What a browser component with this key was sent."""
    found = [element.proto for element in at.get("bidi_component") if element.proto.id.endswith(f"-{key}")]
    assert len(found) == 1, f"{len(found)} components end with {key}"
    proto = found[0]
    return json.loads(proto.mixed.json if proto.HasField("mixed") else proto.json)


def link(at: AppTest, lesson: Lesson) -> dict[str, str]:
    """The parameters that the page puts into the address."""
    return dict(parse_qsl(component(at, f"l{lesson.number}_link")["query"], keep_blank_values=True))


def widget(at: AppTest, key: str) -> Any:
    """The widget with this key, or None where the page does not draw it now."""
    kinds = ("slider", "select_slider", "selectbox", "toggle", "button_group", "button", "text_input", "radio")
    return next((w for kind in kinds for w in at.get(kind) if w.key == key), None)


def move(at: AppTest, key: str, value: Value) -> AppTest:
    """Set a widget as a learner would, and run."""
    found = widget(at, key)
    assert found is not None, f"{key} is not on the page"
    found.set_value(value)
    return at.run()


def captions(at: AppTest) -> str:
    """All captions as one text."""
    return " ".join(element.value for element in at.caption)


def press(at: AppTest, key: str) -> None:
    """Press a button and look at the page again."""
    widget(at, key).click()
    at.run()
    check(at)


def over(at: AppTest, seconds: float = 10.0) -> None:
    """Wait until every live run of this session is over, and look again."""
    done = threading.Event()
    for _ in range(200):
        if all(ticket.status().over for ticket in at.session_state[live_run.TICKETS].values()):
            break
        done.wait(seconds / 200)
    at.run()
    check(at)
