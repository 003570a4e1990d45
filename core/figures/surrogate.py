"""PPO's clipped objective against the ratio: one response's curve with both branches, the others behind it, each as a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.chart import Chart, Figure, Frame, label, rounded

NAME_WIDTH = 0.22


@dataclass(frozen=True)
class Branches:
    """One response's objective over a grid of ratios: both branches, the smaller of them, and where its slope is zero."""

    ratios: Sequence[float]
    unclipped: Sequence[float]
    clipped: Sequence[float]
    smaller: Sequence[float]
    flat: Sequence[tuple[float, float]]


def surrogate_chart(
    *,
    key: str,
    title: str,
    names: Sequence[str],
    picked: int,
    drawn: Sequence[bool],
    advantages: Sequence[float],
    fan_ratios: Sequence[float],
    fan: Sequence[Sequence[float]],
    branches: Branches,
    points: Sequence[tuple[Sequence[float], Sequence[float]]],
    reach: tuple[float, float],
    edges: tuple[float, float],
    step: int,
    horizon: int,
    text: str,
    illustrations: tuple[str, ...] = (),
) -> Chart:
    """The chart of one batch's objective. `points[k]` holds ratios and objective of all responses after k epochs.

    `fan` has one curve a response over `fan_ratios`; the picked one's is drawn from `branches` on top. Points of responses
    that were not drawn are hollow. `reach` is the interval of the objective to be shown; `edges` are 1 − ε and 1 + ε.
    """
    x_range = [min(fan_ratios), max(fan_ratios)]
    data: list[Figure] = [
        _line(fan_ratios, curve, name, "@muted/45", 1, "solid", legend=False)
        for row, (curve, name) in enumerate(zip(fan, names))
        if row != picked
    ]
    data += [
        _line(branches.ratios, branches.unclipped, "free: ρA", "@muted", 1.8, "dash"),
        _line(branches.ratios, branches.clipped, "held: clip(ρ)A", "@optimum", 2, "dot"),
        _line(branches.ratios, branches.smaller, "the smaller one", "@new", 4, "solid"),
    ]
    # The points come last, so that no line covers them.
    everyone, yours = len(data), len(data) + 1
    frames: list[Frame] = []
    for ratios, values in points:
        x, y = rounded(ratios), rounded(values)
        frames.append({str(everyone): {"x": x, "y": y}, str(yours): {"x": [x[picked]], "y": [y[picked]]}})
    data += [
        {**frames[step][str(everyone)], **_points(names, picked, drawn, _sides(points, advantages, x_range))},
        {**frames[step][str(yours)], **_your_point(drawn[picked])},
    ]
    return Chart(
        key=key,
        title=title,
        badge="live",
        figure={"data": data, "layout": _layout(x_range, reach, branches.flat, edges)},
        text=text,
        frames=tuple(frames),
        step=step,
        horizon=horizon,
        compact={"margin.l": 46, "legend.font.size": 11},
        pick_trace=everyone,
        height=372,
        illustrations=illustrations,
    )


def _sides(
    points: Sequence[tuple[Sequence[float], Sequence[float]]], advantages: Sequence[float], x_range: list[float]
) -> list[str]:
    """Where each name stands over all steps: above the curve, on the side that the gradient leads away from if there is room."""
    room = NAME_WIDTH * (x_range[1] - x_range[0])
    sides = []
    for row, advantage in enumerate(advantages):
        places = [ratios[row] for ratios, _ in points]
        fits = {"left": min(places) - room >= x_range[0], "right": max(places) + room <= x_range[1]}
        wanted = ("left", "right") if advantage > 0 else ("right", "left")
        sides.append(next((f"top {side}" for side in wanted if fits[side]), "top center"))
    return sides


