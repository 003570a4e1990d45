"""Charts and tables of the workbench: the lessons' own components, with nothing to report back."""

from __future__ import annotations

from core.figures.chart import Chart
from core.lessons.lesson import Table
from core.ui import components

ID_CHARACTERS = 14


def draw_chart(chart: Chart, ended: bool = False) -> None:
    """A chart whose player, if it has one, belongs to the browser."""
    components.chart(chart, token=0, ended=ended, report=None)


def still(key: str, table: Table) -> None:
    """A table in which nothing can be chosen."""
    components.table(key, table, pickable=False, report=_nothing)


def shortened(id: str) -> str:
    """A response's id as it fits into a narrow column."""
    return id if len(id) <= ID_CHARACTERS else id[: ID_CHARACTERS - 1] + "…"


def _nothing(name: str, value: object) -> None:
    """Nobody listens."""
