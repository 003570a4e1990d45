"""The frame that every lesson shares: controls, lab, formula, what you saw, and below them why, code and two questions."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from core.lessons.lesson import Formula, Lesson, Prediction
from core.lessons.param import Values
from core.lessons.same_name import LESSONS as SAME_NAME_LESSONS
from core.lessons.shared_params import recordings
from core.lessons.snippets import source_of
from core.lessons.text import plain
from core.ui import components, patience, progress, room, settings
from core.ui.controls import control, controls
from core.ui.extras import exports, own_answers, pin, same_name
from core.ui.live_run import LiveRun, Offer, joined, strip
from core.ui.onward import walk_on
from core.ui.safely import safely

FIRST_CONTROLS = 6
# The browser draws what reaches it together in one go, and drawing all else takes it longer than moving the bars.
# So the chart is sent this long (seconds) before the rest; the wait costs no computing time.
CHART_LEAD = 0.03
Panel = Callable[[Lesson, Any, Values], None]
Bench = Callable[[Values], bool]


def show(lesson: Lesson, panel: Panel | None = None, offer: Offer | None = None, bench: Bench | None = None) -> None:
    """Draw a whole lesson. `panel` draws what no standard widget can, such as the voting pair, above the chart; `offer`
    names the run that can be made live in the state shown; `bench` draws a workbench of several steps and says whether the
    lab belongs below it."""
    notes = settings.load(lesson)
    _lesson(lesson, panel, offer, bench, notes)


@st.fragment
def _lesson(
    lesson: Lesson, panel: Panel | None, offer: Offer | None, bench: Bench | None, notes: tuple[str, ...]
) -> None:
    with safely(f"Lesson {lesson.number}"):
        _whole(lesson, panel, offer, bench, notes)


def _whole(
    lesson: Lesson, panel: Panel | None, offer: Offer | None, bench: Bench | None, notes: tuple[str, ...]
) -> None:
    settings.load(lesson)
    values = settings.values(lesson)
    for note in notes:
        st.caption(f":material/info: {note}")
    patience.keep_walk(lesson, values)
    shown, waiting = patience.settle(lesson, {**values, **_ahead(lesson)})
    result = lesson.result(shown)
    live = offer(lesson, result, values) if offer else None
    if live:
        result = joined(live, result)
    if panel and not any(lesson.visible(param, values) for param in lesson.params if param.widget == "panel"):
        panel = None  # a panel of one view leaves its place to the sentences in the others
    if bench is None or bench(values):
        _lab(lesson, panel, live, result, values, waiting)
    _more(lesson, result, settled=waiting is None)
    also = {"lesson": str(lesson.number), progress.KEY: progress.text(), **room.kept(), **settings.carried()}
    components.keep_link(f"l{lesson.number}_link", settings.query(lesson, also))


def _lab(
    lesson: Lesson,
    panel: Panel | None,
    live: LiveRun | None,
    result: Any,
    values: Values,
    waiting: patience.Waiting | None,
) -> None:
    with st.container(key="lab"):
        left, middle, right = st.columns([1.15, 3, 1.75], gap="small")
        # The chart first: what the browser needs for the first moving frame is sent before anything else.
        with middle:
            if panel:
                panel(lesson, result, values)
            if live:
                strip(live)
            _charts(lesson, result, values)
            time.sleep(CHART_LEAD)
            if waiting:
                patience.follow(waiting)
            if not panel:
                _saw(lesson, result)
        with left:
            _controls(lesson, values)
        with right:
            _slots(lesson, values)
            _formula(lesson.formula(result))
            if panel:
                # A panel above the chart takes the height that these sentences would need to stay on one screen.
                _saw(lesson, result)
            _table(lesson, result, values)


def _ahead(lesson: Lesson) -> dict[str, int]:
    """How far the browser asked the run to be computed, for lessons that play."""
    key = f"l{lesson.number}_ahead"
    return {key: int(st.session_state[key])} if key in st.session_state else {}


def _key(lesson: Lesson, widget: str, values: Values) -> str | None:
    return next((p.key for p in lesson.params if p.widget == widget and lesson.visible(p, values)), None)


def _charts(lesson: Lesson, result: Any, values: Values) -> None:
    step_key, pick_key = _key(lesson, "player", values), _key(lesson, "table", values)

    def report(name: str, value: Any) -> None:
        if name == "step" and step_key:
            settings.put(step_key, lesson.param(step_key).nearest(float(value)))
        elif name == "picked" and pick_key:
            settings.put(pick_key, lesson.param(pick_key).nearest(float(value)))
        elif name == "ahead" and step_key:
            st.session_state[f"l{lesson.number}_ahead"] = int(lesson.param(step_key).nearest(float(value)))

    for shown in lesson.figures(result):
        shown = replace(shown, recordings=(*shown.recordings, *recordings(result)))
        components.chart(shown, token=settings.token(), ended=_ended(shown.frames, result), report=report)


def _ended(frames: tuple[Any, ...], result: Any) -> bool:
    """Whether the run stopped by itself before its horizon."""
    steps = getattr(result, "steps", ())
    return bool(frames and steps and getattr(steps[-1], "diverged", None))


def _saw(lesson: Lesson, result: Any) -> None:
    prediction = lesson.predict(result)
    chosen_key = f"l{lesson.number}_predicted"
    with st.container(key="saw"):
        if not prediction.revealed:
            _ask(lesson, prediction, chosen_key)
        elif chosen_key in st.session_state:
            question, chosen = st.session_state[chosen_key]
            if question == prediction.question:  # an answer to another question says nothing of this one
                _mark(lesson, prediction, chosen)
        st.markdown("**What you see.** " + " ".join(lesson.says(result)))


def _ask(lesson: Lesson, prediction: Prediction, chosen_key: str) -> None:
    widget_key = chosen_key + "_widget"
    asked, before = st.session_state.get(chosen_key, (prediction.question, None))
    if asked != prediction.question:
        before = st.session_state[widget_key] = None

    def chosen() -> None:
        st.session_state[chosen_key] = (prediction.question, st.session_state[widget_key])
        progress.mark(lesson.number, progress.PREDICTED)

    st.selectbox(
        prediction.question,
        options=range(len(prediction.options)),
        format_func=lambda index: prediction.options[index],
        index=before,
        key=widget_key,
        placeholder="Choose before you look",
        on_change=chosen,
    )


def _mark(lesson: Lesson, prediction: Prediction, chosen: int | None) -> None:
    if chosen is None or chosen >= len(prediction.options):
        return
    right = chosen == prediction.answer
    verdict = (
        ":green[:material/check: You predicted it.]" if right else ":orange[:material/close: Not what you predicted.]"
    )
    st.markdown(f"{verdict} {prediction.because}")


def _controls(lesson: Lesson, values: Values) -> None:
    hidden = room.hidden_controls()
    if len(lesson.presets) > 1:
        _presets(lesson)
    own = [param for param in lesson.params if param.widget == "control" and lesson.visible(param, values)]
    first, rest = own[:FIRST_CONTROLS], own[FIRST_CONTROLS:]
    controls(first, values, hidden)
    if rest:
        more = st.expander(
            "More settings", expanded=_any_moved(rest, values), key=f"l{lesson.number}_rest", on_change="rerun"
        )
        # Widgets that nobody sees cost as much per run as those on screen.
        if more.open:
            with more:
                controls(rest, values, hidden)
    pin(lesson, values)
    walk_on(lesson, values)


def _any_moved(params: list[Any], values: Values) -> bool:
    return any(values[param.key] != param.default for param in params)


def _presets(lesson: Lesson) -> None:
    key = f"l{lesson.number}_preset"
    by_key = {preset.key: preset for preset in lesson.presets}

    def chosen() -> None:
        preset = by_key.get(st.session_state[key] or "")
        if preset:
            settings.apply_preset(lesson, dict(preset.values), room.hidden_controls())

    st.selectbox(
        "Preset",
        options=list(by_key),
        format_func=lambda k: by_key[k].label,
        index=None,
        key=key,
        placeholder="Choose a situation",
        on_change=chosen,
    )


def _slots(lesson: Lesson, values: Values) -> None:
    hidden = room.hidden_controls()
    for param in lesson.params:
        if param.widget == "slot" and lesson.visible(param, values):
            control(param, values, disabled=param.key in hidden)


def _formula(formula: Formula) -> None:
    with st.container(key="formula", border=True):
        st.markdown(f"**{plain(formula.caption)}**")
        body = r"\\[3pt] ".join(rf"& {line}" for line in formula.lines)
        st.latex(rf"\begin{{aligned}} {body} \end{{aligned}}")
        if formula.symbols:
            st.caption(" · ".join(f"${tex}$ {meaning}" for tex, meaning in formula.symbols))


def _table(lesson: Lesson, result: Any, values: Values) -> None:
    shown = lesson.table(result)
    if shown is None:
        return
    pick_key = _key(lesson, "table", values)

    def report(name: str, value: Any) -> None:
        if pick_key:
            chosen = shown.picks[int(value)] if shown.picks else value
            settings.put(pick_key, lesson.param(pick_key).nearest(float(chosen)))

    components.table(f"l{lesson.number}_table", shown, pickable=shown.pickable and pick_key is not None, report=report)


MORE = {
    "why": "Why",
    "check": "Check yourself",
    "code": "Code",
    "own": "Prompt and start",
    "same": "Same name, different number",
    "export": "Export",
    "controls": "All settings",
}


def _more(lesson: Lesson, result: Any, settled: bool) -> None:
    with st.container(key="more"):
        left_out = {"own"} - set(lesson.defaults()) | ({"same"} if lesson.number not in SAME_NAME_LESSONS else set())
        offered = [key for key in MORE if key not in left_out]
        chosen = st.segmented_control(
            "More about this lesson",
            options=offered,
            format_func=lambda key: MORE[key],
            default="why",
            required=True,
            key=f"l{lesson.number}_more",
            label_visibility="collapsed",
        )
        draw = {
            "why": _why,
            "code": _code,
            "check": _check,
            "controls": _all_settings,
            "own": own_answers,
            "export": exports,
            "same": same_name,
        }
        if chosen == "export" and not settled:
            st.caption("Files can be made once the settings on the left are the ones shown.")
            return
        with safely(f"“{MORE[chosen or 'why']}”"):
            draw[chosen or "why"](lesson, result)


def _why(lesson: Lesson, result: Any) -> None:
    words, drop = st.columns([2, 1], gap="large")
    words.markdown(lesson.why.text)
    with drop:
        st.markdown(f"**Drop this.** {lesson.why.misconception}")
        st.caption("Sources: " + " · ".join(f"[{s.text}]({s.url})" for s in lesson.why.sources))
    if lesson.later:
        st.caption(f"Not built yet: {lesson.later}")


def _code(lesson: Lesson, result: Any) -> None:
    ran, script = st.columns(2, gap="large")
    with ran:
        st.markdown("**The functions that just ran**")
        ran_now = lesson.sources_of_code
        for function in ran_now(result) if callable(ran_now) else ran_now:
            st.code(source_of(function), language="python", height=360)
    with script:
        st.markdown("**The numbers on screen as a script of its own** (torch and numpy only)")
        text = lesson.snippet(result)
        st.code(text, language="python", height=360)
        st.download_button("Download the script", text, file_name=f"lesson{lesson.number}.py", mime="text/x-python")


def _check(lesson: Lesson, result: Any) -> None:
    right = 0
    questions = lesson.quiz(result)
    for number, (question, column) in enumerate(zip(questions, st.columns(len(questions), gap="large"))):
        with column:
            answer = st.radio(
                question.text,
                options=range(len(question.options)),
                format_func=lambda index, options=question.options: options[index],
                index=None,
                key=f"l{lesson.number}_quiz{number}",
            )
            if answer is not None:
                right += answer == question.answer
                st.markdown(
                    (":green[Right.] " if answer == question.answer else ":orange[Not quite.] ") + question.because
                )
    if right == len(questions):
        progress.mark(lesson.number, progress.CHECKED)


def _all_settings(lesson: Lesson, result: Any) -> None:
    rows = [
        {"setting": p.label, "in the link": p.key, "now": str(st.session_state.get(p.key, p.default)), "range": p.range_text(),
         "what it does": p.help}
        for p in lesson.params
        if p.widget in ("control", "slot")
    ]  # fmt: skip
    st.table(rows)
