"""Lesson 6: vote on pairs, fit a reward model to those very votes, and see how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.figures.bars_with_spread import SpreadPanel, spread_panels
from core.figures.chart import Chart
from core.lessons import lesson06_words as words
from core.lessons.lesson import Formula, Lesson, Table
from core.lessons.outline import outline
from core.lessons.param import Param, Values
from core.lessons.shared_params import PRIOR, VOTES, fit, responses
from core.lessons.snippets import script
from core.lessons.text import number, percent, signed
from core.objectives.bradley_terry_fit import LinearFit, fit_feature_weights
from core.stages.reward_descent import FRAMES, Descent, descend
from core.stages.reward_fit import RewardFit
from core.world.candidates import CandidateSet
from core.world.votes import Vote, decode, pair_shown

LAST = FRAMES - 1
ROWS_SHOWN = 8

SEED = Param("l6_seed", "Seed of the pairs", "int", 0, 0, 999, 1, help="Equal seeds show the same pairs in the same order and on the same sides.")
STEP = Param("l6_step", "Fit", "int", 0, 0, LAST, 1, widget="player")
PICK = Param("l6_pick", "Vote in the formula", "int", 0, 0, ROWS_SHOWN - 1, 1, widget="table")


@dataclass(frozen=True)
class Result:
    """The votes, what was fitted to them, and how far the walk of the fit has been followed."""

    candidates: CandidateSet
    events: tuple[Vote, ...]
    shown: tuple[int, int]
    fit: RewardFit
    descent: Descent
    prior_sd: float
    step: int
    picked: Vote | None
    listed: tuple[Vote, ...]

    @property
    def fitted(self) -> bool:
        """Whether the walk has arrived at the optimum."""
        return self.step == LAST

    @property
    def weights(self) -> np.ndarray:
        """Weights at the step shown, [features]."""
        return self.descent.weights[self.step]

    def scores_at(self, step: int) -> np.ndarray:
        """Scores of all responses at a step of the walk, mean zero, [responses]."""
        features = self.candidates.matrix()
        return (features - features.mean(axis=0)) @ self.descent.weights[step]

    @property
    def scores(self) -> np.ndarray:
        """Scores at the step shown, mean zero, [responses]."""
        return self.scores_at(self.step)


def compute(values: Values) -> Result:
    """The fit of the votes in the link, and the walk to it."""
    candidates = responses(values)
    events = decode(str(values["votes"]))
    fitted = fit(values)
    prior_sd = float(values["prior_sd"])
    listed = tuple(reversed(fitted.votes[-ROWS_SHOWN:]))
    chosen = int(values["l6_pick"])
    return Result(
        candidates=candidates,
        events=events,
        shown=pair_shown(len(events), int(values["l6_seed"]), len(candidates.candidates)),
        fit=fitted,
        descent=descend(candidates, fitted.votes, prior_sd),
        prior_sd=prior_sd,
        step=int(values["l6_step"]),
        picked=listed[min(chosen, len(listed) - 1)] if listed else None,
        listed=listed,
    )


def figures(result: Result) -> tuple[Chart, ...]:
    """Scores of all responses and the weights behind them, along the walk of the fit."""
    fit_, names = result.fit, result.candidates.names
    score_panel = SpreadPanel(
        title="score r of each answer",
        labels=names,
        values=tuple(tuple(result.scores_at(step)) for step in range(FRAMES)),
        half_widths=_only_at_the_end(tuple(fit_.score_sd)),
        role="proxy",
        lit=(result.picked.first, result.picked.second) if result.picked else (),
    )
    weight_panel = SpreadPanel(
        title="weight of each feature",
        labels=tuple(feature.name for feature in result.candidates.features),
        values=tuple(tuple(row) for row in result.descent.weights),
        half_widths=_only_at_the_end(tuple(fit_.weight_sd)),
        role="human",
    )
    chart = spread_panels(
        key="l6_chart",
        title="The reward model of your votes",
        panels=(score_panel, weight_panel),
        step=result.step,
        text=words.chart_text(result),
        primary="Fit",
        play_ms=90,
    )
    return (chart,)


def _only_at_the_end(halves: tuple[float, ...]) -> tuple[tuple[float, ...], ...]:
    """Intervals belong to the optimum, so the frames of the walk before it have none."""
    return (*((0.0,) * len(halves) for _ in range(FRAMES - 1)), halves)


def table(result: Result) -> Table | None:
    """The latest votes with what the model at this step says of them."""
    names = result.candidates.names
    rows = []
    for vote in result.listed:
        first, second = (vote.first, vote.second) if vote.share != 0.0 else (vote.second, vote.first)
        gap = float(result.scores[first] - result.scores[second])
        sign = "=" if vote.share == 0.5 else ">"
        rows.append((f"{names[first]} {sign} {names[second]}", signed(gap), percent(words.sigmoid(gap), 0), number(words.loss_of(gap, vote))))
    if not rows:
        return None
    return Table(
        columns=("your vote", "Δ", "σ(Δ)", "loss"),
        rows=tuple(rows),
        lit=result.listed.index(result.picked) if result.picked in result.listed else None,
        notes=f"the latest {len(rows)} of {result.fit.n_votes}" if result.fit.n_votes > len(rows) else "",
    )


def formula(result: Result) -> Formula:
    """Δ, σ(Δ), loss and gradient of the picked vote, at the step shown."""
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
    params=(PRIOR, SEED, STEP, PICK, VOTES),
    compute=compute,
    figures=figures,
    formula=formula,
    table=table,
    says=words.says,
    predict=words.predict,
    quiz=words.quiz,
    snippet=snippet,
    why=words.WHY,
    carried=("votes", "prior_sd"),
    later="Weights as sliders, the loss surface and a simulated voter.",
    sources_of_code=(fit_feature_weights, LinearFit),
)
