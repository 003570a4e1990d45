"""Figures of a run as lines over its steps, in a grid of panels, with a marker on the step that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.chart import Badge, Chart, Figure, Frame, label, rounded
from core.figures.palette import ROLES

GAP_ACROSS = 0.1
HEAD = 0.17
FOOT = 0.07


@dataclass(frozen=True)
class Line:
    """One figure at every step from 0 on. `role` is a palette name; roles of data bring their own dash and marker."""

    name: str
    values: tuple[float, ...]
    role: str
    dash: str = ""

    @property
    def style(self) -> tuple[str, str]:
        """(dash, marker symbol)."""
        known = ROLES.get(self.role)
        return self.dash or (known.dash if known else "solid"), known.marker if known else "circle"


@dataclass(frozen=True)
class Panel:
    """Lines that share an axis; with `zero` the axis shows 0 and marks it."""

    title: str
    lines: tuple[Line, ...]
    zero: bool = False


def step_lines(
    *,
    key: str,
    title: str,
    panels: Sequence[Panel],
    columns: int,
    step: int,
    horizon: int,
    text: str,
    badge: Badge = "live",
    height: int = 432,
) -> Chart:
    """Panels in rows of `columns`. A phone shows the first row only, its panels one above the other.

    All lines have the same number of steps.
    """
    data: list[Figure] = []
    layout: Figure = {
        "showlegend": False,
        "margin": {"l": 42, "r": 8, "t": 4, "b": 26},
        "shapes": [],
        "annotations": [],
    }
    count = len(panels[0].lines[0].values)
    frames: list[Frame] = [{} for _ in range(count)]
    compact: Figure = {}
    wide_only: list[int] = []
    rows = -(-len(panels) // columns)
    for number, panel in enumerate(panels):
        suffix = "" if number == 0 else str(number + 1)
        axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
        before = len(data)
        for line in panel.lines:
            points = rounded(line.values)
            data += line_and_marker(line, points, step, axes)
            for k, frame in enumerate(frames):
                frame[str(len(data) - 1)] = {"x": [k], "y": [points[k]]}
        row, column = divmod(number, columns)
        add_panel(layout, panel, suffix, across(column, columns), down(row, rows), horizon)
        if row:
            wide_only += range(before, len(data))
        else:
            compact |= {f"xaxis{suffix}.domain": [0, 1], f"yaxis{suffix}.domain": list(down(column, columns))}
    return Chart(
        key=key,
        title=title,
        badge=badge,
        figure={"data": data, "layout": layout},
        text=text,
        frames=tuple(frames),
        step=step,
        horizon=horizon,
        compact=compact,
        wide_only=tuple(wide_only),
        height=height,
    )


def line_and_marker(line: Line, points: list[float], step: int, axes: Figure) -> list[Figure]:
    """The whole line, and the marker that moves along it.

    Names are quoted: they may be a user's words, and a bare text that begins with @ would be read as a colour.
    """
    dash, marker = line.style
    colour = f"@{line.role}"
    common = {"type": "scatter", "name": f"“{label(line.name, 80)}”", "showlegend": False, **axes}
    return [
        {"mode": "lines", "x": list(range(len(points))), "y": points, "line": {"color": colour, "width": 2, "dash": dash},
         "hovertemplate": "step %{x}: %{y:.2f}", **common},
        {"mode": "markers", "x": [step], "y": [points[step]], "marker": {"color": colour, "size": 9, "symbol": marker},
         "hoverinfo": "skip", "cliponaxis": False, **common},
    ]  # fmt: skip


def add_panel(
    layout: Figure, panel: Panel, suffix: str, x: tuple[float, float], y: tuple[float, float], horizon: int
) -> None:
    """Axes, title and key of one panel whose plotting area is `x` by `y` (shares of the chart)."""
    values = [value for line in panel.lines for value in line.values]
    low, high = min(values), max(values)
    if panel.zero:
        low, high = min(low, 0.0), max(high, 0.0)
    pad = 0.08 * (high - low) or 0.5
    layout[f"xaxis{suffix}"] = {
        "domain": list(x), "range": [-0.02 * horizon, 1.02 * horizon], "anchor": f"y{suffix}", "showgrid": False,
        "zeroline": False, "nticks": 5, "tickfont": {"size": 11}, "linecolor": "@line", "showline": True,
    }  # fmt: skip
    layout[f"yaxis{suffix}"] = {
        "domain": list(y), "range": [low - pad, high + pad], "anchor": f"x{suffix}", "gridcolor": "@line", "nticks": 5,
        "zeroline": panel.zero, "zerolinecolor": "@text", "zerolinewidth": 1, "tickfont": {"size": 11},
    }  # fmt: skip
    place = {
        "xref": f"x{suffix} domain",
        "yref": f"y{suffix} domain",
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
    }
    layout["annotations"].append(
        {"text": f"<b>{label(panel.title, 80)}</b>", "x": 0, "y": 1.0, "yshift": 20, "font": {"size": 12.5}, **place}
    )
    for number, line in enumerate(panel.lines):
        layout["annotations"].append(
            {"text": f"{_sample(line)} {label(line.name, 80)}", "x": number / len(panel.lines), "y": 1.0, "yshift": 1,
             "font": {"size": 12, "color": f"@{line.role}"}, **place}
        )  # fmt: skip


def _sample(line: Line) -> str:
    return {"solid": "━", "dash": "╍", "dot": "┈", "dashdot": "━·", "longdash": "━ ━"}[line.style[0]]


def across(column: int, columns: int) -> tuple[float, float]:
    """From where to where column `column` of `columns` reaches, as shares of the chart's width."""
    width = (1 + GAP_ACROSS) / columns
    return column * width, (column + 1) * width - GAP_ACROSS


def down(row: int, rows: int) -> tuple[float, float]:
    """The plotting area of row `row` of `rows` from the top, below its title and key, as shares of the height."""
    top = 1 - row / rows
    height = 1 / rows
    foot = FOOT if row < rows - 1 else 0.0
    return max(top - height + foot, 0.0), top - HEAD * min(1.0, 2 / rows) * 0.66
