"""A target with two modes in two panels, in each a policy with one bump that descends another divergence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.chart import Chart, Figure, Frame, rounded

_GAP = 0.09


@dataclass(frozen=True)
class BumpPanel:
    """One panel: its title, and the policy's probabilities at every step."""

    title: str
    name: str
    role: str
    paths: tuple[tuple[float, ...], ...]


def two_bumps(
    *,
    key: str,
    title: str,
    x: Sequence[float],
    target: Sequence[float],
    panels: Sequence[BumpPanel],
    step: int,
    text: str,
    height: int = 380,
) -> Chart:
    """`target` as bars in both panels, the policies as filled lines that glide. On a phone the panels stand one above the other."""
    half = (1 - _GAP) / 2
    top = max(max(target), *(max(probs) for panel in panels for probs in panel.paths))
    data: list[Figure] = []
    frames: list[Frame] = [{} for _ in panels[0].paths]
    layout: Figure = {
        "showlegend": True, "barmode": "overlay", "bargap": 0.15,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
        "margin": {"l": 44, "r": 10, "t": 34, "b": 42}, "annotations": [],
    }  # fmt: skip
    places = rounded(x)
    for number, panel in enumerate(panels):
        suffix = "" if number == 0 else "2"
        axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
        data.append(
            {"type": "bar", "x": places, "y": rounded(target), "name": "target", "showlegend": number == 0, "hoverinfo": "skip",
             "marker": {"color": "@optimum/45"}, **axes}
        )  # fmt: skip
        trace = len(data)
        data.append(
            {"type": "scatter", "mode": "lines+markers", "x": places, "y": rounded(panel.paths[step]), "name": panel.name,
             "fill": "tozeroy", "fillcolor": f"@{panel.role}/16", "hovertemplate": "%{y:.3f}",
             "line": {"color": f"@{panel.role}", "width": 2.4, "dash": "solid" if number == 0 else "dash"},
             "marker": {"symbol": "circle" if number == 0 else "square", "size": 4, "color": f"@{panel.role}"}, **axes}
        )  # fmt: skip
        for frame, probs in zip(frames, panel.paths):
            frame[str(trace)] = {"y": rounded(probs)}
        left = number * (half + _GAP)
        layout[f"xaxis{suffix}"] = {
            "domain": [left, left + half], "anchor": f"y{suffix}", "showgrid": False, "zeroline": False, "nticks": 7,
            "range": [places[0] - 0.2, places[-1] + 0.2], "tickfont": {"size": 11},
            "title": {"text": "answers in a row, x", "standoff": 4, "font": {"size": 12}},
        }  # fmt: skip
        layout[f"yaxis{suffix}"] = {
            "domain": [0, 0.92], "anchor": f"x{suffix}", "range": [0, 1.06 * top], "gridcolor": "@line", "zeroline": False,
            "nticks": 6, "tickfont": {"size": 11}, **({} if number == 0 else {"showticklabels": False}),
        }  # fmt: skip
        layout["annotations"].append(
            {"text": panel.title, "xref": f"x{suffix} domain", "yref": f"y{suffix} domain", "x": 0, "y": 1.02, "xanchor": "left",
             "yanchor": "bottom", "showarrow": False, "font": {"size": 12.5}}
        )  # fmt: skip
    return Chart(
        key=key,
        title=title,
        badge="live",
        figure={"data": data, "layout": layout},
        text=text,
        frames=tuple(frames),
        step=step,
        horizon=len(frames) - 1,
        compact={
            "xaxis.domain": [0, 1], "xaxis2.domain": [0, 1], "yaxis.domain": [0.56, 0.93], "yaxis2.domain": [0, 0.38],
            "yaxis2.showticklabels": True, "xaxis.title.text": "", "legend.font.size": 11,
        },
        height=height,
        play_ms=180,
    )  # fmt: skip
