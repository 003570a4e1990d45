"""Changes as horizontal bars from zero, in groups, each with its interval over seeds and, if wanted, every seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.chart import Badge, Chart, Figure, Frame, label, rounded

_BAR, _JITTER = 0.62, 0.045


@dataclass(frozen=True)
class ChangeBar:
    """One bar: which group it stands in, its name, its role, mean, interval, the seeds, the step that shows it, and a value
    of one's own to set beside them."""

    group: str
    name: str
    role: str
    mean: float
    low: float
    high: float
    seeds: tuple[float, ...]
    shown_from: int = 0
    own: float | None = None


def change_bars(
    *,
    key: str,
    title: str,
    bars: Sequence[ChangeBar],
    steps: int,
    step: int,
    x_title: str,
    text: str,
    dots: bool,
    short_x_title: str = "",
    badge: Badge = "recorded",
    height: int = 340,
) -> Chart:
    """Bars from top to bottom, groups apart; `steps` is the number of the last step; `short_x_title` is the axis title on a phone."""
    rows: list[float] = []
    gaps = 0.0
    for number, bar in enumerate(bars):
        gaps += 0.45 if number and bars[number - 1].group != bar.group else 0.0
        rows.append(number + gaps)
    data: list[Figure] = []
    frames: list[Frame] = [{} for _ in range(steps + 1)]
    for row, bar in zip(rows, bars):
        first = len(data)
        (mean,) = rounded([bar.mean])
        ends = rounded((bar.low, bar.high))
        data.append(
            {"type": "bar", "orientation": "h", "y": [row], "width": _BAR, "name": bar.name, "hovertemplate": "%{x:.2f}",
             "marker": {"color": f"@{bar.role}/55", "line": {"color": f"@{bar.role}", "width": 1.5}}}
        )  # fmt: skip
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "y": [row, row],
                "line": {"color": "@text", "width": 2},
                "hoverinfo": "skip",
            }
        )
        if dots:
            half = (len(bar.seeds) - 1) / 2
            data.append(
                {"type": "scatter", "mode": "markers", "y": [round(row + _JITTER * (s - half), 4) for s in range(len(bar.seeds))],
                 "hovertemplate": "one seed: %{x:.2f}<extra></extra>",
                 "marker": {"symbol": "circle", "size": 6, "color": "@page", "line": {"color": f"@{bar.role}", "width": 1.5}}}
            )  # fmt: skip
        if bar.own is not None:
            data.append(
                {"type": "scatter", "mode": "markers", "y": [row], "hovertemplate": "live: %{x:.2f}<extra></extra>",
                 "marker": {"symbol": "star", "size": 16, "color": "@accent", "line": {"color": "@text", "width": 1.4}}}
            )  # fmt: skip
        for k, frame in enumerate(frames):
            shown = k >= bar.shown_from
            if bar.own is not None:
                frame[str(len(data) - 1)] = {"x": rounded([bar.own]) if shown else [None]}
            frame[str(first)] = {"x": [mean if shown else None]}
            frame[str(first + 1)] = {"x": ends if shown else [None, None]}
            if dots:
                frame[str(first + 2)] = {"x": rounded(bar.seeds) if shown else [None] * len(bar.seeds)}
    for trace, arrays in frames[step].items():
        data[int(trace)].update(arrays)
    reach = [
        value for bar in bars for value in (bar.low, bar.high, *bar.seeds, 0.0 if bar.own is None else bar.own, 0.0)
    ]
    pad = 0.07 * (max(reach) - min(reach)) or 0.5
    groups = list(dict.fromkeys(bar.group for bar in bars))
    layout: Figure = {
        "showlegend": False, "barmode": "overlay", "margin": {"l": 86, "r": 14, "t": 14, "b": 44},
        "xaxis": {"range": [min(reach) - pad, max(reach) + pad], "gridcolor": "@line", "zeroline": True, "zerolinecolor": "@text",
                  "zerolinewidth": 1.5, "tickfont": {"size": 11.5}, "title": {"text": x_title, "standoff": 6, "font": {"size": 12.5}}},
        "yaxis": {"range": [rows[-1] + 0.6, rows[0] - 0.95], "tickvals": rows, "ticktext": [label(bar.name, 12) for bar in bars],
                  "showgrid": False, "zeroline": False, "tickfont": {"size": 12.5}, "ticks": ""},
        "annotations": [
            {"text": f"<b>{label(group, 60)}</b>", "xref": "paper", "x": 0, "xanchor": "left", "yanchor": "bottom",
             "y": min(row for row, bar in zip(rows, bars) if bar.group == group) - 0.36, "yref": "y", "showarrow": False,
             "bgcolor": "@page", "borderpad": 1, "font": {"size": 12.5}}
            for group in groups
        ],
    }  # fmt: skip
    return Chart(
        key=key,
        title=title,
        badge=badge,
        figure={"data": data, "layout": layout},
        text=text,
        frames=tuple(frames),
        step=step,
        horizon=steps,
        compact={"margin.l": 72, "xaxis.title.font.size": 11, "xaxis.title.text": short_x_title or x_title},
        height=height,
        play_ms=1100,
    )
