"""What every lesson is: a declaration and pure functions, read alike by the page, the tests, the benchmarks and the link."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from core.figures.chart import Badge, Chart
from core.lessons.outline import Outline
from core.lessons.param import Param, Reading, Value, Values


@dataclass(frozen=True)
class Formula:
    """A formula with the learner's numbers: a caption, lines of LaTeX (each short enough for a narrow column), and
    symbols as (LaTeX, meaning) pairs, defined where they appear."""

    caption: str
    lines: tuple[str, ...]
    symbols: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Table:
    """Rows of already formatted texts. `lit` is the chosen row, `accent` the column that the present sub-step computes.
    `badge` says where the numbers come from, `notes` what a mark in the cells means;
    without `pickable` its rows cannot be chosen; `picks` are the values that choosing each row gives, else its number."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lit: int | None = None
    accent: int | None = None
    notes: str = ""
    badge: Badge = "live"
    pickable: bool = True
    picks: tuple[int, ...] = ()


@dataclass(frozen=True)
class Prediction:
    """One question about what the lab will show, marked from the computed state.

    `answer` is the index of the right option in this state; `revealed` says whether the lab already shows it;
    `because` is the sentence with the numbers that decide it.
    """

    question: str
    options: tuple[str, ...]
    answer: int
    because: str
    revealed: bool


@dataclass(frozen=True)
class Question:
    """A check-yourself question. `because` explains the right option, and is shown for right and wrong answers alike."""

    text: str
    options: tuple[str, ...]
    answer: int
    because: str


@dataclass(frozen=True)
class Source:
    """Where a printed fact comes from."""

    text: str
    url: str


@dataclass(frozen=True)
class Why:
    """At most 120 words, the misconception to drop, and the sources."""

    text: str
    misconception: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Preset:
    """Named settings; what is not named goes back to its default."""

    key: str
    label: str
    values: Mapping[str, Value]
    help: str = ""


@dataclass(frozen=True)
class Work:
    """What takes too long to be done between two frames: `start` does it step by step and gives the share done after each.

    Equal keys are equal work, done once for all who wait for it."""

    key: str
    start: Callable[[], Iterator[float]]
    words: str


@dataclass(frozen=True, eq=False)
class Lesson:
    """A lesson in the shared frame. All functions are pure; `compute` gets a legal value for every key of `params`.

    `history` gives one row a step for export. `prepare` names the work without which `compute` would be slow; None: there
    is none left. `carried` are keys of params that this lesson shares with others (the votes):
    they are not put back by "reset". `texts` gives (name, file name, text) of what else can be exported.
    """

    outline: Outline
    params: tuple[Param, ...]
    compute: Callable[[Values], Any]
    figures: Callable[[Any], tuple[Chart, ...]]
    formula: Callable[[Any], Formula]
    table: Callable[[Any], Table | None]
    says: Callable[[Any], tuple[str, ...]]
    predict: Callable[[Any], Prediction]
    quiz: Callable[[Any], tuple[Question, ...]]
    snippet: Callable[[Any], str]
    why: Why
    presets: tuple[Preset, ...] = ()
    carried: tuple[str, ...] = ()
    later: str = ""
    sources_of_code: tuple[Callable[..., Any], ...] | Callable[[Any], tuple[Callable[..., Any], ...]] = field(
        default=()
    )
    history: Callable[[Any], list[dict[str, Any]]] | None = None
    prepare: Callable[[Values], Work | None] | None = None
    texts: Callable[[Any], tuple[tuple[str, str, str], ...]] | None = None

    @property
    def number(self) -> int:
        """1 … 14."""
        return self.outline.number

    def visible(self, param: Param, values: Values) -> bool:
        """Whether the other settings leave this one in use, and those that it depends on too."""
        while param.in_use(values):
            if param.shown_if is None:
                return True
            param = self.param(param.shown_if[0])
        return False

    def param(self, key: str) -> Param:
        """The declaration of one key. Raises KeyError for a key of another lesson."""
        return self._by_key[key]

    @cached_property
    def _by_key(self) -> dict[str, Param]:
        return {param.key: param for param in self.params}

    def defaults(self) -> dict[str, Value]:
        """The default of every key."""
        return {param.key: param.default for param in self.params}

    def read(self, raw: Mapping[str, str]) -> tuple[dict[str, Value], tuple[str, ...]]:
        """Legal values from raw URL texts, and one line for each text that could not be taken as it was."""
        readings: dict[str, Reading] = {param.key: param.read(raw.get(param.key)) for param in self.params}
        notes = tuple(reading.note for reading in readings.values() if reading.note)
        return {key: reading.value for key, reading in readings.items()}, notes

    def result(self, values: Values) -> Any:
        """`compute`, remembered: the same settings are computed once for everybody, and one after the other."""
        return _remembered(self, tuple(sorted(values.items())))


# Many threads that compute at once take the interpreter from each other in the middle of every tensor operation: thirty
# sessions then cost three times the processor time that they cost one after the other (tests.bench.room).
_TURN = threading.RLock()
_WAITING = 64


@lru_cache(maxsize=512)
def _remembered(lesson: Lesson, items: tuple[tuple[str, Value], ...]) -> Any:
    """What is known already waits for nobody; the rest waits for its turn."""
    with _TURN:
        return _computed(lesson, items)


@lru_cache(maxsize=_WAITING)
def _computed(lesson: Lesson, items: tuple[tuple[str, Value], ...]) -> Any:
    """Remembered once more, for those who waited while somebody else computed the same."""
    return lesson.compute(dict(items))
