"""The whole relay as one drawing: eight boxes and ten numbered arrows with what flows along each of them.

Where everything stands is drawn by hand, once for a wide screen and once for a phone; what is written on it comes from the
caller. The numbered discs on the arrows are what a click or a tap hits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.figures.chart import Badge, Chart, Figure, label

Place = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """One box: its key in the drawing, a name, a short note below. `kept` marks a model that PPO holds in memory; `pale` one
    that nothing needs now."""

    key: str
    name: str
    note: str
    kept: bool = False
    pale: bool = False


@dataclass(frozen=True)
class Arrow:
    """One arrow: its key in the drawing, what flows, how much, and one figure of it. `state` "cut" is the one that was cut,
    "idle" one along which nothing flows then."""

    key: str
    name: str
    count: str
    score: str
    state: Literal["flows", "cut", "idle"] = "flows"


@dataclass(frozen=True)
class _Route:
    """Corners of an arrow from tail to head, where its disc sits, and where and how its label stands."""

    corners: tuple[Place, ...]
    disc: Place
    words: Place
    align: Literal["left", "center", "right"] = "center"
    stands: Literal["top", "middle", "bottom"] = "middle"


@dataclass(frozen=True)
class _Drawing:
    """Centres of the boxes with their half widths, half a box's height, the arrows' routes, and the ends of both axes."""

    boxes: dict[str, tuple[float, float, float]]
    half_height: float
    routes: dict[str, _Route]
    x_range: Place
    y_range: Place


WIDE = _Drawing(
    boxes={
        "base": (10, 88, 10), "sft": (50, 88, 10), "people": (90, 88, 10), "reference": (50, 50, 10), "reward": (90, 50, 10),
        "policy": (10, 12, 10), "ppo": (50, 12, 10), "value": (90, 12, 10),
    },
    half_height=7,
    routes={
        "demos": _Route(((20, 88), (40, 88)), (29, 88), (30, 92), stands="bottom"),
        "answers": _Route(((60, 88), (80, 88)), (69, 88), (70, 92), stands="bottom"),
        "votes": _Route(((90, 81), (90, 57)), (90, 70), (87, 69), "right"),
        "copy": _Route(((50, 81), (50, 57)), (50, 70), (53, 69), "left"),
        "start": _Route(((43, 81), (12, 19)), (27.5, 50), (24.5, 53), "right"),
        "samples": _Route(((20, 15), (40, 15)), (29, 15), (30, 19), stands="bottom"),
        "update": _Route(((40, 8), (20, 8)), (31, 8), (30, 4), stands="top"),
        "scores": _Route(((83, 43), (60, 16)), (74, 32.5), (77, 29), "left"),
        "kl": _Route(((50, 43), (50, 19)), (50, 32), (53, 33), "left"),
        "baseline": _Route(((80, 11), (60, 11)), (71, 11), (70, 7), stands="top"),
    },
    x_range=(-0.5, 100.5),
    y_range=(-9, 107),
)  # fmt: skip
TALL = _Drawing(
    boxes={
        "base": (23, 97, 21), "sft": (23, 78.5, 21), "people": (23, 60, 21), "reward": (23, 41.5, 21), "ppo": (23, 23, 21),
        "policy": (23, 3, 21), "reference": (78, 54, 16), "value": (78, 27, 16),
    },
    half_height=3.9,
    routes={
        "demos": _Route(((23, 93), (23, 82.5)), (23, 88.3), (30, 88), "left"),
        "answers": _Route(((23, 74.5), (23, 64)), (23, 69.8), (30, 69.5), "left"),
        "votes": _Route(((23, 56), (23, 45.5)), (23, 51.3), (30, 51), "left"),
        "scores": _Route(((23, 37.5), (23, 27)), (23, 32.8), (30, 32.5), "left"),
        "update": _Route(((7, 19), (7, 7)), (7, 13.5), (11, 13), "left"),
        "samples": _Route(((41, 7), (41, 19)), (41, 12.5), (46, 13), "left"),
        "start": _Route(((44, 80), (97.5, 80), (97.5, 3), (44, 3)), (80, 3), (80, 5.3), stands="bottom"),
        "copy": _Route(((44, 77), (78, 77), (78, 58)), (78, 71), (73, 69), "right"),
        "kl": _Route(((68, 50), (44, 26.3)), (57.6, 39.8), (63, 39.5), "left"),
        "baseline": _Route(((62, 24.5), (44, 24.5)), (54, 24.5), (78, 21.8), stands="top"),
    },
    x_range=(0, 100),
    y_range=(-1.5, 101.5),
)  # fmt: skip
HEIGHT, TALL_HEIGHT = 404, 760
INK = {"flows": "@text", "cut": "@bad", "idle": "@line"}
_CORNER = {"domain": [0, 0.001], "visible": False, "fixedrange": True}


def relay_diagram(
    *,
    key: str,
    title: str,
    boxes: Sequence[Box],
    arrows: Sequence[Arrow],
    picked: int,
    text: str,
    badge: Badge,
    illustrations: tuple[str, ...] = (),
) -> Chart:
    """The drawing with arrow number `picked` lit. A click on a disc reports the arrow's number.

    Raises KeyError for a box or an arrow that the drawing has no place for.
    """
    wide, tall = (_parts(drawing, boxes, arrows, picked, axis) for drawing, axis in ((WIDE, ""), (TALL, "2")))
    layout: Figure = {
        "showlegend": False,
        "margin": {"l": 2, "r": 2, "t": 2, "b": 2},
        "xaxis": {"domain": [0, 1], "range": list(WIDE.x_range), "visible": False, "fixedrange": True, "anchor": "y"},
        "yaxis": {"domain": [0, 1], "range": list(WIDE.y_range), "visible": False, "fixedrange": True, "anchor": "x"},
        # The drawing for a phone waits in a corner of no size, so that its discs take no clicks from this one.
        "xaxis2": {**_CORNER, "range": list(TALL.x_range), "anchor": "y2"},
        "yaxis2": {**_CORNER, "range": list(TALL.y_range), "anchor": "x2"},
        "shapes": wide.shapes,
        "annotations": wide.notes,
    }
    return Chart(
        key=key,
        title=title,
        badge=badge,
        figure={"data": [*wide.traces, *tall.traces], "layout": layout},
        text=text,
        compact={
            "height": TALL_HEIGHT,
            "xaxis.domain": [0, 0.001],
            "yaxis.domain": [0, 0.001],
            "xaxis2.domain": [0, 1],
            "yaxis2.domain": [0, 1],
            "shapes": tall.shapes,
            "annotations": tall.notes,
        },
        wide_only=(0, 1),
        pick_trace=2,
        height=HEIGHT,
        illustrations=illustrations,
    )


@dataclass(frozen=True)
class _Parts:
    traces: list[Figure]
    shapes: list[Figure]
    notes: list[Figure]


def _parts(drawing: _Drawing, boxes: Sequence[Box], arrows: Sequence[Arrow], picked: int, axis: str) -> _Parts:
    """One drawing on the axes x and y, or x2 and y2."""
    at = {"xref": f"x{axis}", "yref": f"y{axis}"}
    shapes = [_rectangle(drawing, box, at) for box in boxes]
    notes = [_name(drawing, box, at) for box in boxes]
    for number, arrow in enumerate(arrows):
        lit = number == picked
        shapes += _tail(drawing.routes[arrow.key], arrow, at, lit)
        notes += [_head(drawing.routes[arrow.key], arrow, at, lit), _words(drawing.routes[arrow.key], arrow, at, lit)]
    return _Parts(_discs(drawing, arrows, picked, axis), shapes, notes)


def _rectangle(drawing: _Drawing, box: Box, at: Figure) -> Figure:
    x, y, half = drawing.boxes[box.key]
    return {
        "type": "rect", **at, "x0": x - half, "x1": x + half, "y0": y - drawing.half_height, "y1": y + drawing.half_height,
        "layer": "below", "fillcolor": "@accent/14" if box.kept and not box.pale else "@panel",
        "line": {"color": "@line" if box.pale else "@accent" if box.kept else "@muted", "width": 1.6,
                 "dash": "dot" if box.pale else "solid"},
    }  # fmt: skip


def _name(drawing: _Drawing, box: Box, at: Figure) -> Figure:
    x, y, _ = drawing.boxes[box.key]
    note = f"<br>{label(box.note, 40)}" if box.note else ""
    return {
        "x": x, "y": y, **at, "showarrow": False, "text": f"<b>{label(box.name, 40)}</b>{note}",
        "font": {"size": 11.5, "color": "@muted" if box.pale else "@text"},
    }  # fmt: skip


def _line(arrow: Arrow, lit: bool) -> tuple[str, float]:
    """Colour and width of an arrow."""
    colour = INK[arrow.state] if arrow.state != "flows" or not lit else "@accent"
    return colour, 2.6 if lit else 1.5


def _tail(route: _Route, arrow: Arrow, at: Figure, lit: bool) -> list[Figure]:
    """The line of an arrow but for its head."""
    colour, width = _line(arrow, lit)
    path = " L ".join(f"{x:g},{y:g}" for x, y in route.corners)
    dash = {"cut": "dash", "idle": "dot"}.get(arrow.state, "solid")
    return [
        {"type": "path", **at, "path": f"M {path}", "layer": "below", "line": {"color": colour, "width": width, "dash": dash}}
    ]  # fmt: skip


def _head(route: _Route, arrow: Arrow, at: Figure, lit: bool) -> Figure:
    """The head: the last eighth of the last stretch, as an arrow without words."""
    colour, width = _line(arrow, lit)
    (x0, y0), (x1, y1) = route.corners[-2:]
    return {
        "x": x1, "y": y1, **at, "ax": x1 - (x1 - x0) / 8, "ay": y1 - (y1 - y0) / 8, "axref": at["xref"], "ayref": at["yref"],
        "showarrow": True, "arrowhead": 2, "arrowsize": 1.1, "arrowwidth": width, "arrowcolor": colour, "text": "",
    }  # fmt: skip


def _words(route: _Route, arrow: Arrow, at: Figure, lit: bool) -> Figure:
    """What flows, how much, and one figure of it, in three lines."""
    x, y = route.words
    state = {"cut": " ✂", "idle": ""}.get(arrow.state, "")
    lines = [f"<b>{label(arrow.name, 40)}{state}</b>", label(arrow.count, 40), label(arrow.score, 40)]
    colour = {"cut": "@bad", "idle": "@muted"}.get(arrow.state, "@text")
    return {
        "x": x, "y": y, **at, "showarrow": False, "text": "<br>".join(line for line in lines if line), "align": route.align,
        "xanchor": route.align, "yanchor": route.stands, "font": {"size": 10.5, "color": colour},
        "bgcolor": "@optimum/16" if lit else "@page/70", "borderpad": 1,
    }  # fmt: skip


def _discs(drawing: _Drawing, arrows: Sequence[Arrow], picked: int, axis: str) -> list[Figure]:
    """The numbered discs, and the ring around the picked one: it glides when another is picked."""
    places = [drawing.routes[arrow.key].disc for arrow in arrows]
    axes = {"xaxis": "x2", "yaxis": "y2"} if axis else {}
    discs: Figure = {
        "type": "scatter", "mode": "markers+text", **axes, "x": [x for x, _ in places], "y": [y for _, y in places],
        "text": ["✂" if arrow.state == "cut" else str(number + 1) for number, arrow in enumerate(arrows)],
        "textfont": {"size": 10.5, "color": [INK[a.state] if a.state == "cut" else "@text" for a in arrows]},
        "marker": {"size": 18, "color": "@page", "line": {"width": 1.4, "color": [INK[a.state] for a in arrows]}},
        "hovertext": [f"{label(a.name, 60)}: {label(a.count, 60)}, {label(a.score, 60)}" for a in arrows],
        "hoverinfo": "text",
    }  # fmt: skip
    x, y = places[picked]
    ring: Figure = {
        "type": "scatter", "mode": "markers", **axes, "x": [x], "y": [y], "hoverinfo": "skip",
        "marker": {"size": 25, "symbol": "circle-open", "color": "@optimum", "line": {"width": 3}},
    }  # fmt: skip
    return [discs, ring]
