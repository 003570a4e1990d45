"""Sampled answers word by word, each word on a colour from a diverging scale, with a few figures of the run below.

Every word is a cell as wide as the word, so that an answer reads as a text. The words stay in the text colour: the scale
is see-through enough for 4.5:1 on it in both themes (a test measures it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.chart import Badge, Chart, Figure, Frame, label
from core.figures.step_lines import Line, line_and_marker

LINES = 7  # lines of words in all answers together
UNITS = 62.0  # width of a line, in letters
OPACITY = 50  # per cent, at the ends of the scale
LOW, HIGH = "rejected", "new"  # orange and blue: told apart in every common colour blindness
_HEAD, _GAP = 0.88, 0.2  # height of the line above an answer, and of the space below it, in lines
_FOOT = 0.26  # share of the chart that the panels take


@dataclass(frozen=True)
class HeatAnswer:
    """One answer: a line above it, its words, the number that colours each, and the words that get a frame."""

    head: str
    words: tuple[str, ...]
    values: tuple[float, ...]
    marked: tuple[bool, ...]


@dataclass(frozen=True)
class Scale:
    """What the colour means: its name, the value without colour, and how far from it the colour is full."""

    name: str
    centre: float
    reach: float
    digits: int = 2


def token_heat(
    *,
    key: str,
    title: str,
    steps: Sequence[Sequence[HeatAnswer]],
    scale: Scale,
    panels: Sequence[Sequence[Line]],
    step: int,
    horizon: int,
    picked: tuple[int, int],
    slots: int,
    badge: Badge,
    text: str,
    spoken: tuple[tuple[tuple[str, str], ...], ...],
    height: int = 328,
) -> Chart:
    """`steps[k]` are the answers of step k, as many in each. `picked` is (answer, word); a click reports answer · `slots` +
    word. A word outside the lines of its answer is not drawn. `panels` stand below: lines over the steps. `spoken` as in
    `Chart`."""
    frames: list[Frame] = [_frame(answers, picked, slots) for answers in steps]
    now = frames[step]
    low, high = scale.centre - scale.reach, scale.centre + scale.reach
    colours = [[0, f"@{LOW}/{OPACITY}"], [0.5, "@page/0"], [1, f"@{HIGH}/{OPACITY}"]]
    shown = f"%{{text}}<br>{scale.name} = %{{marker.color:.{scale.digits}f}}<extra></extra>"
    data: list[Figure] = [
        {"type": "bar", "orientation": "h", **now["0"], "width": 0.88, "textposition": "inside", "insidetextanchor": "middle",
         "constraintext": "none", "textangle": 0, "insidetextfont": {"color": "@text", "size": 13}, "hovertemplate": shown,
         "cliponaxis": False, "showlegend": False},
        {"type": "scatter", "mode": "text", **now["1"], "textposition": "middle right", "hoverinfo": "skip",
         "textfont": {"size": 12, "color": "@muted"}, "showlegend": False, "cliponaxis": False},
    ]  # fmt: skip
    layout: Figure = {
        "margin": {"l": 4, "r": 4, "t": 30, "b": 20},
        "barmode": "overlay",
        "bargap": 0,
        "showlegend": False,
        "shapes": [],
        # In the layout, not in the frames: the scale never moves while a run plays.
        "coloraxis": {"colorscale": colours, "cmin": low, "cmax": high, "colorbar": _colorbar(scale)},
        "annotations": [
            {"text": f"colour: {label(scale.name, 80)}", "x": 0, "xref": "paper", "y": 1.0, "yref": "paper", "yshift": 8, "xanchor": "left",
             "yanchor": "bottom", "showarrow": False, "font": {"size": 12}}
        ],
        "xaxis": {"range": [0, UNITS], "visible": False, "domain": [0, 1], "anchor": "y", "fixedrange": True},
        "yaxis": {"range": [len(steps[0]) * (_HEAD + _GAP) + LINES - 0.5, -0.5], "visible": False, "anchor": "x",
                  "domain": [_FOOT + 0.07, 1], "fixedrange": True},
    }  # fmt: skip
    for number, panel in enumerate(panels):
        suffix = str(number + 2)
        axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
        for line in panel:
            points = [round(value, 3) for value in line.values]
            data += [
                {**trace, "hoverinfo": "skip", "hovertemplate": None}
                for trace in line_and_marker(line, points, step, axes)
            ]
            for k, frame in enumerate(frames):
                frame[str(len(data) - 1)] = {"x": [k], "y": [points[k]]}
        _add_axes(layout, panel, suffix, _across(number, len(panels)), horizon)
    return Chart(
        key=key,
        title=title,
        badge=badge,
        figure={"data": data, "layout": layout},
        text=text,
        frames=tuple(frames),
        step=step,
        horizon=horizon,
        pick_trace=0,
        height=height,
        play_ms=500,
        spoken=spoken,
    )  # fmt: skip


def lines_of(words: Sequence[str]) -> list[list[tuple[int, float]]]:
    """The words of an answer in lines: (number of the word, where it begins) for each."""
    lines: list[list[tuple[int, float]]] = [[]]
    x = 0.0
    for number, word in enumerate(words):
        if x + _width(word) > UNITS and lines[-1]:
            lines.append([])
            x = 0.0
        lines[-1].append((number, x))
        x += _width(word)
    return lines


def allotted(needed: Sequence[int], room: int = LINES) -> list[int]:
    """How many lines each answer gets: one each, then one more in turn while there is room and need."""
    given = [1] * len(needed)
    while sum(given) < room and any(need > has for need, has in zip(needed, given)):
        for row, need in enumerate(needed):
            if given[row] < need and sum(given) < room:
                given[row] += 1
    return given


def _width(word: str) -> float:
    return len(word) + 1.8


def _frame(answers: Sequence[HeatAnswer], picked: tuple[int, int], slots: int) -> Frame:
    # Whole zeros, not 0.0: most places are empty, and every step goes over the line.
    width, base, y, colour, edge = ([0] * (slots * len(answers)) for _ in range(5))
    texts = [""] * len(width)
    laid = [lines_of(answer.words[:slots]) for answer in answers]
    heads, top = [], 0.0
    for row, (answer, lines, count) in enumerate(zip(answers, laid, allotted([len(lines) for lines in laid]))):
        heads.append(round(top, 2))
        for line, cells in enumerate(lines[:count]):
            for column, x in cells:
                at, word = row * slots + column, answer.words[column]
                base[at], y[at], width[at] = round(x, 1), round(top + _HEAD + line, 2), round(_width(word) - 0.25, 2)
                texts[at] = label(word, 40)
                colour[at] = round(answer.values[column], 3)
                edge[at] = 3 if (row, column) == picked else 1.2 if answer.marked[column] else 0
        top += _HEAD + count + _GAP
    return {
        "0": {"x": width, "base": base, "y": y, "text": texts,
              "marker": {"color": colour, "coloraxis": "coloraxis", "line": {"width": edge, "color": "@text"}}},
        "1": {"x": [0] * len(heads), "y": heads, "text": [label(answer.head, 200) for answer in answers]},
    }  # fmt: skip


def _colorbar(scale: Scale) -> Figure:
    low, high = scale.centre - scale.reach, scale.centre + scale.reach
    ends = [low, scale.centre, high]
    return {
        "orientation": "h", "x": 1.0, "xanchor": "right", "y": 1.0, "yanchor": "bottom", "len": 0.42, "lenmode": "fraction",
        "thickness": 9, "outlinewidth": 1, "outlinecolor": "@line", "ypad": 2, "xpad": 22, "tickvals": ends, "ticks": "",
        "ticktext": [f"≤ {low:.2g}", f"{scale.centre:g}", f"≥ {high:.2g}"], "tickfont": {"size": 11},
    }  # fmt: skip


def _add_axes(layout: Figure, panel: Sequence[Line], suffix: str, x: tuple[float, float], horizon: int) -> None:
    values = [value for line in panel for value in line.values]
    low, high = min(values), max(values)
    pad = 0.1 * (high - low) or 0.5
    layout[f"xaxis{suffix}"] = {
        "domain": list(x), "range": [-0.03 * horizon, 1.03 * horizon], "anchor": f"y{suffix}", "showgrid": False,
        "zeroline": False, "nticks": 4, "tickfont": {"size": 11}, "linecolor": "@line", "showline": True, "fixedrange": True,
    }  # fmt: skip
    layout[f"yaxis{suffix}"] = {
        "domain": [0.0, _FOOT - 0.05], "range": [low - pad, high + pad], "anchor": f"x{suffix}", "gridcolor": "@line",
        "nticks": 4, "zeroline": False, "tickfont": {"size": 11}, "fixedrange": True,
    }  # fmt: skip
    for number, line in enumerate(panel):
        layout["annotations"].append(
            {"text": label(line.name, 80), "x": number / len(panel), "y": 1.0, "yshift": 1, "xref": f"x{suffix} domain",
             "yref": f"y{suffix} domain", "xanchor": "left", "yanchor": "bottom", "showarrow": False,
             "font": {"size": 12, "color": f"@{line.role}"}}
        )  # fmt: skip


def _across(number: int, count: int) -> tuple[float, float]:
    gap = 0.075
    width = (1 - gap * count) / count
    left = gap * 0.75 + number * (width + gap)
    return left, left + width
