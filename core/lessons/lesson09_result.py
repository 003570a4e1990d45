"""The state of lesson 9: both tracks, the order so far, the chosen arrow, and what its cut costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from core.lessons import lesson05
from core.lessons.lesson05_result import Result as Walk
from core.lessons.lesson09_arrows import ARROWS, IDLE, UNNEEDED, Arrow, Load, tiny_loads, white_loads
from core.lessons.lesson09_flow import PIECES, Fault, faults
from core.lessons.lesson09_memory import Memory
from core.lessons.lesson09_runs import (
    Consequence,
    WhiteRun,
    settings_of,
    tiny_consequence,
    tiny_run,
    tiny_without,
    white_consequence,
    white_without,
)
from core.lessons.param import Values
from core.stages.recorded import RelayRun
from core.world.candidates import CandidateSet

NOTHING = Load("nothing", "")


@dataclass(frozen=True, eq=False)
class Result:
    """What one view needs and no other asks for is computed when it is asked for."""

    values: Values
    view: str
    track: str
    number: int
    cut: bool
    order: str
    memory: Memory
    size: str
    precision: str
    white: WhiteRun

    @property
    def picked(self) -> Arrow:
        """The chosen arrow."""
        return ARROWS[self.number]

    @property
    def candidates(self) -> CandidateSet | None:
        """The whiteboard's answers, where its numbers are on screen."""
        return self.white.lab.candidates if self.track == "white" and self.view == "diagram" else None

    @property
    def complete(self) -> bool:
        """Whether every piece is placed."""
        return len(self.order) == len(PIECES)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What stands too early in the order so far."""
        return faults(self.order)

    def walk(self) -> Walk:
        """Lesson 5's walk as its own page shows it."""
        return lesson05.LESSON.result(settings_of(lesson05.LESSON, self.values))

    @cached_property
    def tiny(self) -> RelayRun:
        """Lesson 3's complete relay."""
        return tiny_run()

    @cached_property
    def white_cut(self) -> WhiteRun | None:
        """The whiteboard's run without the chosen arrow; None where it has none."""
        return white_without(self.white, self.picked.cut, self.values)

    @cached_property
    def tiny_cut(self) -> RelayRun | None:
        """The recorded relay without the chosen arrow; None where it was not recorded."""
        return tiny_without(self.picked.cut)

    @cached_property
    def unleashed(self) -> Consequence:
        """What the KL penalty costs or saves: what the prediction is about."""
        cut = white_without(self.white, "kl", self.values)
        assert cut is not None
        return white_consequence(self.white, cut, "kl")

    @cached_property
    def consequence(self) -> Consequence:
        """What the cut of the chosen arrow does, measured in this track if it can be, else in the other."""
        white = white_consequence(self.white, self.white_cut, self.picked.cut) if self.white_cut else None
        tiny = tiny_consequence(self.picked.cut)
        found = (tiny or white) if self.track == "tiny" else (white or tiny)
        assert found is not None
        return found

    @cached_property
    def whole_loads(self) -> tuple[Load, ...]:
        """What every arrow carries, none cut."""
        return tiny_loads(self.tiny) if self.track == "tiny" else white_loads(self.white, self.walk())

    @cached_property
    def loads(self) -> tuple[Load, ...]:
        """What every arrow carries in the run on screen. Where the cut was measured in the other track, or only as the state
        before PPO, the arrows that are left keep their numbers."""
        if not self.cut:
            return self.whole_loads
        kept = self.whole_loads
        if self.track == "tiny" and self.tiny_cut:
            kept = tiny_loads(self.tiny_cut)
        elif self.track == "white" and self.white_cut:
            kept = white_loads(self.white_cut, self.walk())
        return tuple(NOTHING if self.state(k) != "flows" else load for k, load in enumerate(kept))

    def state(self, number: int) -> str:
        """Whether something flows along an arrow: "flows", "cut", or "idle" where the cut leaves it nothing of use to carry."""
        if self.cut and number == self.number:
            return "cut"
        return "idle" if self.cut and ARROWS[number].key in IDLE.get(self.picked.key, ()) else "flows"

    @property
    def unneeded(self) -> tuple[str, ...]:
        """Models that the cut makes superfluous."""
        return UNNEEDED[self.picked.cut] if self.cut else ()

    @property
    def saved(self) -> int:
        """Bytes that the cut saves."""
        return self.memory.total - self.memory.without(self.unneeded)

    @property
    def bytes_left(self) -> int:
        """Bytes of the models that are still needed."""
        return self.memory.total - self.saved
