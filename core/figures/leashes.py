"""Runs told apart by which leash they wear: their distance from the last policy beside their distance from the reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.chart import Chart, Figure, Frame, rounded

GAP = 0.13


@dataclass(frozen=True)
class RunLine:
    """One run: its name, whether the clip and the KL penalty hold it, and its two distances per step from 0 on (nats)."""

    name: str
    clip: bool
    kl: bool
    to_old: Sequence[float]
    to_ref: Sequence[float]


def leashes_chart(
    *,
    key: str,
    title: str,
    runs: Sequence[RunLine],
    chosen: int,
    optimum_kl: float,
    step: int,
    horizon: int,
    text: str,
    illustrations: tuple[str, ...] = (),
) -> Chart:
    """Two panels over the updates. Colour says whether a run has the clip, dash whether it has the KL penalty.

    The chosen run is drawn thicker; `optimum_kl` is marked in the panel of the reference.
    """
    data: list[Figure] = []
    for number, run in enumerate(runs):
        for panel, values in ((1, run.to_old), (2, run.to_ref)):
            data.append(_line(run, values, panel, number == chosen))
    count = min(len(run.to_old) for run in runs)
    tables = [(rounded(run.to_old), rounded(run.to_ref)) for run in runs]
    frames: list[Frame] = []
    for k in range(count):
        frame: Frame = {}
        for panel in (0, 1):
            frame[str(len(data) + panel)] = {"x": [k] * len(runs), "y": [table[panel][k] for table in tables]}
        frames.append(frame)
    dots = [str(len(data)), str(len(data) + 1)]
    data += [{**_dots(runs, panel), **frames[step][trace]} for panel, trace in enumerate(dots, start=1)]
    layout = _layout(horizon)
    _add_panel(layout, 1, "Leash 1 · KL to the policy before the update", [v for run in runs for v in run.to_old])
    _add_panel(
        layout, 2, "Leash 2 · KL to the frozen reference", [optimum_kl, *(v for run in runs for v in run.to_ref)]
    )
    _add_optimum(layout, optimum_kl)
    return Chart(
        key=key,
        title=title,
        badge="live",
        figure={"data": data, "layout": layout},
        text=text,
        frames=tuple(frames),
        step=step,
        horizon=horizon,
        compact=_COMPACT,
        height=400,
        illustrations=illustrations,
    )


def _line(run: RunLine, values: Sequence[float], panel: int, chosen: bool) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": run.name,
        "x": list(range(len(values))),
        "y": rounded(values),
        "line": {"color": _colour(run), "width": 3.6 if chosen else 1.8, "dash": "solid" if run.kl else "dash"},
        "xaxis": f"x{panel}" if panel > 1 else "x",
        "yaxis": f"y{panel}" if panel > 1 else "y",
        "showlegend": panel == 1,
        "hovertemplate": "update %{x}: %{y:.3f} nats",
    }


def _dots(runs: Sequence[RunLine], panel: int) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "xaxis": f"x{panel}" if panel > 1 else "x",
        "yaxis": f"y{panel}" if panel > 1 else "y",
        "marker": {
            "symbol": [("circle" if run.clip else "square") + ("" if run.kl else "-open") for run in runs],
            "size": 10,
            "color": [_colour(run) for run in runs],
            "line": {"width": 2, "color": [_colour(run) for run in runs]},
        },
        "showlegend": False,
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _colour(run: RunLine) -> str:
    return "@new" if run.clip else "@muted"


def _layout(horizon: int) -> Figure:
    half = (1 - GAP) / 2
    axis = {"range": [-0.5, horizon + 0.5], "gridcolor": "@line", "zeroline": False, "nticks": 5, "tickfont": {"size": 11.5},
            "title": {"text": "update", "standoff": 4, "font": {"size": 12}}}  # fmt: skip
    return {
        "showlegend": True,
        "legend": {
            "orientation": "h",
            "x": -0.06,
            "y": 1.0,
            "yanchor": "bottom",
            "font": {"size": 12},
            "itemwidth": 40,
        },
        "margin": {"l": 44, "r": 12, "t": 30, "b": 42},
        "xaxis": {**axis, "domain": [0, half], "anchor": "y"},
        "xaxis2": {**axis, "domain": [half + GAP, 1], "anchor": "y2"},
        "shapes": [],
        "annotations": [],
    }


def _add_panel(layout: Figure, panel: int, title: str, values: Sequence[float]) -> None:
    high = max(values) or 0.1
    layout["yaxis" if panel == 1 else "yaxis2"] = {
        "domain": [0, 0.91], "range": [-0.04 * high, 1.08 * high], "anchor": "x" if panel == 1 else "x2", "gridcolor": "@line",
        "zeroline": False, "nticks": 6, "tickfont": {"size": 11.5},
    }  # fmt: skip
    layout["annotations"].append(
        {"text": title, "xref": f"x{'' if panel == 1 else 2} domain", "yref": f"y{'' if panel == 1 else 2} domain", "x": 0, "y": 1.02,
         "xanchor": "left", "yanchor": "bottom", "showarrow": False, "font": {"size": 12}}
    )  # fmt: skip


def _add_optimum(layout: Figure, optimum_kl: float) -> None:
    layout["shapes"].append(
        {"type": "line", "xref": "x2 domain", "yref": "y2", "x0": 0, "x1": 1, "y0": optimum_kl, "y1": optimum_kl,
         "line": {"color": "@optimum", "width": 1.6, "dash": "dashdot"}}
    )  # fmt: skip
    layout["annotations"].append(
        {"text": "π*", "xref": "x2 domain", "yref": "y2", "x": 1, "y": optimum_kl, "xanchor": "right", "yanchor": "bottom",
         "showarrow": False, "font": {"size": 13, "color": "@optimum"}}
    )  # fmt: skip


# On a phone the two panels stand one above the other.
_COMPACT: Figure = {
    "xaxis.domain": [0, 1],
    "xaxis2.domain": [0, 1],
    "yaxis.domain": [0.56, 0.94],
    "yaxis2.domain": [0, 0.38],
    "xaxis.title.text": "",
    "legend.font.size": 11,
}
