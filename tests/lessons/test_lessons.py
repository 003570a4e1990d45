"""Every lesson at every end of every setting: nothing raises, every number is finite, every text says something."""

from __future__ import annotations

import json
import math
import re
from numbers import Number

import plotly.graph_objects as go
import pytest

from core.figures.palette import resolve
from core.lessons.catalogue import LESSONS, lesson
from core.lessons.outline import OUTLINES, PHASES, in_phase, outline
from tests.lessons.states import results

BUILT = tuple(item.number for item in LESSONS)
# The letters alone, so that "infinite" or "none" in a sentence are words.
NO_NUMBER = re.compile(r"(?<![\w-])(nan|NaN|inf|None|undefined)(?![\w-])")
# What makes a sentence say something about the state.
TELLS = re.compile(
    r"\d|\b(no|nothing|rises?|falls?|stays?|up|down|more|less|higher|lower|above|below|towards|none)\b", re.I
)


def numbers_in(value):
    """Every number inside lists and dictionaries."""
    if isinstance(value, dict):
        for item in value.values():
            yield from numbers_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from numbers_in(item)
    elif isinstance(value, Number) and not isinstance(value, bool):
        yield value


def words(text):
    return len(re.findall(r"\S+", text))


def check_text(text):
    assert text.strip()
    assert not NO_NUMBER.search(text), text


def check_chart(chart):
    check_text(chart.title)
    check_text(chart.text)
    data = chart.figure["data"]
    assert data
    json.dumps([chart.figure, chart.frames, chart.compact], allow_nan=False)
    assert all(math.isfinite(number) for number in numbers_in([chart.figure, chart.frames]))
    assert 0 <= chart.step <= chart.horizon
    assert all(0 <= trace < len(data) for trace in chart.wide_only)
    assert chart.pick_trace is None or 0 <= chart.pick_trace < len(data)
    if not chart.frames:
        return
    assert chart.step < len(chart.frames) <= chart.horizon + 1
    for frame in chart.frames:
        for trace, arrays in frame.items():
            for axis, values in arrays.items():
                # Bars glide only if every trace keeps its number of points.
                assert len(values) == len(data[int(trace)][axis]), f"trace {trace} of {chart.key} changes its length"
    shown = chart.frames[chart.step]
    for trace, arrays in shown.items():
        for axis, values in arrays.items():
            assert list(values) == list(data[int(trace)][axis]), "the figure stands at another step than its frames say"


def check_state(item, result):
    for chart in item.figures(result):
        check_chart(chart)
    assert len({chart.key for chart in item.figures(result)}) == len(item.figures(result))
    formula = item.formula(result)
    check_text(formula.caption)
    assert formula.lines
    for line in formula.lines:
        check_text(line)
        assert line.count("{") - line.count(r"\{") == line.count("}") - line.count(r"\}"), line
    table = item.table(result)
    if table is not None:
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert table.lit is None or 0 <= table.lit < len(table.rows)
        assert table.accent is None or 0 <= table.accent < len(table.columns)
        for cell in [*table.columns, *(cell for row in table.rows for cell in row)]:
            assert not NO_NUMBER.search(cell)
    sentences = item.says(result)
    assert 1 <= len(sentences) <= 3
    for sentence in sentences:
        check_text(sentence)
        assert TELLS.search(sentence), f"neither a number nor a direction: {sentence}"
        assert sentence.rstrip("* )”").endswith((".", "!", "?", ":")), sentence
    prediction = item.predict(result)
    assert 0 <= prediction.answer < len(prediction.options)
    assert len(set(prediction.options)) == len(prediction.options) >= 2
    check_text(prediction.because)
    assert TELLS.search(prediction.because)
    questions = item.quiz(result)
    assert len(questions) == 2
    for question in questions:
        assert 0 <= question.answer < len(question.options)
        assert len(set(question.options)) == len(question.options) >= 2
        check_text(question.text)
        check_text(question.because)


