"""Lesson 6: vote on pairs, fit a reward model to those very votes, and see how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.lessons import lesson06_views as views
from core.lessons import lesson06_words as words
from core.lessons.lesson import Formula, Lesson, Preset, Table
from core.lessons.outline import outline
from core.lessons.param import Param, Values
from core.lessons.shared_params import CARRIED, PLACE, PRIOR, VOTES, fit, responses
from core.lessons.snippets import script
from core.lessons.text import number, percent, signed
from core.objectives.bradley_terry_fit import LinearFit, fit_feature_weights
from core.stages.reward_curves import AccuracyCurve, held_out_accuracy, leave_one_out
from core.stages.reward_descent import FRAMES, Descent, Slice, descend, descend_on_two
from core.stages.reward_fit import RewardFit, free_scores
from core.world.candidates import CandidateSet
from core.world.simulated_voter import SimulatedVoter
from core.world.text_features import FEATURES
from core.world.votes import Vote, decode, pair_shown

LAST = FRAMES - 1
ROWS_SHOWN = 8
FEATURE_OPTIONS = tuple((feature.key, feature.name) for feature in FEATURES)
IN_HAND = ("l6_view", ("hand", "shift"))
ON_SURFACE = ("l6_view", ("surface",))
WITH_VOTER = ("l6_view", ("fit", "held"))

VIEW = Param(
    "l6_view",
    "Look at",
    "choice",
    "fit",
    widget="slot",
    bare=True,
    options=(
        ("fit", "fit"),
        ("hand", "weights by hand"),
        ("surface", "loss surface"),
        ("free", "free scores"),
        ("shift", "+c"),
        ("held", "unseen pairs"),
    ),
    help="The same votes, seen in six ways.",
)
SEED = Param(
    "l6_seed",
    "Seed of the pairs",
    "int",
    0,
    0,
    999,
    1,
    help="Equal seeds show the same pairs in the same order and on the same sides.",
)
STEP = Param("l6_step", "Fit", "int", 0, 0, LAST, 1, widget="player")
PICK = Param("l6_pick", "Vote in the formula", "int", 0, 0, ROWS_SHOWN - 1, 1, widget="table")
WEIGHTS = tuple(
    Param(
        f"l6_w_{feature.key}",
        feature.name,
        "float",
        0.0,
        -3.0,
        3.0,
        0.1,
        help=feature.help,
        shown_if=("l6_view", ("hand",)),
    )
    for feature in FEATURES
)
SHIFT = Param(
    "l6_c",
    "c added to every score",
    "float",
    0.0,
    -5.0,
    5.0,
    0.5,
    shown_if=("l6_view", ("shift",)),
    help="The same number is added to the score of every answer.",
)
ACROSS = Param("l6_x", "Weight across", "choice", "tone", options=FEATURE_OPTIONS, shown_if=ON_SURFACE)
UPWARDS = Param("l6_y", "Weight upwards", "choice", "key_word", options=FEATURE_OPTIONS, shown_if=ON_SURFACE)
NOISE = Param(
    "l6_noise",
    "Simulated voter: noise",
    "float",
    0.5,
    0.0,
    3.0,
    0.1,
    shown_if=WITH_VOTER,
    help="0: the same answer every time. 3: nearly a coin toss.",
)
LENGTH = Param(
    "l6_length",
    "… likes length",
    "float",
    0.0,
    -3.0,
    3.0,
    0.5,
    shown_if=WITH_VOTER,
    help="Added to what this voter gives for ten more words.",
)
FLATTERY = Param(
    "l6_flattery",
    "… likes flattery",
    "float",
    0.0,
    -3.0,
    3.0,
    0.5,
    shown_if=WITH_VOTER,
    help="Added to what this voter gives for flattery.",
)


@dataclass(frozen=True)
class Result:
    """The votes, what was fitted to them, and how far the walk of the fit has been followed."""

    candidates: CandidateSet
    events: tuple[Vote, ...]
    shown: tuple[int, int]
    fit: RewardFit
    prior_sd: float
    step: int
    picked: Vote | None
    listed: tuple[Vote, ...]
    view: str
    hand_weights: tuple[float, ...]
    shift: float
    axes: tuple[int, int]
    voter: SimulatedVoter

    @cached_property
    def descent(self) -> Descent:
        """The walk from zero weights to the optimum."""
        return descend(self.candidates, self.fit.votes, self.prior_sd)

    @cached_property
    def slice(self) -> Slice:
        """The model with only the two chosen features: its loss surface, and the walk on it."""
        return descend_on_two(self.candidates, self.fit.votes, self.prior_sd, self.axes)

    @cached_property
    def free(self) -> tuple[np.ndarray, np.ndarray]:
        """Free strengths, one per response, and their standard errors, under a prior of the same width."""
        return free_scores(self.candidates, self.fit.votes, self.prior_sd)

    @cached_property
    def curve(self) -> AccuracyCurve:
        """Accuracy of fits to a simulated voter on pairs kept apart."""
        return held_out_accuracy(self.candidates, self.voter, self.prior_sd)

    @cached_property
    def left_out(self) -> tuple[int, int]:
        """(right, tried) of the learner's own votes by leave-one-out."""
        return leave_one_out(self.candidates, self.fit.votes, self.prior_sd)

    @property
    def fitted(self) -> bool:
        """Whether the scores shown are those of the finished fit."""
        return self.view in ("free", "held") or (self.view in ("fit", "surface") and self.step == LAST)

    @cached_property
    def weights(self) -> np.ndarray:
        """The weights that the scores on screen come from, [features]."""
        if self.view in ("hand", "shift"):
            return np.array(self.hand_weights) if self.view == "hand" else self.fit.weights
        if self.view == "surface":
            weights = np.zeros(len(self.hand_weights))
            weights[list(self.axes)] = self.slice.path[self.step]
            return weights
        return self.fit.weights if self.fitted else self.descent.weights[self.step]

    def scores_of(self, weights: np.ndarray) -> np.ndarray:
        """Scores of all responses under some weights, mean zero, [responses]."""
        features = self.candidates.matrix()
        return (features - features.mean(axis=0)) @ weights

    @cached_property
    def scores(self) -> np.ndarray:
        """The scores on screen, [responses]: mean zero, plus c in that view."""
        return self.scores_of(self.weights) + (self.shift if self.view == "shift" else 0.0)


