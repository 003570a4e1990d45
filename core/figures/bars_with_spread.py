"""Panels of horizontal bars with an interval on each, gliding together from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.chart import Badge, Chart, Figure, Frame, label, rounded


@dataclass(frozen=True)
class SpreadPanel:
    """One panel: a bar per label at every frame, and half the width of the interval drawn on it."""

    title: str
    labels: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    half_widths: tuple[tuple[float, ...], ...]
    role: str
    lit: tuple[int, ...] = ()


def spread_panels(
    *,
    key: str,
    title: str,
    panels: Sequence[SpreadPanel],
    step: int,
    text: str,
    badge: Badge = "live",
    primary: str = "",
    play_ms: int = 0,
    height: int = 300,
) -> Chart:
    """Side by side panels; on a phone only the first is shown. All panels have the same number of frames."""
    data: list[Figure] = []
    layout: Figure = {
        "showlegend": False,
        "barmode": "overlay",
        "margin": {"l": 112, "r": 12, "t": 30, "b": 28},
        "shapes": [],
        "annotations": [],
    }
    frames: list[Frame] = [{} for _ in panels[0].values]
    wide_only: list[int] = []
    for number, panel in enumerate(panels):
        suffix = "" if number == 0 else str(number + 1)
        rows = list(range(len(panel.labels)))
        axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
        points = [rounded(values) for values in panel.values]
        intervals = [_intervals(values, halves) for values, halves in zip(panel.values, panel.half_widths)]
        bar, whisker = len(data), len(data) + 1
        data.append(
            {"type": "bar", "orientation": "h", "x": points[step], "y": rows, "width": 0.56, "name": panel.title,
             "marker": {"color": f"@{panel.role}"}, "hovertemplate": "%{x:.2f}", **axes}
        )  # fmt: skip
        data.append(
            {"type": "scatter", "mode": "lines", "x": intervals[step], "y": [v for r in rows for v in (r, r, None)],
             "line": {"color": "@text", "width": 1.6}, "hoverinfo": "skip", **axes}
        )  # fmt: skip
        if number:
            wide_only += [bar, whisker]
        for frame, values, ends in zip(frames, points, intervals):
            frame[str(bar)] = {"x": values}
            frame[str(whisker)] = {"x": ends}
        reach = max((abs(v) for ends in intervals for v in ends if v is not None), default=0.0)
        _axes(layout, panel, suffix, rows, max(1.08 * reach, 0.5), number, len(panels))
    return Chart(
        key=key,
        title=title,
        badge=badge,
        figure={"data": data, "layout": layout},
        text=text,
        frames=tuple(frames) if len(frames) > 1 else (),
        step=step,
        horizon=len(frames) - 1,
        compact={"xaxis.domain": [0, 1], "margin.l": 96},
        wide_only=tuple(wide_only),
        height=height,
        primary=primary,
        play_ms=play_ms,
    )


def _intervals(values: Sequence[float], halves: Sequence[float]) -> list[float | None]:
    ends: list[float | None] = []
    for value, half in zip(values, halves):
        ends += [float(f"{value - half:.5g}"), float(f"{value + half:.5g}"), None]
    return ends


def _axes(
    layout: Figure, panel: SpreadPanel, suffix: str, rows: list[int], reach: float, number: int, count: int
) -> None:
    gap = 0.19
    width = (1 - gap * (count - 1)) / count
    left = number * (width + gap)
    texts = [f"<b>{label(name)}</b>" if row in panel.lit else label(name) for row, name in zip(rows, panel.labels)]
    layout[f"xaxis{suffix}"] = {
        "domain": [left, left + width], "range": [-_nice(reach), _nice(reach)], "anchor": f"y{suffix}", "nticks": 5,
        "gridcolor": "@line", "zeroline": True, "zerolinecolor": "@text", "tickfont": {"size": 11},
    }  # fmt: skip
    layout[f"yaxis{suffix}"] = {
        "anchor": f"x{suffix}", "tickvals": rows, "ticktext": texts, "range": [len(rows) - 0.5, -0.5], "showgrid": False,
        "zeroline": False, "tickfont": {"size": 12}, "ticks": "", "ticklabelstandoff": 6,
    }  # fmt: skip
    layout["annotations"].append(
        {"text": panel.title, "xref": f"x{suffix} domain", "yref": "paper", "x": 0.5, "y": 1.02, "xanchor": "center",
         "yanchor": "bottom", "showarrow": False, "font": {"size": 12.5}}
    )  # fmt: skip


def _nice(reach: float) -> float:
    return next((step for step in (0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 40) if step >= reach), reach)
