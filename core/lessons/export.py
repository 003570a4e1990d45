"""What a learner takes away: the step history as CSV, a figure as one HTML file. Both say what they were made from."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import plotly.graph_objects as go

from core.figures.chart import Chart
from core.figures.palette import Theme, resolve
from core.lessons.lesson import Lesson
from core.lessons.param import Values
from core.version import VERSION


def configuration(lesson: Lesson, values: Values) -> str:
    """Every setting of the lesson, the seed included, as the text that a link carries."""
    return urlencode({param.key: param.write(values[param.key]) for param in lesson.params})


def history_csv(lesson: Lesson, result: Any, values: Values) -> str | None:
    """One row a step as CSV, behind comment lines with version and configuration; None for a lesson without steps."""
    if lesson.history is None:
        return None
    buffer = io.StringIO()
    buffer.write(f"# RLHF Playground {VERSION}, lesson {lesson.number}: {lesson.outline.title}\n")
    buffer.write(f"# settings: {configuration(lesson, values)}\n")
    # A learner's own answers are column names: a # in one would be read as the start of a comment.
    rows = [{name.replace("#", "♯"): value for name, value in row.items()} for row in lesson.history(result)]
    pd.DataFrame(rows).to_csv(buffer, index=False)
    return buffer.getvalue()


def figure_html(chart: Chart, lesson: Lesson, values: Values, theme: Theme) -> str:
    """One HTML file with the figure at the step shown and plotly.js inside, so that it opens without the web."""
    figure = go.Figure(resolve(chart.figure, theme))
    colours = resolve({"paper_bgcolor": "@page", "plot_bgcolor": "@page", "font": {"color": "@text"}}, theme)
    origin = f"RLHF Playground {VERSION} · lesson {lesson.number} · {chart.badge}"
    figure.update_layout(
        **colours, title={"text": f"{_safe(chart.title)}<br><sub>{origin}</sub>"}, margin={"t": 90}, height=620
    )
    settings = f"<!-- settings: {_safe(configuration(lesson, values))} -->"
    return figure.to_html(include_plotlyjs=True, full_html=True) + settings


def _safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("--", "- -")