def compute(values: Values) -> Result:
    """The fit of the votes in the link; what only one view needs is computed when that view asks for it."""
    candidates = responses(values)
    events = decode(str(values["votes"]))
    fitted = fit(values)
    listed = tuple(reversed(fitted.votes[-ROWS_SHOWN:]))
    keys = [feature.key for feature in FEATURES]
    across, upwards = keys.index(str(values["l6_x"])), keys.index(str(values["l6_y"]))
    if across == upwards:
        upwards = (across + 1) % len(keys)
    return Result(
        candidates=candidates,
        events=events,
        shown=pair_shown(len(events), int(values["l6_seed"]), len(candidates.candidates)),
        fit=fitted,
        prior_sd=float(values["prior_sd"]),
        step=int(values["l6_step"]),
        picked=listed[min(int(values["l6_pick"]), len(listed) - 1)] if listed else None,
        listed=listed,
        view=str(values["l6_view"]),
        hand_weights=tuple(float(values[param.key]) for param in WEIGHTS),
        shift=float(values["l6_c"]),
        axes=(across, upwards),
        voter=SimulatedVoter(float(values["l6_noise"]), float(values["l6_length"]), float(values["l6_flattery"])),
    )


def table(result: Result) -> Table | None:
    """The latest votes with what the model on screen says of them."""
    names = result.candidates.names
    rows = []
    for vote in result.listed:
        first, second = (vote.first, vote.second) if vote.share != 0.0 else (vote.second, vote.first)
        gap = float(result.scores[first] - result.scores[second])
        sign = "=" if vote.share == 0.5 else ">"
        chance, loss = percent(words.sigmoid(gap), 0), number(words.loss_of(gap, vote))
        rows.append((f"{names[first]} {sign} {names[second]}", signed(gap), chance, loss))
    if not rows:
        return None
    return Table(
        columns=("your vote", "Δ", "σ(Δ)", "loss"),
        rows=tuple(rows),
        lit=result.listed.index(result.picked) if result.picked in result.listed else None,
        notes=f"the latest {len(rows)} of {result.fit.n_votes}" if result.fit.n_votes > len(rows) else "",
    )


def formula(result: Result) -> Formula:
    """Δ, σ(Δ), loss and gradient of the picked vote, under the weights on screen."""
    return words.formula(result)


def snippet(result: Result) -> str:
    """The fit on screen as a script of its own."""
    differences = [[round(float(v), 6) for v in row] for row in result.fit.feature_differences]
    return script(
        (fit_feature_weights,),
        (
            f"features = {[feature.name for feature in result.candidates.features]!r}",
            f"feature_differences = np.array({differences!r}).reshape(-1, {len(result.candidates.features)})",
            f"outcomes = np.array({[float(v) for v in result.fit.outcomes]!r})",
            f"fit = fit_feature_weights(feature_differences, outcomes, prior_sd={result.prior_sd!r})",
            "for name, weight, sd in zip(features, fit.weights, np.sqrt(np.diag(fit.covariance))):",
            "    print(name, round(float(weight), 6), round(float(sd), 6))",
        ),
    )


LESSON = Lesson(
    outline=outline(6),
    params=(PRIOR, *WEIGHTS, SHIFT, ACROSS, UPWARDS, NOISE, LENGTH, FLATTERY, SEED, VIEW, STEP, PICK, VOTES, *PLACE),
    compute=compute,
    figures=views.figures,
    formula=formula,
    table=table,
    says=words.says,
    predict=words.predict,
    quiz=words.quiz,
    snippet=snippet,
    why=words.WHY,
    presets=(
        Preset("plain", "An honest voter", {"l6_noise": 0.3}),
        Preset("noisy", "A noisy voter", {"l6_noise": 2.0}),
        Preset("long", "A voter who likes length", {"l6_length": 3.0}),
        Preset("flattered", "A voter who likes flattery", {"l6_flattery": 3.0}),
    ),
    carried=CARRIED,
    sources_of_code=(fit_feature_weights, LinearFit),
)
