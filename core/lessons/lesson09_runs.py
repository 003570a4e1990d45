"""The runs behind lesson 9's diagram: lesson 8's own, the same with an arrow cut, and the relays that lesson 3 recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.lessons import lesson08
from core.lessons.lesson import Lesson
from core.lessons.lesson09_arrows import Cut
from core.lessons.lesson09_params import CARRIED, UNSTEPPED
from core.lessons.param import Value, Values
from core.lessons.shared_params import HAND
from core.lm_records import Evaluation
from core.records import PolicyStats, PolicyStep
from core.stages import recorded
from core.stages.recorded import RelayRun
from core.stages.whiteboard import WhiteboardConfig, start, trajectory
from core.statistics.difference import beyond_chance, difference

MOVED = 0.005  # half a step of the last digit shown


@dataclass(frozen=True)
class WhiteRun:
    """A whiteboard run of as many updates as are shown. `lab` is lesson 8 as it stands, whatever was cut here."""

    lab: lesson08.Result
    config: WhiteboardConfig
    first: PolicyStats
    steps: tuple[PolicyStep, ...]

    @property
    def end(self) -> PolicyStats:
        """Figures of the policy at the end."""
        return self.steps[-1].stats if self.steps else self.first

    def probs(self, step: int) -> tuple[float, ...]:
        """The policy after `step` updates."""
        logps = self.steps[step - 1].logps if step else self.config.ref_logps
        return tuple(np.exp(logps).tolist())

    @property
    def score_before(self) -> float:
        """Mean score at the start, by the scores before anything was done to them."""
        return float(np.dot(self.probs(0), self.lab.honest_scores))

    @property
    def score_after(self) -> float:
        """Mean score at the end, by the same scores."""
        return float(np.dot(self.probs(len(self.steps)), self.lab.honest_scores))

    @property
    def likeliest(self) -> tuple[str, float]:
        """The answer with the largest probability at the end."""
        probs = self.probs(len(self.steps))
        best = int(np.argmax(probs))
        return self.lab.candidates.names[best], probs[best]


@dataclass(frozen=True)
class Consequence:
    """What a cut does, in one measure: at the start, at the end of the whole run, and at the end without the arrow.

    `clear` says whether the two ends differ: by more than the last digit shown, or beyond chance where people sampled.
    `live` runs were computed in this visit, the others recorded.
    """

    kind: Cut
    live: bool
    measure: str
    before: float
    whole: float
    without: float
    clear: bool
    chance: float | None
    whole_kl: float | None
    without_kl: float | None

    @property
    def change(self) -> float:
        """The end without the arrow less the end with it."""
        return self.without - self.whole


def lesson8(values: Values) -> lesson08.Result:
    """Lesson 8 at its present settings; where nobody has stepped yet, after a stated number of updates."""
    return lesson08.LESSON.result(settings8(values))


def settings8(values: Values) -> dict[str, Value]:
    """Lesson 8's settings for the run that is shown here."""
    own = settings_of(lesson08.LESSON, values)
    return {**own, "l8_step": int(own["l8_step"]) or UNSTEPPED}


def settings_of(lesson: Lesson, values: Values) -> dict[str, Value]:
    """Another lesson's settings as far as this one carries them along, the rest at their defaults."""
    own = lesson.defaults()
    return {**own, **{key: values[key] for key in CARRIED if key in own}}


def white_run(values: Values) -> WhiteRun:
    """Lesson 8's run, every arrow in place."""
    lab = lesson8(values)
    return WhiteRun(lab, lab.config, lab.first, lab.steps[: lab.step])


def white_without(whole: WhiteRun, kind: Cut, values: Values) -> WhiteRun | None:
    """The same run with one kind of arrow cut; None where the whiteboard has nothing to start from instead."""
    config, count = whole.config, len(whole.steps)
    if kind == "update":
        return replace(whole, steps=())
    if kind == "sft":
        untuned = lesson8({**values, "start": "base"})
        if values["start"] == HAND or not untuned.candidates.recorded:
            return None
        return WhiteRun(untuned, untuned.config, untuned.first, trajectory(untuned.config).upto(count))
    changes: Mapping[str, Any] = {
        "reward": {"scores": (0.0,) * len(config.scores)},
        "kl": {"kl_coef": 0.0, "kl_target": None},
        "baseline": {"use_baseline": False},
    }[kind]
    cut = replace(config, **changes)
    return WhiteRun(whole.lab, cut, start(cut), trajectory(cut).upto(count))


def tiny_run(use_sft: bool = True, use_reward_model: bool = True) -> RelayRun:
    """A relay of the tiny LM as lesson 3 shows it. Raises ValueError if it was not recorded."""
    run = recorded.find(use_sft, use_reward_model)
    if run is None:
        raise ValueError("The recorded relays are missing; record them with: python -m core.stages record relay")
    return run


def tiny_without(kind: Cut) -> RelayRun | None:
    """The recorded relay without that kind of arrow; None where it was not recorded."""
    if kind in ("sft", "reward"):
        return tiny_run(kind != "sft", kind != "reward")
    return None


def white_consequence(whole: WhiteRun, cut: WhiteRun, kind: Cut) -> Consequence:
    """Mean score by the learner's scores, and the distance from where each run began."""
    whose = "your votes" if whole.lab.scores_from == "votes" else "the scores set by hand"
    return Consequence(
        kind=kind,
        live=True,
        measure=f"mean score by {whose}",
        before=cut.score_before,
        whole=whole.score_after,
        without=cut.score_after,
        clear=abs(cut.score_after - whole.score_after) >= MOVED,
        chance=None,
        whole_kl=whole.end.kl,
        without_kl=cut.end.kl,
    )


def tiny_consequence(kind: Cut) -> Consequence | None:
    """Held-out gold of the recorded relay with and without; None where only the whiteboard can tell."""
    whole = tiny_run()
    cut = tiny_without(kind)
    if cut is None and kind != "update":
        return None
    first, end = whole.evaluations[0], whole.evaluations[-1]
    other: Evaluation = whole.evaluations[-2] if cut is None else cut.evaluations[-1]
    change, half = difference(other.gold_held_out, other.gold_held_out_se, end.gold_held_out, end.gold_held_out_se)
    return Consequence(
        kind=kind,
        live=False,
        measure="held-out gold of the tiny LM",
        before=first.gold_held_out,
        whole=end.gold_held_out,
        without=other.gold_held_out,
        clear=beyond_chance(change, half),
        chance=half,
        whole_kl=end.kl,
        without_kl=other.kl,
    )
