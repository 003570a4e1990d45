"""One declaration that is at once a widget, a URL parameter, a validation rule, and the range that tests sweep."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from core.world import votes as vote_code

Value = float | int | bool | str
Values = Mapping[str, Value]
Kind = Literal["float", "int", "choice", "bool", "votes", "text"]
MAX_RAW_CHARACTERS = 200
SHOWN_RAW_CHARACTERS = 24


@dataclass(frozen=True)
class Reading:
    """A legal value, and one line that says what was done to the raw text to get it (None: nothing)."""

    value: Value
    note: str | None = None


@dataclass(frozen=True)
class Param:
    """A setting of a lesson.

    `key` is the widget's key and the URL parameter's name, so it carries the lesson's prefix (`l8_kl_coef`).
    `marks` lists the legal numbers of a "float" or "int" whose useful range spans several powers of ten; otherwise
    they run from `low` to `high` in steps of `step`. `options` maps the legal texts of a "choice" to their labels.
    `shown_if` names a choice and the values of it that leave this setting in use, `hidden_if` those that do not (both may
    stand); `limit_key` names an "int" whose present value is this one's upper end on screen; `bare` leaves its label to screen readers;
    `accepts` says whether a "text" can be used, `suggestions` gives texts to choose from (it is then drawn as a list).
    `widget` says who draws it: "control" (the frame's column of controls), "player" or "table" (a click inside the lab),
    "panel" (a panel of its own, such as the voting pair), or "slot" (beside the chart, such as the slow-motion strip).
    """

    key: str
    label: str
    kind: Kind
    default: Value
    low: float | None = None
    high: float | None = None
    step: float | None = None
    marks: tuple[float, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    help: str = ""
    symbol: str = ""
    widget: Literal["control", "player", "table", "panel", "slot"] = "control"
    shown_if: tuple[str, tuple[Value, ...]] | None = None
    hidden_if: tuple[str, tuple[Value, ...]] | None = None
    limit_key: str = ""
    bare: bool = False
    max_characters: int = vote_code.MAX_CHARACTERS
    accepts: Callable[[str], bool] | None = None
    suggestions: Callable[[], tuple[str, ...]] | None = None

    def __post_init__(self) -> None:
        if self.read(self.write(self.default)) != Reading(self.default):
            raise ValueError(f"The default of {self.key} is not one of its own legal values.")

    def in_use(self, values: Values) -> bool:
        """Whether the settings that it names leave this one in use. `Lesson.visible` follows chains of them."""
        if self.hidden_if and values.get(self.hidden_if[0]) in self.hidden_if[1]:
            return False
        return self.shown_if is None or values.get(self.shown_if[0]) in self.shown_if[1]

    def read(self, raw: str | None) -> Reading:
        """A raw URL text as a legal value. Never raises: too large or small → nearest legal; nonsense → default; each said."""
        if raw is None:
            return Reading(self.default)
        if len(raw) > max(MAX_RAW_CHARACTERS, self.max_characters) or "<" in raw or ">" in raw:
            return Reading(
                self.default, f"“{self.label}”: what the link held was dropped (too long, or not plain text)."
            )
        if self.kind == "choice":
            return self._read_choice(raw)
        if self.kind == "bool":
            return self._read_bool(raw)
        if self.kind == "votes":
            return self._read_votes(raw)
        if self.kind == "text":
            if raw and self.accepts and not self.accepts(raw):
                return Reading(self.default, f"“{self.label}”: the link's text could not be read, so it was left out.")
            cut = raw[: self.max_characters]
            return Reading(cut, None if cut == raw else f"“{self.label}” was cut to {self.max_characters} characters.")
        return self._read_number(raw)

    def nearest(self, number: float) -> Value:
        """The legal number nearest to `number` (which must be finite)."""
        if self.marks:
            value: float = min(self.marks, key=lambda mark: abs(mark - number))
        else:
            low, high, step = float(self.low or 0), float(self.high or 0), float(self.step or 1)
            clamped = min(max(number, low), high)
            value = min(low + round((clamped - low) / step) * step, high)
        return round(value) if self.kind == "int" else round(float(value), 10)

    def write(self, value: Value) -> str:
        """The URL text of a legal value; `read(write(value))` gives the value back."""
        if self.kind == "bool":
            return "true" if value else "false"
        return repr(value) if isinstance(value, float) else str(value)

    def ends(self) -> tuple[Value, ...]:
        """The values at which tests try the control: lowest, default and highest, or every option."""
        if self.kind == "choice":
            return tuple(key for key, _ in self.options)
        if self.kind == "bool":
            return (False, True)
        if self.kind in ("votes", "text"):
            return (self.default,)
        ends = (self.marks[0], self.marks[-1]) if self.marks else (float(self.low or 0), float(self.high or 0))
        return tuple(dict.fromkeys((self.nearest(ends[0]), self.default, self.nearest(ends[1]))))

    def range_text(self) -> str:
        """Legal values in words, for the table of controls."""
        if self.kind == "choice":
            return " · ".join(label for _, label in self.options)
        if self.kind == "bool":
            return "on · off"
        if self.kind in ("votes", "text"):
            return f"up to {self.max_characters} characters"
        low, *_, high = self.ends()
        return f"{low:g} to {high:g}"

    def _read_number(self, raw: str) -> Reading:
        try:
            number = float(raw)
        except ValueError:
            return self._unreadable(raw)
        if math.isnan(number):
            return self._unreadable(raw)
        value = self.nearest(max(min(number, 1e12), -1e12))
        if abs(float(value) - number) > 1e-9:
            asked = f"{number:g}" if math.isfinite(number) else "infinity"
            return Reading(value, f"“{self.label}”: {asked} is not on offer, so the nearest value {value:g} is used.")
        return Reading(value)

    def _read_choice(self, raw: str) -> Reading:
        return Reading(raw) if raw in dict(self.options) else self._unreadable(raw)

    def _read_bool(self, raw: str) -> Reading:
        known = {"true": True, "1": True, "false": False, "0": False}
        return Reading(known[raw.lower()]) if raw.lower() in known else self._unreadable(raw)

    def _read_votes(self, raw: str) -> Reading:
        try:
            vote_code.decode(raw)
        except ValueError:
            return Reading(
                self.default, f"“{self.label}”: the votes in the link could not be read, so there are none yet."
            )
        return Reading(raw)

    def _unreadable(self, raw: str) -> Reading:
        shown = "".join(c for c in raw if c.isprintable())[:SHOWN_RAW_CHARACTERS]
        return Reading(self.default, f"“{self.label}”: “{shown}” is not a value it knows, so its default is used.")
