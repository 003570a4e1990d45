"""Lesson 2: what demonstrations teach, where they stop helping, and where they win: recorded over seeds, and live."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from core.lessons import lesson02_formulas as formulas
from core.lessons import lesson02_params as params
from core.lessons import lesson02_questions as questions
from core.lessons import lesson02_views as views
from core.lessons import lesson02_words as words
from core.lessons.lesson import Lesson
from core.lessons.lesson02_lab import (
    IMITATION_WALL,
    LEVELS,
    ON_CHOSEN,
    Own,
    Paired,
    Road,
    Runs,
    budgets,
    demonstrators,
    recorded,
    roads,
)
from core.lessons.lesson02_params import CHOSEN, FORK, MODES, WALL
from core.lessons.outline import outline
from core.lessons.param import Values
from core.lm_records import Evaluation
from core.stages.imitation_live import ChosenConfig, PointConfig
from core.stages.phenomena.bench import figures as measured_figures
from core.stages.phenomena.effect import Arm
from core.stages.phenomena.imitation import SFT_ON_CHOSEN, SFT_WALL
from core.stages.sft import sft
from core.stages.two_modes import BumpStep, Descents, TwoModes, descents, kls_of
from core.statistics.over_seeds import over_seeds
from core.world.behaviour import Behaviour

STARTS = ("from pretrained", "from SFT")
SIDES = ("chosen", "rejected")
TRIES = (Behaviour.RIGHT, Behaviour.WRONG, Behaviour.HONEST, Behaviour.REFUSES)
"""Behaviours that try to do what was asked, as the recorded effect counts them."""


@dataclass(frozen=True)
class Result:
    """Where the learner stands. Views compute only what they show."""

    view: str
    level: str
    held: bool
    dots: bool
    step: int
    reveal: int
    descent: int
    pick: int
    pair: int
    wanted: PointConfig
    modes: TwoModes
    live: Evaluation | None = None
    live_arms: tuple[Arm, ...] = ()

    # --- the wall ---------------------------------------------------------------------------------------------------

    @cached_property
    def wall(self) -> Runs:
        """The recorded runs behind the wall."""
        return recorded(IMITATION_WALL)

    @cached_property
    def budgets(self) -> tuple[int, ...]:
        """Labels in all, 0 first."""
        return budgets(self.wall)

    @cached_property
    def roads(self) -> dict[str, Road]:
        """Every recorded way to spend labels."""
        return roads(self.wall)

    @property
    def value(self) -> str:
        """The measure on screen, as the recordings call it."""
        return "gold" if self.held else "gold_trained"

    @property
    def levels(self) -> tuple[str, ...]:
        """The demonstrators on screen."""
        return LEVELS if self.level == "both" else (self.level,)

    @property
    def main(self) -> str:
        """The demonstrators that one comparison is about."""
        return self.levels[0]

    @property
    def row(self) -> int:
        """The budget in the formula: the picked one, or the last that is shown."""
        return min(self.pick, self.step)

    def at(self, road: str, k: int, value: str = "") -> Paired | None:
        """What a road reaches at a budget, over seeds; None where it was not run."""
        arm = self.roads[road].arms[k]
        return self.wall.paired((arm, value or self.value), None) if arm else None

    def ahead(self, level: str, k: int) -> Paired:
        """Comparisons minus demonstrations, of the same number of labels, within each seed."""
        first, second = (self.roads[road].arms[k] for road in ("preferences", level))
        if first is None or second is None:
            raise ValueError("Only the budgets behind the first demonstrations were run on both roads.")
        return self.wall.paired((first, self.value), (second, self.value))

    def since(self, road: str, k: int, before: int, value: str = "") -> Paired | None:
        """What a road gained between two budgets; None where it was not run at one of them."""
        first, second = self.roads[road].arms[k], self.roads[road].arms[before]
        measure = value or self.value
        return self.wall.paired((first, measure), (second, measure)) if first and second else None

    @cached_property
    def compared(self) -> Paired | None:
        """What the formula is about: both roads behind the fork, before it SFT against the pretrained model."""
        if self.row > FORK:
            return self.ahead(self.main, self.row)
        if self.row == FORK:
            return self.since("mediocre", FORK, 0)
        return self.since(self.main, self.row, 0) if self.row else None

    @cached_property
    def demonstrators(self) -> dict[str, Own]:
        """What the demonstrators on screen write themselves."""
        quality = {"mediocre": float(self.wall.settings["defaults"]["SftConfig"]["quality"]), "ideal": 1.0}
        return {level: demonstrators(quality[level], self.held) for level in self.levels}

    @property
    def live_gold(self) -> float | None:
        """The live point's gold on the items on screen."""
        if self.live is None:
            return None
        values = measured_figures(self.live)
        return values[self.value]

    # --- chosen and rejected ----------------------------------------------------------------------------------------

    @cached_property
    def imitated(self) -> Runs:
        """The recorded runs of SFT on chosen answers."""
        return recorded(ON_CHOSEN)

    def change(self, start: str, side: str) -> Paired:
        """Change of the log-probability of whole answers, nats."""
        return self.imitated.paired((start, f"{side}_change"), None)

    def before(self, start: str, side: str) -> Paired:
        """Log-probability of whole answers before, nats."""
        return self.imitated.paired((start, f"{side}_before"), None)

    def raised(self, start: str) -> Paired:
        """Share of the rejected answers that became more probable."""
        return self.imitated.paired((start, "rejected_raised"), None)

    def margin(self, start: str) -> Paired:
        """How much more the chosen answers rose than the rejected ones, nats."""
        return self.imitated.paired((start, "chosen_change"), (start, "rejected_change"))

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """(start, side) of the rows on screen."""
        return tuple((start, side) for start in STARTS for side in SIDES[: self.reveal + 1])

    @property
    def picked(self) -> tuple[str, str]:
        """(start, side) in the formula."""
        wanted = (STARTS[self.pair // 2], SIDES[self.pair % 2])
        return wanted if wanted in self.rows else (wanted[0], SIDES[0])

    # --- two modes --------------------------------------------------------------------------------------------------

    @cached_property
    def descents(self) -> Descents:
        """Both descents, whole."""
        return descents(self.modes)

    @property
    def forward(self) -> BumpStep:
        """The policy that makes the forward KL small, now."""
        return self.descents.forward[self.descent]

    @property
    def reverse(self) -> BumpStep:
        """The policy that makes the reverse KL small, now."""
        return self.descents.reverse[self.descent]


def compute(values: Values) -> Result:
    """The settings, read.

    Raises:
        ValueError: the view's runs were not recorded.
    """
    result = Result(
        view=str(values["l2_view"]),
        level=str(values["l2_level"]),
        held=values["l2_side"] == "held",
        dots=bool(values["l2_dots"]),
        step=int(values["l2_step"]),
        reveal=int(values["l2_reveal"]),
        descent=int(values["l2_descent"]),
        pick=int(values["l2_pick"]),
        pair=int(values["l2_pair"]),
        wanted=PointConfig(int(values["l2_n"]), float(values["l2_quality"]), int(values["l2_seed"])),
        modes=TwoModes(
            float(values["l2_sep"]), float(values["l2_weight"]), float(values["l2_spread"]), float(values["l2_start"])
        ),
    )
    if result.view == WALL:
        budgets(result.wall)
    elif result.view == CHOSEN:
        recorded(ON_CHOSEN)
    return result


def with_live(result: Result, records: Iterable[Any]) -> Result:
    """The same with what a live run has measured by now, beside the recorded runs."""
    found = list(records)
    measured = [record for record in found if isinstance(record, Evaluation)]
    arms = tuple(record for record in found if isinstance(record, Arm))
    return replace(result, live=measured[-1] if measured else None, live_arms=arms)


def wanted_chosen(result: Result) -> ChosenConfig:
    """The live run of the second view."""
    return ChosenConfig(result.wanted.seed)


def _sources(result: Result) -> tuple[Any, ...]:
    """The functions behind the view."""
    if result.view == MODES:
        return descents, kls_of
    return (SFT_WALL.run if result.view == WALL else SFT_ON_CHOSEN.run), sft, over_seeds


LESSON = Lesson(
    outline=outline(2),
    params=params.ALL,
    compute=compute,
    figures=views.figures,
    formula=formulas.formula,
    table=views.table,
    says=words.says,
    predict=questions.predict,
    quiz=questions.quiz,
    snippet=views.snippet,
    why=questions.WHY,
    presets=params.PRESETS,
    sources_of_code=_sources,
    history=views.history,
)
