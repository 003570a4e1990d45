"""Pieces that are being put in order: those that wait on the left, numbered slots on the right; a placed piece glides over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.figures.chart import Chart, Figure, label

WAITING, SLOT, SLOT_WIDTH = 4.0, 54.0, 44.0
LOOKS: dict[str, tuple[str, str]] = {
    "waiting": ("circle-open", "@muted"),
    "placed": ("circle", "@accent"),
    "right": ("triangle-up", "@good"),
    "early": ("x", "@bad"),
}
"""Symbol and colour of a piece in each state."""


@dataclass(frozen=True)
class BoardPiece:
    """One piece: name, what it does in a few words, its slot from 0 (None while it waits), and how it fares there."""

    name: str
    does: str
    slot: int | None
    state: Literal["waiting", "placed", "right", "early"]


def order_board(*, key: str, title: str, pieces: Sequence[BoardPiece], text: str, height: int = 330) -> Chart:
    """The pieces from the top in the order given, and one slot for each of them."""
    count = len(pieces)
    data: list[Figure] = []
    for row, piece in enumerate(pieces):
        symbol, colour = LOOKS[piece.state]
        placed = piece.slot is not None
        data.append(
            {
                "type": "scatter", "mode": "markers+text", "x": [SLOT + 3.5 if placed else WAITING],
                "y": [piece.slot if placed else row], "text": [f"  <b>{label(piece.name, 40)}</b><br>  {label(piece.does, 40)}"],
                "textposition": "middle right", "textfont": {"size": 12, "color": "@text"}, "hoverinfo": "skip",
                "cliponaxis": False, "marker": {"symbol": symbol, "size": 13, "color": colour, "line": {"width": 2}},
            }
        )  # fmt: skip
    slots = [
        {
            "type": "rect", "xref": "x", "yref": "y", "x0": SLOT, "x1": SLOT + SLOT_WIDTH, "y0": row - 0.44, "y1": row + 0.44,
            "layer": "below", "fillcolor": "@panel", "line": {"color": "@line", "width": 1.2, "dash": "dot"},
        }
        for row in range(count)
    ]  # fmt: skip
    numbers = [
        {"x": SLOT - 3, "y": row, "xref": "x", "yref": "y", "showarrow": False, "text": f"<b>{row + 1}</b>",
         "font": {"size": 13, "color": "@muted"}}
        for row in range(count)
    ]  # fmt: skip
    return Chart(
        key=key,
        title=title,
        badge="illustration",
        figure={
            "data": data,
            "layout": {
                "showlegend": False,
                "margin": {"l": 2, "r": 2, "t": 4, "b": 4},
                "xaxis": {"range": [0, 100], "visible": False, "fixedrange": True},
                "yaxis": {"range": [count - 0.5, -0.5], "visible": False, "fixedrange": True},
                "shapes": slots,
                "annotations": numbers,
            },
        },
        text=text,
        height=height,
    )
