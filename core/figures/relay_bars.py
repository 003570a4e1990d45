"""The relay as charts: positions from left to right, a baton that moves along, and what was measured where it has been.

No hatching: Plotly cannot move a hatched bar (its pattern fill fails inside a transition), so bands carry their names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.chart import Badge, Chart, Figure, Frame, label, rounded

BAR = 0.36
FOOT = 0.12
"""Share of the height, under the bars, in which the baton runs."""


@dataclass(frozen=True)
class Bar:
    """One measurement at a position of the relay: a value, half its interval, the value of a run to compare with, and the
    same measurement at every recorded seed."""

    position: int
    value: float
    half: float
    compared: float | None = None
    seeds: tuple[float, ...] = ()


@dataclass(frozen=True)
class Share:
    """One band of a stacked bar: its name, a short one to stand inside it, its share at each measured position, its role."""

    name: str
    short: str
    values: tuple[float, ...]
    role: str


def gold_bars(
    *,
    key: str,
    title: str,
    ticks: Sequence[str],
    series: Sequence[tuple[str, str, Sequence[Bar]]],
    reach: tuple[float, float],
    step: int,
    text: str,
    compared: str = "",
    badge: Badge = "recorded",
    height: int = 400,
) -> Chart:
    """Two bars a position with their intervals. `series` holds (name, fill, bars); `compared` names the other run."""
    data: list[Figure] = []
    frames: list[Frame] = [{} for _ in ticks]
    for number, (name, fill, bars) in enumerate(series):
        at = [bar.position + (number - 0.5) * (BAR + 0.02) for bar in bars]
        _add(data, frames, [bar.position for bar in bars], rounded(bar.value for bar in bars), {
            "type": "bar", "x": at, "width": BAR, "name": name, "hovertemplate": "%{y:.2f}",
            "marker": {"color": fill, "line": {"color": "@gold", "width": 2}}})  # fmt: skip
        ends = [end for bar in bars for end in (*rounded((bar.value - bar.half, bar.value + bar.half)), None)]
        _add(data, frames, [bar.position for bar in bars for _ in range(3)], ends, {
            "type": "scatter", "mode": "lines", "x": [x for x in at for _ in range(3)], "hoverinfo": "skip",
            "showlegend": False, "line": {"color": "@text", "width": 1.8}})  # fmt: skip
        if compared:
            known = [(x, bar) for x, bar in zip(at, bars) if bar.compared is not None]
            _add(data, frames, [bar.position for _, bar in known], rounded(bar.compared for _, bar in known), {
                "type": "scatter", "mode": "markers", "x": [x for x, _ in known], "name": compared, "showlegend": number == 0,
                "hovertemplate": "%{y:.2f}", "cliponaxis": False,
                "marker": {"symbol": "diamond-open", "size": 12, "color": "@reference", "line": {"width": 2.5}}})  # fmt: skip
    for number, (_, _, bars) in enumerate(series):
        _seeds(data, frames, bars, [bar.position + (number - 0.5) * (BAR + 0.02) for bar in bars])
    low, high = reach
    floor = low - FOOT * (high - low)
    _baton(data, frames, (low + floor) / 2)
    layout = _layout(ticks, [floor, high])
    layout["yaxis"]["title"] = {"text": "gold: true quality", "standoff": 6}
    layout["yaxis"].update({"zeroline": True, "zerolinecolor": "@text"})
    return _chart(key, title, badge, data, layout, frames, step, text, height)


def behaviour_bars(
    *,
    key: str,
    title: str,
    ticks: Sequence[str],
    positions: Sequence[int],
    shares: Sequence[Share],
    step: int,
    text: str,
    badge: Badge = "recorded",
    height: int = 400,
) -> Chart:
    """One stacked bar a measured position; the shares of a position sum to 1."""
    data: list[Figure] = []
    frames: list[Frame] = [{} for _ in ticks]
    for share in shares:
        _add(data, frames, positions, rounded(share.values), {
            "type": "bar", "x": list(positions), "width": 0.8, "name": label(share.name, 40),
            "text": [_inside(share.short, value) for value in share.values], "textposition": "inside",
            "insidetextanchor": "middle", "textangle": 0, "insidetextfont": {"color": "@page", "size": 12.5},
            "hovertemplate": "%{y:.1%}",
            "marker": {"color": f"@{share.role}", "line": {"color": "@page", "width": 1.2}}})  # fmt: skip
    _baton(data, frames, -FOOT / 2)
    layout = _layout(ticks, [-FOOT, 1.0])
    layout["barmode"] = "stack"
    layout["yaxis"].update({"tickformat": ".0%", "tickvals": [0, 0.25, 0.5, 0.75, 1]})
    layout["legend"].update({"font": {"size": 11}, "traceorder": "normal"})
    layout["margin"]["t"] = 62
    chart = _chart(key, title, badge, data, layout, frames, step, text, height)
    chart.compact.update({"legend.font.size": 10, "margin.t": 128})
    return chart


def answer_grid(
    *,
    key: str,
    title: str,
    prompts: Sequence[str],
    rows: Sequence[tuple[int, str]],
    answers: Sequence[Sequence[tuple[str, str]]],
    positions: int,
    step: int,
    text: str,
    badge: Badge = "recorded",
    height: int = 410,
) -> Chart:
    """What each model answers: a column a prompt, a row (position, name) a model; a cell is (gold, answer).

    A phone shows the first column alone.
    """
    data: list[Figure] = []
    frames: list[Frame] = [{} for _ in range(positions)]
    places = [-float(number) for number in range(len(rows))]
    for column in range(len(prompts)):
        cells = [f"<b>{gold}</b><br>{label(said, 27)}" for gold, said in (row[column] for row in answers)]
        _add(data, frames, [position for position, _ in rows], places, {
            "type": "scatter", "mode": "text", "x": [column] * len(rows), "text": cells, "textposition": "middle center",
            "textfont": {"size": 11.5, "color": "@text"}, "hoverinfo": "skip", "showlegend": False})  # fmt: skip
    layout: Figure = {
        "showlegend": False, "margin": {"l": 74, "r": 6, "t": 46, "b": 8},
        "xaxis": {"range": [-0.52, len(prompts) - 0.48], "showticklabels": False, "showgrid": False, "zeroline": False,
                  "ticks": "", "fixedrange": True},
        "annotations": [
            {"text": f"<b>{label(prompt, 26)}</b>", "x": column, "xref": "x", "y": 1.0, "yref": "paper", "yanchor": "bottom",
             "showarrow": False, "font": {"size": 12}}
            for column, prompt in enumerate(prompts)
        ],
        "yaxis": {"range": [places[-1] - 0.5, 0.5], "tickvals": places, "ticktext": [label(name, 10) for _, name in rows],
                  "showgrid": False, "zeroline": False, "ticks": "", "fixedrange": True},
        "shapes": [
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y", "y0": place + 0.5, "y1": place + 0.5,
             "line": {"color": "@line", "width": 1}}
            for place in places
        ],
    }  # fmt: skip
    chart = _chart(key, title, badge, data, layout, frames, step, text, height)
    chart.compact.clear()
    chart.compact.update({"xaxis.range": [-0.52, 0.52]})
    return Chart(**{**vars(chart), "wide_only": tuple(range(1, len(prompts)))})


def _seeds(data: list[Figure], frames: list[Frame], bars: Sequence[Bar], at: Sequence[float]) -> None:
    """A small ring for every seed, side by side over its bar; nothing where one run is all there is."""
    rings = [
        (bar.position, x + 0.05 * (k - (len(bar.seeds) - 1) / 2), value)
        for x, bar in zip(at, bars)
        for k, value in enumerate(bar.seeds)
    ]
    if rings:
        _add(data, frames, [position for position, _, _ in rings], rounded(value for _, _, value in rings), {
            "type": "scatter", "mode": "markers", "x": [round(x, 3) for _, x, _ in rings], "name": "one seed",
            "showlegend": not any(trace.get("name") == "one seed" for trace in data), "hovertemplate": "%{y:.2f}", "cliponaxis": False,
            "marker": {"symbol": "circle", "size": 6, "color": "@page", "line": {"color": "@text", "width": 1.3}}})  # fmt: skip


def _inside(short: str, value: float) -> str:
    """What is written in a band, so that it is known without its colour: as much as there is room for."""
    return f"{short}<br>{value:.0%}" if value >= 0.14 else short if value >= 0.07 else ""


def _add(data: list[Figure], frames: list[Frame], at: Sequence[int], y: Sequence[float | None], trace: Figure) -> None:
    """A trace whose points appear once the baton has reached their positions."""
    for step, frame in enumerate(frames):
        frame[str(len(data))] = {"y": [value if position <= step else None for position, value in zip(at, y)]}
    data.append(trace)


def _baton(data: list[Figure], frames: list[Frame], height: float) -> None:
    for step, frame in enumerate(frames):
        frame[str(len(data))] = {"x": [step], "y": [height]}
    data.append(
        {"type": "scatter", "mode": "markers", "hoverinfo": "skip", "showlegend": False, "cliponaxis": False,
         "marker": {"symbol": "arrow-right", "size": 17, "color": "@accent"}}
    )  # fmt: skip


def _layout(ticks: Sequence[str], y_range: list[float]) -> Figure:
    return {
        "barmode": "overlay", "showlegend": True, "bargap": 0,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
        "margin": {"l": 56, "r": 10, "t": 34, "b": 28 + 16 * max(tick.count("<br>") for tick in ticks)},
        "xaxis": {"range": [-0.55, len(ticks) - 0.45], "tickvals": list(range(len(ticks))), "ticktext": list(ticks),
                  "showgrid": False, "zeroline": False, "tickfont": {"size": 12}},
        "yaxis": {"range": y_range, "gridcolor": "@line", "zeroline": False, "tickfont": {"size": 11.5}},
        "annotations": [
            {"text": "no policy<br>changes here", "x": 2.5, "y": y_range[1], "yanchor": "top", "showarrow": False,
             "font": {"size": 11.5, "color": "@muted"}}
        ],
    }  # fmt: skip


def _chart(
    key: str, title: str, badge: Badge, data: list[Figure], layout: Figure, frames: list[Frame], step: int, text: str, height: int
) -> Chart:  # fmt: skip
    for trace, arrays in frames[step].items():
        data[int(trace)].update(arrays)
    return Chart(
        key=key, title=title, badge=badge, figure={"data": data, "layout": layout}, text=text, frames=tuple(frames), step=step,
        horizon=len(frames) - 1, compact={"margin.l": 44, "xaxis.tickfont.size": 10}, height=height, play_ms=1500,
    )  # fmt: skip
