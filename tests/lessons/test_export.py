"""What a learner takes away says what it was made from, reads in pandas, and opens without the web."""

import io
import re
from html.parser import HTMLParser
from urllib.parse import parse_qsl

import numpy as np
import pandas as pd
import pytest

from core.lessons.catalogue import LESSONS, lesson
from core.lessons.export import configuration, figure_html, history_csv
from core.lessons.lesson08 import LESSON as EIGHT
from core.version import VERSION
from core.world import own_texts

WITH_STEPS = [item.number for item in LESSONS if item.history]
# The lessons whose player counts the rows of one run.
WHITEBOARD = [number for number in WITH_STEPS if number in (7, 8, 10)]
ODD = ("C# is best.", 'He said "no", twice', "a, b", "# first", "<b>bold</b>", "=1+1", "-->", "</script>")


def _state(number, **changes):
    item = lesson(number)
    players = {param.key: param.nearest(7) for param in item.params if param.widget == "player"}
    return {**item.defaults(), **players, **changes}


def _csv(number, **changes):
    state = _state(number, **changes)
    text = history_csv(lesson(number), lesson(number).result(state), state)
    return state, text, pd.read_csv(io.StringIO(text), comment="#", float_precision="round_trip")


class Loads(HTMLParser):
    """Every address that a browser would fetch for a page."""

    def __init__(self):
        super().__init__()
        self.found, self.comments, self.tags = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        fetching = {"src", "srcset", "data", "poster", "background"} | (
            {"href"} if tag in ("link", "base", "image") else set()
        )
        self.found += [value for name, value in attrs if name in fetching]

    def handle_comment(self, data):
        self.comments.append(data)


@pytest.mark.parametrize("number", WITH_STEPS)
def test_the_history_reads_in_pandas(number):
    state, _, frame = _csv(number)
    rows = lesson(number).history(lesson(number).result(state))
    assert len(frame) == len(rows) > 0
    # A cell is empty only where the row has nothing to say (another stage's column).
    assert all(np.isfinite(value) for row in rows for value in row.values() if isinstance(value, float))
    assert not frame.isin([np.inf, -np.inf]).any(axis=None)
    assert frame.columns.is_unique
    assert not any(column.startswith("Unnamed") for column in frame)


@pytest.mark.parametrize("number", WHITEBOARD)
def test_the_history_of_a_whiteboard_run_has_one_row_a_step(number):
    _, _, frame = _csv(number)
    counter = frame[frame.columns[0]].tolist()
    assert frame.columns[0] in ("step", "epoch")
    assert counter == list(range(counter[0], 8))
    assert counter[0] in (0, 1)


@pytest.mark.parametrize("number", WITH_STEPS)
def test_the_history_says_version_settings_and_seed(number):
    state, text, _ = _csv(number)
    head = [line for line in text.splitlines() if line.startswith("#")]
    assert len(head) == 2
    assert f"RLHF Playground {VERSION}, lesson {number}" in head[0]
    written = dict(parse_qsl(head[1].removeprefix("# settings: "), keep_blank_values=True))
    assert {param.key: param.read(written[param.key]).value for param in lesson(number).params} == state
    assert any(key.endswith("_seed") for key in written)


@pytest.mark.parametrize("number", WITH_STEPS)
def test_the_settings_in_the_file_reproduce_its_numbers(number):
    _, text, frame = _csv(number)
    written = dict(parse_qsl(text.splitlines()[1].removeprefix("# settings: "), keep_blank_values=True))
    values, notes = lesson(number).read(written)
    assert notes == ()
    again = lesson(number).compute(values)
    assert np.allclose(
        pd.DataFrame(lesson(number).history(again)).select_dtypes("number"),
        frame.select_dtypes("number"),
        equal_nan=True,
    )


def test_lesson_8_writes_what_its_records_hold():
    state, _, frame = _csv(8)
    result = EIGHT.result(state)
    assert np.allclose(frame["kl_to_reference"], [step.stats.kl for step in result.steps[:7]], atol=1e-12)
    assert np.allclose(frame["k1"], [step.k1 for step in result.steps[:7]], atol=1e-12)
    probabilities = frame[[column for column in frame if column.startswith("p(")]].to_numpy()
    assert probabilities.shape == (7, 8)
    assert np.allclose(probabilities.sum(axis=1), 1.0, atol=1e-12)
    assert np.allclose(probabilities, [result.probs(step) for step in range(1, 8)], atol=1e-12)


def test_odd_names_do_not_break_the_history():
    """A learner's own answers are column names; a # in one must not start a comment."""
    code = own_texts.pack(own_texts.build("Who?", "me", ODD))
    _, _, frame = _csv(8, own=code)
    names = [name.replace("#", "♯") for name in own_texts.unpack(code).names]
    assert [column for column in frame if column.startswith("p(")] == [f"p({name})" for name in names]
    assert np.allclose(frame[[f"p({name})" for name in names]].sum(axis=1), 1.0)


def test_a_lesson_without_steps_has_no_history():
    item = lesson(6)
    assert item.history is None
    assert history_csv(item, item.result(item.defaults()), item.defaults()) is None


@pytest.mark.parametrize("number", [item.number for item in LESSONS])
def test_the_configuration_is_the_whole_link(number):
    state = _state(number)
    written = dict(parse_qsl(configuration(lesson(number), state), keep_blank_values=True))
    assert set(written) == set(state)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_figure_as_html_loads_nothing_and_says_what_it_is(theme):
    state = _state(8)
    chart = EIGHT.figures(EIGHT.result(state))[0]
    text = figure_html(chart, EIGHT, state, theme)
    page = Loads()
    page.feed(text)
    assert page.found == []
    # What the script could load by itself is only what the figure asks for: no map, no remote fonts.
    assert not re.search(r"@import|fonts\.googleapis", text)
    assert f"RLHF Playground {VERSION}" in text
    settings = next(comment for comment in page.comments if "settings:" in comment)
    assert "l8_seed=0" in settings
    assert "@new" not in text


def test_a_figure_with_odd_names_keeps_them_as_text():
    code = own_texts.pack(own_texts.build("<img src=x onerror=alert(1)>", "me", ODD))
    state = _state(8, own=code)
    text = figure_html(EIGHT.figures(EIGHT.result(state))[0], EIGHT, state, "light")
    page = Loads()
    page.feed(text)
    assert page.found == []
    assert not {"img", "b"} & set(page.tags)
