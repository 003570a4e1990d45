"""The shell around every page: process set-up, navigation with its deep-link guard, header, progress, link and reset."""

from __future__ import annotations

import gc
from pathlib import Path
from types import ModuleType

import streamlit as st

from core.figures.palette import colours
from core.lessons.outline import OUTLINES, PHASES, Outline, Phase, in_phase, outline
from core.ui import components, progress, room
from core.ui.safely import safely

SHELL = "_shell"
GOAL = "_goal"
CSS = (Path(__file__).parent / "browser" / "style.css").read_text(encoding="utf-8")
PROJECTOR_CSS = (Path(__file__).parent / "browser" / "projector.css").read_text(encoding="utf-8")


@st.cache_resource(show_spinner=False, max_entries=1)
def prepare_process() -> bool:
    """Once a process: one torch thread (more of them fight over two cores) and a frozen heap after all imports.

    Streamlit collects garbage after every run; with torch imported that walks every object of the libraries, about 90 ms.
    """
    components.provide_plotly()
    import torch

    # Imported here so that everything heavy is loaded before the freeze.
    from core.lessons.catalogue import LESSONS
    from core.ui import benches, home, lesson_frame, panels, tools  # noqa: F401

    torch.set_num_threads(1)
    # The first gradient of a process imports some five hundred modules more.
    one = torch.ones(1, requires_grad=True)
    torch.autograd.grad(one.sum(), one)
    gc.collect()
    gc.freeze()
    return bool(LESSONS)


def run() -> None:
    """The whole app: what app.py calls."""
    st.set_page_config(page_title="RLHF Playground", page_icon="🎚️", layout="wide", initial_sidebar_state="collapsed")
    st.session_state[SHELL] = True
    pages = [st.Page("pages/home.py", title="Home", default=True)]
    pages += [st.Page(f"pages/{phase.page}.py", title=f"{phase.number} · {phase.short}") for phase in PHASES]
    page = st.navigation(pages, position="top")
    goal = st.session_state.pop(GOAL, None)
    if goal:
        st.switch_page(goal[0], query_params=goal[1])
    st.html(f"<style>{_variables()}{CSS}{PROJECTOR_CSS if room.projector() else ''}</style>")
    prepare_process()
    with safely("This page"):
        page.run()


def _variables() -> str:
    """The palette as CSS variables for both themes: the browser may change its theme without a new run.

    Streamlit says which one it shows by the app's `color-scheme`; what lies outside the app takes the one of this run.
    """
    light, dark = colours("light"), colours("dark")
    both = "".join(f"--pg-{name}:light-dark({light[name]},{dark[name]});" for name in light)
    return f":root{{color-scheme:{room.theme()};{both}}}"


def guard(page: str) -> bool:
    """Whether a page may go on. A page that was opened by a deep link runs without the shell: it then goes through app.py.

    Streamlit runs `pages/x.py` by itself for a deep link until some session has run the navigation; the path and the
    parameters are kept and handed back once the shell stands.
    """
    if st.session_state.pop(SHELL, False):
        return True
    st.session_state[GOAL] = (f"pages/{page}.py", {key: st.query_params.get_all(key) for key in st.query_params})
    st.switch_page("app.py")
    return False


def phase_page(number: int) -> None:
    """One phase: its lessons to choose from, and the open one."""
    phase = PHASES[number - 1]
    entry = _choose(phase)
    _header(phase, entry)
    lesson = next((item for item in _lessons().LESSONS if item.number == entry.number), None)
    if lesson is None:
        st.info(f"Lesson {entry.number} is not built yet. It will let you {entry.promise}")
        return
    from core.ui import benches, lesson_frame, panels

    number = entry.number
    lesson_frame.show(lesson, panels.PANELS.get(number), panels.OFFERS.get(number), benches.BENCHES.get(number))


def _lessons() -> ModuleType:
    from core.lessons import catalogue

    return catalogue


def _choose(phase: Phase) -> Outline:
    """The lesson chosen on this page; `?lesson=8` opens one."""
    numbers = [entry.number for entry in in_phase(phase.number)]
    built = {lesson.number for lesson in _lessons().LESSONS}
    key = f"lesson_{phase.number}"
    goto = st.session_state.pop(f"_goto_{phase.number}", None)
    if goto in numbers:
        st.session_state[key] = goto
    if key not in st.session_state:
        asked = str(st.query_params.get("lesson", ""))
        first = next((n for n in numbers if n in built), numbers[0])
        st.session_state[key] = int(asked) if asked in map(str, numbers) else first
    marks = progress.marks()

    def name(number: int) -> str:
        tick = {3: " ✓", 1: " ·", 2: " ·"}.get(marks.get(number, 0), "")
        return f"{number} · {outline(number).short}{tick}"

    with st.container(key="lessons", horizontal=True, vertical_alignment="center"):
        if len(numbers) > 1:
            st.segmented_control(
                "Lesson",
                options=numbers,
                format_func=name,
                key=key,
                required=True,
                label_visibility="collapsed",
                width="stretch",
            )
        _tools()
    number = int(st.session_state[key] or numbers[0])
    st.session_state["_open_lesson"] = number
    if str(st.query_params.get("lesson", "")) != str(number):
        st.query_params["lesson"] = str(number)
    return outline(number)


def _tools() -> None:
    from core.ui.tools import tools  # imported late: it needs the lessons, which need torch

    tools()


def _header(phase: Phase, entry: Outline) -> None:
    st.html(
        f'<header class="pg-lesson"><p class="pg-kicker">Lesson {entry.number} of {len(OUTLINES)} · {entry.minutes} min · '
        f"{progress.done()} done</p><h1>{entry.title}</h1>"
        f'<p class="pg-promise">You will be able to {entry.promise}</p></header>'
    )


__all__ = ["guard", "phase_page", "prepare_process", "room", "run"]
