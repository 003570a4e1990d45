"""What a figure function returns: a Plotly figure as plain data, its frames, its badge, and the same in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Badge = Literal["live", "recorded", "illustration"]
Figure = dict[str, Any]
Frame = dict[str, dict[str, Any]]

BADGE_HELP: dict[Badge, str] = {
    "live": "Computed in this visit, from the settings on this page.",
    "recorded": "A real run, kept with its configuration and seed.",
    "illustration": "Drawn or chosen by hand.",
}


@dataclass(frozen=True)
class Chart:
    """One chart, ready for the browser.

    `figure` holds Plotly's `data` and `layout`; colours may be palette names with an @ before them ("@new"), resolved
    for the theme where they are drawn (`core.figures.palette.resolve`). `frames[k]` holds, per trace number as text,
    the arrays that differ at step k; without frames the chart stands still. `step` is the step shown, `horizon` the last
    step that can be asked for. `compact` overrides the layout where the chart is narrower than 560 px, and the traces
    in `wide_only` are left out there. `text` says in words what the chart shows at this step. `illustrations` names
    traces whose numbers were chosen by hand inside a chart that is otherwise computed,
    `recordings` those that were kept. `primary` names the player's large
    button where it should play instead of going one step on ("Fit"); `play_ms` is the time a frame stands while playing;
    `spoken[k]` are (prompt, answer) pairs printed below the chart at step k;
    `autoplay` plays once as soon as the chart is painted (not where the visitor asked for reduced motion).
    """

    key: str
    title: str
    badge: Badge
    figure: Figure
    text: str
    frames: tuple[Frame, ...] = ()
    step: int = 0
    horizon: int = 0
    compact: Figure = field(default_factory=dict)
    wide_only: tuple[int, ...] = ()
    pick_trace: int | None = None
    height: int = 420
    illustrations: tuple[str, ...] = ()
    recordings: tuple[str, ...] = ()
    primary: str = ""
    play_ms: int = 0
    autoplay: bool = False
    spoken: tuple[tuple[tuple[str, str], ...], ...] = ()


def rounded(values: object, digits: int = 5) -> list[float]:
    """Plain floats with `digits` significant digits: what a screen can show, in a tenth of the bytes."""
    return [float(f"{float(value):.{digits}g}") for value in values]  # type: ignore[attr-defined]


def label(text: str, width: int = 14) -> str:
    """Text as a Plotly label: markup characters made harmless, words wrapped over lines of about `width` characters."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if safe.startswith("@"):
        safe = "\u2060" + safe  # an unseen word joiner, so that it is not taken for the name of a colour
    lines: list[str] = [""]
    for word in safe.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)
