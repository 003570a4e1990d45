"""One line a rater: how a true utility becomes a rating, with the ratings that two items get from everybody."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.figures.chart import Chart, Figure, rounded

ABOVE = 0.34
SMALL = {"size": 13}


def rating_lines(
    *,
    key: str,
    title: str,
    utilities: Sequence[float],
    items: Sequence[str],
    latent: np.ndarray,
    ratings: np.ndarray,
    picked: int,
    pair: tuple[int, int],
    scale: tuple[int, int],
    text: str,
    height: int = 330,
) -> Chart:
    """`latent` and `ratings` are [raters, items]: the line of each rater, and what the rater writes down without error.

    The picked rater's line is bold and carries its ratings; the numbers over the two items of `pair` are the raters that
    give the rating at that height.
    """
    u = np.asarray(utilities, dtype=float)
    gap = float(u[1] - u[0])
    data: list[Figure] = []
    for rater, line in enumerate(latent):
        chosen = rater == picked
        data.append(
            {"type": "scatter", "mode": "lines", "name": f"rater {rater + 1}: 4 + a + b u" if chosen else f"rater {rater + 1}",
             "x": rounded(u), "y": rounded(line),
             "line": {"color": "@human" if chosen else "@reference/55", "width": 3 if chosen else 1.4,
                      "dash": "solid" if chosen else "dot"},
             "showlegend": chosen, "hovertemplate": f"rater {rater + 1}: %{{y:.2f}}<extra></extra>"}
        )  # fmt: skip
    data.append(
        {"type": "scatter", "mode": "markers", "name": f"rater {picked + 1} writes down", "x": rounded(u),
         "y": rounded(ratings[picked]), "marker": {"symbol": "circle", "size": 9, "color": "@human"},
         "hovertemplate": "%{y:.0f}<extra></extra>"}
    )  # fmt: skip
    low, high = scale
    heights = list(range(low, high + 1))
    for item, role in zip(pair, ("chosen", "rejected")):
        who = [" ".join(str(k + 1) for k in np.flatnonzero(ratings[:, item] == points)) for points in heights]
        data.append(
            {"type": "scatter", "mode": "text", "name": f"raters of {items[item]}", "x": [float(u[item])] * len(heights),
             "y": [points + ABOVE for points in heights], "text": who, "showlegend": False,
             "textfont": {"size": 13, "color": f"@{role}"}, "hoverinfo": "skip"}
        )  # fmt: skip
    layout: Figure = {
        "margin": {"l": 46, "r": 12, "t": 30, "b": 46},
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
        "xaxis": {"tickvals": rounded(u), "ticktext": list(items),
                  "title": {"text": "item, by true utility u · numbers: the raters who write that rating", "standoff": 6, "font": SMALL},
                  "range": [float(u[0] - 0.6 * gap), float(u[-1] + 0.6 * gap)], "showgrid": False, "zeroline": False},
        "yaxis": {"range": [low - 0.7, high + 0.9], "tickvals": heights, "gridcolor": "@line",
                  "zeroline": False, "title": {"text": "rating s", "standoff": 6, "font": SMALL}},
        "shapes": [
            {"type": "rect", "xref": "x", "yref": "paper", "x0": float(u[item] - 0.47 * gap), "x1": float(u[item] + 0.47 * gap),
             "y0": 0, "y1": 1, "fillcolor": f"@{role}/12", "line": {"width": 0}, "layer": "below"}
            for item, role in zip(pair, ("chosen", "rejected"))
        ],
    }  # fmt: skip
    return Chart(
        key=key,
        title=title,
        badge="live",
        figure={"data": data, "layout": layout},
        text=text,
        height=height,
        compact={"xaxis.title.text": "item · numbers: raters"},
    )