def _points(names: Sequence[str], picked: int, drawn: Sequence[bool], sides: list[str]) -> Figure:
    """All responses with their names."""
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": "the other answers",
        "text": [f"<b>{label(name, 40)}</b>" if row == picked else label(name, 40) for row, name in enumerate(names)],
        "textposition": sides,
        "textfont": {"size": [13 if row == picked else 11.5 for row in range(len(names))], "color": "@text"},
        "marker": {
            "symbol": ["circle" if was_drawn else "circle-open" for was_drawn in drawn],
            "size": 9,
            "color": "@muted",
            "line": {"width": 1.5, "color": "@muted"},
        },
        "hovertemplate": "ρ %{x:.3f}, objective %{y:.3f}",
        "showlegend": False,
        "cliponaxis": False,
    }


def _your_point(was_drawn: bool) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "your answer",
        "marker": {
            "symbol": "circle" if was_drawn else "circle-open",
            "size": 15,
            "color": "@new",
            "line": {"width": 2, "color": "@page" if was_drawn else "@new"},
        },
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _line(
    x: Sequence[float], y: Sequence[float], name: str, colour: str, width: float, dash: str, legend: bool = True
) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": rounded(x),
        "y": rounded(y),
        "line": {"color": colour, "width": width, "dash": dash},
        "hoverinfo": "skip",
        "showlegend": legend,
    }


def _layout(
    x_range: list[float],
    reach: tuple[float, float],
    flat: Sequence[tuple[float, float]],
    edges: tuple[float, float],
) -> Figure:
    low, high = reach
    pad = 0.1 * (high - low) or 1.0
    small = {"size": 12.5}
    inside = [edge for edge in edges if x_range[0] < edge < x_range[1]]
    axis = {"gridcolor": "@line", "zeroline": False, "tickfont": {"size": 11.5}}
    return {
        "margin": {"l": 54, "r": 12, "t": 30, "b": 40},
        "legend": {"orientation": "h", "x": -0.02, "y": 1.05, "yanchor": "bottom", "font": {"size": 12}, "itemwidth": 30},
        "showlegend": True,
        "xaxis": {"title": {"text": "ratio ρ = π / π_old", "standoff": 4, "font": small}, "range": x_range, **axis},
        "yaxis": {"title": {"text": "objective of one response", "standoff": 4, "font": small}, "range": [low - pad, high + pad], **axis},
        "shapes": [
            *(
                {"type": "rect", "xref": "x", "yref": "paper", "x0": a, "x1": b, "y0": 0, "y1": 1, "layer": "below",
                 "line": {"width": 0}, "fillcolor": "@optimum/14"}
                for a, b in flat
            ),
            *(
                {"type": "line", "xref": "x", "yref": "paper", "x0": edge, "x1": edge, "y0": 0, "y1": 1, "layer": "below",
                 "line": {"color": "@optimum", "width": 1.2, "dash": "dot"}}
                for edge in inside
            ),
            {"type": "line", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": 0, "y1": 0, "layer": "below",
             "line": {"color": "@muted", "width": 1}},
        ],
        "annotations": [
            *(_note(edge, "1 − ε" if edge < 1 else "1 + ε", "right" if edge < 1 else "left") for edge in inside),
            *(_flat_note(a, b, x_range) for a, b in flat),
        ],
    }  # fmt: skip


def _note(x: float, text: str, side: str) -> Figure:
    return {"text": text, "xref": "x", "yref": "paper", "x": x, "y": 1.0, "xanchor": side, "yanchor": "bottom",
            "showarrow": False, "font": {"size": 11.5}}  # fmt: skip


def _flat_note(low: float, high: float, x_range: list[float]) -> Figure:
    # Beside a narrow band there is no room for the words inside it.
    wide = high - low > 0.2 * (x_range[1] - x_range[0])
    text = "flat: gradient 0" if wide else "flat:<br>gradient 0"
    return {"text": text, "xref": "x", "yref": "paper", "x": (low + high) / 2, "y": 0.01, "yanchor": "bottom",
            "showarrow": False, "font": {"size": 11.5}}  # fmt: skip
