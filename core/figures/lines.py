"""Lines over one axis, with a band where there is one, told apart by dash as well as by colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.figures.chart import Badge, Chart, Figure, rounded
from core.figures.palette import ROLES

NAME_HEIGHT = 15  # pixels of one line of a mark's name
NAME_WIDTH = 0.24  # share of the axis that such a name may take, on a phone too


@dataclass(frozen=True)
class Line:
    """One line: its name, values, role in the palette, and the lower and upper edge of its band."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    role: str
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    markers: bool = False


def lines(
    *,
    key: str,
    title: str,
    series: Sequence[Line],
    x_title: str,
    y_title: str,
    text: str,
    log_x: bool = False,
    y_range: tuple[float, float] | None = None,
    marks: Sequence[tuple[float, str]] = (),
    badge: Badge = "live",
    height: int = 330,
    cursor: tuple[int, int, int] | None = None,
) -> Chart:
    """A chart of lines. With `cursor` = (step, computed steps, horizon) the x axis is the run's steps and the player moves
    a line over it. `marks` are vertical lines at given places of the axis, each with its name."""
    data: list[Figure] = []
    for line in series:
        if line.low:
            data.append(
                {"type": "scatter", "mode": "lines", "x": [*rounded(line.x), *rounded(line.x)[::-1]],
                 "y": [*rounded(line.high), *rounded(line.low)[::-1]], "fill": "toself", "fillcolor": f"@{line.role}/18",
                 "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
            )  # fmt: skip
        role = ROLES[line.role]
        data.append(
            {"type": "scatter", "mode": "lines+markers" if line.markers else "lines", "name": line.name, "x": rounded(line.x),
             "y": rounded(line.y), "line": {"color": f"@{line.role}", "width": 2.4, "dash": role.dash},
             "marker": {"symbol": role.marker, "size": 8, "color": f"@{line.role}"}, "hovertemplate": "%{x:.3g}: %{y:.3f}"}
        )  # fmt: skip
    axis = {"gridcolor": "@line", "zeroline": False, "tickfont": {"size": 11.5}}
    layout: Figure = {
        "margin": {"l": 58, "r": 14, "t": 30, "b": 46},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
        "showlegend": True,
        "xaxis": {"title": {"text": x_title, "standoff": 8}, "type": "log" if log_x else "linear", **axis},
        "yaxis": {"title": {"text": y_title, "standoff": 8}, **axis},
        "shapes": [
            {"type": "line", "xref": "x", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1,
             "line": {"color": "@optimum", "width": 1.5, "dash": "dot"}}
            for x, _ in marks
        ],
        "annotations": [
            {"text": name, "x": x, "xref": "x", "y": 1, "yref": "paper", "yanchor": "top", "xanchor": "left", "showarrow": False,
             "yshift": -NAME_HEIGHT * level, "font": {"size": 11.5}}
            for (x, name), level in zip(marks, _levels(marks, series, log_x))
        ],
    }  # fmt: skip
    if log_x:
        ticks = list(series[0].x)
        layout["xaxis"].update({"tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]})
    if y_range:
        layout["yaxis"]["range"] = list(y_range)
    chart = Chart(key=key, title=title, badge=badge, figure={"data": data, "layout": layout}, text=text, height=height)
    return _with_cursor(chart, series, cursor, y_range) if cursor else chart


def _levels(marks: Sequence[tuple[float, str]], series: Sequence[Line], log_x: bool) -> list[int]:
    """How many lines further down each mark's name has to stand so that it does not run into the one to its left."""
    scale = math.log10 if log_x else float
    places = [scale(x) for line in series for x in line.x]
    near = NAME_WIDTH * (max(places) - min(places))
    levels: list[int] = []
    for number, (x, _) in enumerate(marks):
        close = number > 0 and abs(scale(x) - scale(marks[number - 1][0])) < near
        levels.append(levels[-1] + 1 if close else 0)
    return levels


def _with_cursor(
    chart: Chart, series: Sequence[Line], cursor: tuple[int, int, int], y_range: tuple[float, float] | None
) -> Chart:
    step, computed, horizon = cursor
    values = [value for line in series for value in (*line.y, *line.low, *line.high)]
    low, high = y_range or (min(values), max(values))
    pad = 0 if y_range else 0.06 * (high - low) or 0.5
    data, layout = chart.figure["data"], chart.figure["layout"]
    layout["yaxis"]["range"] = [low - pad, high + pad]
    layout["xaxis"]["range"] = [-0.5, horizon + 0.5]
    data.append(
        {"type": "scatter", "mode": "lines", "x": [step, step], "y": [low - pad, high + pad], "showlegend": False,
         "line": {"color": "@text", "width": 1.5}, "hoverinfo": "skip"}
    )  # fmt: skip
    frames = tuple({str(len(data) - 1): {"x": [k, k]}} for k in range(computed + 1))
    return replace(chart, frames=frames, step=step, horizon=horizon)
