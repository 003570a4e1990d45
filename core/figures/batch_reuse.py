"""One batch used again and again: two policies as bars, and beside them two of their figures as lines that grow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.chart import Chart, Figure, Frame, label, rounded

BAR = 0.34
LEFT, RIGHT = 0.56, 0.69


@dataclass(frozen=True)
class Growing:
    """One figure of both policies over the epochs: the panel's title, and one value per epoch from 0 on for each of them."""

    title: str
    ppo: Sequence[float]
    plain: Sequence[float]


def batch_reuse_chart(
    *,
    key: str,
    title: str,
    names: Sequence[str],
    picked: int,
    old_probs: Sequence[float],
    ppo_probs: Sequence[Sequence[float]],
    plain_probs: Sequence[Sequence[float]],
    panels: tuple[Growing, Growing],
    step: int,
    text: str,
    illustrations: tuple[str, ...] = (),
) -> Chart:
    """The chart of a batch that is used many times. The probabilities hold one row an epoch from 0 on, up to the horizon."""
    horizon = len(ppo_probs) - 1
    rows = list(range(len(names)))
    old = _percent(old_probs)
    ppo, plain = ([_percent(row) for row in table] for table in (ppo_probs, plain_probs))
    data: list[Figure] = [
        {**_bars("old policy", old, rows, 0.0, 0.84),
         "marker": {"color": "rgba(0,0,0,0)", "line": {"color": "@old", "width": 1.6}}},
        {**_bars("plain policy gradient", plain[step], rows, -0.5 * BAR, BAR), "marker": {"color": "@muted"}},
        {**_bars("PPO", ppo[step], rows, 0.5 * BAR, BAR), "marker": {"color": "@new"}},
    ]  # fmt: skip
    largest = max(max(max(row) for row in table) for table in (ppo, plain, [old]))
    labels = [_bold(label(name), row == picked) for row, name in zip(rows, names)]
    layout = _layout(labels, picked, min(10 * math.ceil((largest + 1) / 10), 102))
    grown: list[tuple[int, list[float]]] = []
    for number, panel in enumerate(panels, start=2):
        for values, colour, dash, symbol in (
            (panel.plain, "@muted", "dash", "square"),
            (panel.ppo, "@new", "solid", "circle"),
        ):
            points = rounded(values, 4)
            grown.append((len(data), points))
            data.append({**_grown(points, step), **_line(number, colour, dash, symbol, horizon)})
        _add_panel(layout, panel, number, horizon)
    frames: list[Frame] = []
    for k in range(horizon + 1):
        frame: Frame = {"1": {"x": plain[k]}, "2": {"x": ppo[k]}}
        frame.update({str(trace): _grown(points, k) for trace, points in grown})
        frames.append(frame)
    return Chart(
        key=key,
        title=title,
        badge="live",
        figure={"data": data, "layout": layout},
        text=text,
        frames=tuple(frames),
        step=step,
        horizon=horizon,
        compact={**_COMPACT, "yaxis.ticktext": [_bold(label(n, 40), row == picked) for row, n in zip(rows, names)]},
        pick_trace=2,
        height=384,
        illustrations=illustrations,
    )


def _bold(text: str, wanted: bool) -> str:
    return f"<b>{text}</b>" if wanted else text


def _percent(probs: Sequence[float]) -> list[float]:
    return rounded([100 * p for p in probs], 4)


def _grown(points: list[float], step: int) -> dict[str, list[float]]:
    """A line as far as `step`: its later points wait at its tip, so that it can glide on."""
    last = len(points) - 1
    places = [min(k, step) for k in range(last + 1)]
    return {"x": places, "y": [points[k] for k in places]}


def _bars(name: str, values: list[float], rows: list[int], shift: float, width: float) -> Figure:
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "x": values,
        "y": [row + shift for row in rows],
        "width": width,
        "hovertemplate": "%{x:.1f} %",
    }


def _line(number: int, colour: str, dash: str, symbol: str, horizon: int) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "line": {"color": colour, "width": 2.2, "dash": dash},
        # Only the tip is marked.
        "marker": {"symbol": symbol, "color": colour, "size": [0] * horizon + [9], "opacity": 1},
        "xaxis": f"x{number}",
        "yaxis": f"y{number}",
        "showlegend": False,
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _layout(labels: list[str], picked: int, top: float) -> Figure:
    return {
        "barmode": "overlay",
        "showlegend": True,
        "legend": {"orientation": "h", "x": -0.23, "y": 1.01, "yanchor": "bottom", "font": {"size": 12}, "itemwidth": 30},
        "margin": {"l": 118, "r": 14, "t": 30, "b": 40},
        "xaxis": {"range": [0, top], "domain": [0, LEFT], "ticksuffix": " %", "nticks": 6, "anchor": "y",
                  "gridcolor": "@line", "zeroline": False, "tickfont": {"size": 11.5}},
        "yaxis": {"tickvals": list(range(len(labels))), "ticktext": labels, "range": [len(labels) - 0.5, -0.5],
                  "tickfont": {"size": 12.5}, "showgrid": False, "zeroline": False, "ticks": "", "ticklabelstandoff": 6,
                  "domain": [0, 1]},
        "shapes": [
            {"type": "rect", "xref": "paper", "x0": -0.26, "x1": LEFT, "y0": picked - 0.48, "y1": picked + 0.48,
             "layer": "below", "line": {"width": 0}, "fillcolor": "@optimum/14"}
        ],
        "annotations": [],
    }  # fmt: skip


def _add_panel(layout: Figure, panel: Growing, number: int, horizon: int) -> None:
    values = [*panel.ppo, *panel.plain]
    low, high = min(values), max(values)
    pad = 0.1 * (high - low) or 0.1
    bottom, top = {2: (0.56, 0.93), 3: (0.0, 0.37)}[number]
    axis = {"gridcolor": "@line", "zeroline": False, "tickfont": {"size": 11}}
    layout[f"xaxis{number}"] = {
        "domain": [RIGHT, 1],
        "range": [0, horizon + 0.6],
        "anchor": f"y{number}",
        "nticks": 4,
        **axis,
    }
    layout[f"yaxis{number}"] = {
        "domain": [bottom, top],
        "range": [low - pad, high + pad],
        "anchor": f"x{number}",
        "nticks": 5,
        **axis,
    }
    layout["annotations"].append(
        {"text": panel.title, "xref": f"x{number} domain", "yref": f"y{number} domain", "x": 0, "y": 1.02, "xanchor": "left",
         "yanchor": "bottom", "showarrow": False, "font": {"size": 12}}
    )  # fmt: skip
    if number == 3:
        layout[f"xaxis{number}"]["title"] = {"text": "epochs on this batch", "standoff": 4, "font": {"size": 11.5}}


# On a phone the bars take the upper part over the whole width, and both panels stand side by side below.
_COMPACT: Figure = {
    "margin.l": 104,
    "annotations.0.text": "KL to old, nats",
    "xaxis.domain": [0, 1],
    "yaxis.domain": [0.42, 1],
    "yaxis.tickfont.size": 10,
    "shapes.0.x1": 1,
    "legend.font.size": 11,
    "xaxis2.domain": [0, 0.42],
    "yaxis2.domain": [0, 0.26],
    "xaxis3.domain": [0.58, 1],
    "yaxis3.domain": [0, 0.26],
    "xaxis3.title.text": "",
}
