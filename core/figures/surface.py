"""A loss over two weights as a map, with the path that gradient descent takes on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.figures.chart import Badge, Chart, rounded


def loss_surface(
    *,
    key: str,
    title: str,
    x_name: str,
    y_name: str,
    x: Sequence[float],
    y: Sequence[float],
    loss: np.ndarray,
    path: np.ndarray,
    optimum: Sequence[float],
    step: int,
    text: str,
    badge: Badge = "live",
    height: int = 330,
) -> Chart:
    """Contours of `loss` [len(y), len(x)], the walked `path` [frames, 2], where it stands at `step`, and the optimum."""
    walked = [rounded(path[:, 0]), rounded(path[:, 1])]
    data = [
        {"type": "contour", "x": rounded(x), "y": rounded(y), "z": [rounded(row, 4) for row in loss], "ncontours": 14,
         "contours": {"coloring": "lines"}, "line": {"width": 1.2}, "colorscale": [[0, "@human"], [1, "@line"]],
         "showscale": False, "hovertemplate": "%{x:.2f}, %{y:.2f}: loss %{z:.3f}", "name": "loss"},
        {"type": "scatter", "mode": "lines+markers", "x": walked[0], "y": walked[1], "name": "descent",
         "line": {"color": "@new", "width": 2}, "marker": {"size": 4, "color": "@new"}, "hoverinfo": "skip"},
        {"type": "scatter", "mode": "markers", "x": [walked[0][step]], "y": [walked[1][step]], "name": "here",
         "marker": {"size": 13, "color": "@new", "line": {"color": "@page", "width": 2}}, "hoverinfo": "skip"},
        {"type": "scatter", "mode": "markers", "x": rounded(optimum[:1]), "y": rounded(optimum[1:]), "name": "optimum",
         "marker": {"size": 12, "symbol": "diamond", "color": "@optimum"}, "hoverinfo": "skip"},
    ]  # fmt: skip
    layout = {
        "margin": {"l": 60, "r": 12, "t": 30, "b": 46},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
        "xaxis": {
            "title": {"text": f"weight of “{x_name}”", "standoff": 8},
            "range": [min(x), max(x)],
            "gridcolor": "@line",
        },
        "yaxis": {
            "title": {"text": f"weight of “{y_name}”", "standoff": 8},
            "range": [min(y), max(y)],
            "gridcolor": "@line",
        },
    }
    frames = tuple({"2": {"x": [px], "y": [py]}} for px, py in zip(*walked))
    return Chart(
        key=key, title=title, badge=badge, figure={"data": data, "layout": layout}, text=text, frames=frames, step=step,
        horizon=len(frames) - 1, height=height, primary="Descend", play_ms=90,
    )  # fmt: skip