@pytest.mark.parametrize("number", BUILT)
def test_every_state_can_be_shown(number):
    item = lesson(number)
    failures = []
    for name, _, result in results(number):
        try:
            check_state(item, result)
        except Exception as problem:
            failures.append(f"{name}: {type(problem).__name__}: {str(problem)[:300]}")
    assert not failures, f"{len(failures)} of {len(results(number))} states:\n" + "\n".join(failures[:8])


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("number", BUILT)
def test_plotly_accepts_every_figure(number, theme):
    item = lesson(number)
    shapes = {}
    for _, _, result in results(number):
        for chart in item.figures(result):
            # Figures that differ in numbers alone are the same to Plotly's rules: one of each is enough.
            kind = re.sub(r"-?\d+(\.\d+)?(e-?\d+)?", "0", json.dumps([chart.figure, chart.compact]))
            shapes.setdefault((chart.key, re.sub(r"(0, )+0", "0", kind)), chart)
    kept = list(shapes.values())[:40]
    assert kept
    for chart in kept:
        figure = go.Figure(resolve(chart.figure, theme))
        assert len(figure.data) == len(chart.figure["data"])
        assert "@" not in json.dumps(resolve([chart.figure, chart.frames, chart.compact], theme))
        for path, value in chart.compact.items():
            figure.layout[path] = resolve(value, theme)


@pytest.mark.parametrize("number", BUILT)
def test_compute_is_pure(number):
    """The same settings give the same screen, whatever was computed in between."""
    item = lesson(number)
    for _, state, first in results(number)[::25]:
        second = item.compute(dict(state))
        assert item.says(first) == item.says(second)
        assert [chart.figure for chart in item.figures(first)] == [chart.figure for chart in item.figures(second)]
        assert item.table(first) == item.table(second)


@pytest.mark.parametrize("number", BUILT)
def test_the_link_brings_back_every_state(number):
    item = lesson(number)
    for _, state, _ in results(number):
        legal, _ = item.read({param.key: param.write(state[param.key]) for param in item.params})
        again, notes = item.read({param.key: param.write(legal[param.key]) for param in item.params})
        assert again == legal
        assert notes == ()


@pytest.mark.parametrize("number", BUILT)
def test_presets_name_legal_values_of_their_own_lesson(number):
    item = lesson(number)
    assert len({preset.key for preset in item.presets}) == len(item.presets)
    for preset in item.presets:
        for key, value in preset.values.items():
            param = item.param(key)
            reading = param.read(param.write(value))
            assert (reading.value, reading.note) == (value, None)
            # What is carried from lesson to lesson (votes, prior, own words, the start) no preset touches.
            assert key not in item.carried


@pytest.mark.parametrize("number", BUILT)
def test_controls_that_depend_on_a_choice_name_one_of_the_lesson(number):
    item = lesson(number)
    for param in item.params:
        if param.shown_if:
            choice = item.param(param.shown_if[0])
            legal = [choice.read(choice.write(value)).value == value for value in param.shown_if[1]]
            # A choice whose other options need recorded assets has one option where these are missing.
            assert all(legal) or len(choice.ends()) == 1
        if param.limit_key:
            assert item.param(param.limit_key).kind == "int"


@pytest.mark.parametrize("number", BUILT)
def test_words_are_few_before_the_lab_and_the_why_is_short(number):
    item = lesson(number)
    assert words(item.outline.title) + words("You will be able to " + item.outline.promise) <= 60
    assert 10 <= words(item.why.text) <= 120
    assert item.why.misconception.strip()
    assert item.why.sources
    assert all(source.url.startswith("https://") for source in item.why.sources)


@pytest.mark.parametrize("number", BUILT)
def test_the_lesson_shows_code_that_ran(number):
    assert lesson(number).sources_of_code


@pytest.mark.parametrize("entry", OUTLINES, ids=lambda entry: entry.number)
def test_every_outline_has_its_texts(entry):
    assert entry.title.strip()
    assert entry.promise.endswith(".")
    assert 1 <= entry.minutes <= 15
    assert words(entry.title) + words("You will be able to " + entry.promise) <= 60


def test_the_path_has_four_phases_and_fourteen_lessons():
    assert [entry.number for entry in OUTLINES] == list(range(1, 15))
    assert [entry.number for phase in PHASES for entry in in_phase(phase.number)] == list(range(1, 15))
    assert outline(8).number == 8
    with pytest.raises(KeyError):
        outline(15)


def test_the_catalogue_is_in_order_and_knows_what_is_not_built():
    assert list(BUILT) == sorted(set(BUILT))
    assert all(lesson(number).outline is outline(number) for number in BUILT)
    assert lesson(99) is None
