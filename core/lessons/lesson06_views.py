"""The six pictures of lesson 6: the fit as it is walked, weights by hand, the loss surface, free scores, +c, unseen pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from core.figures.bars_with_spread import SpreadPanel, spread_panels
from core.figures.chart import Chart
from core.figures.lines import Line, lines
from core.figures.surface import loss_surface
from core.lessons import lesson06_words as words
from core.lessons.text import number, percent
from core.objectives.bradley_terry import pairwise_loss
from core.stages.reward_descent import FRAMES

if TYPE_CHECKING:
    from core.lessons.lesson06 import Result

CENTRING = 0.01
SHIFTS = tuple(np.arange(-5.0, 5.01, 0.5).tolist())


def figures(result: Result) -> tuple[Chart, ...]:
    """The one chart of the chosen view."""
    draw = {"fit": _fit, "hand": _hand, "surface": _surface, "free": _free, "shift": _shift, "held": _held}[result.view]
    return (draw(result),)


def _lit(result: Result) -> tuple[int, ...]:
    return (result.picked.first, result.picked.second) if result.picked else ()


def _feature_names(result: Result) -> tuple[str, ...]:
    return tuple(feature.name for feature in result.candidates.features)


def _only_at_the_end(halves: tuple[float, ...]) -> tuple[tuple[float, ...], ...]:
    """Intervals belong to the optimum, so the frames of the walk before it have none."""
    return (*((0.0,) * len(halves) for _ in range(FRAMES - 1)), halves)


def _fit(result: Result) -> Chart:
    walk = result.descent.weights
    scores = SpreadPanel(
        title="score r of each answer ± sd",
        labels=result.candidates.names,
        values=tuple(tuple(result.scores_of(weights)) for weights in walk),
        half_widths=_only_at_the_end(tuple(result.fit.score_sd)),
        role="proxy",
        lit=_lit(result),
    )
    weights = SpreadPanel(
        title="weight of each feature ± sd",
        labels=_feature_names(result),
        values=tuple(tuple(row) for row in walk),
        half_widths=_only_at_the_end(tuple(result.fit.weight_sd)),
        role="human",
    )
    return spread_panels(
        key="l6_chart",
        title="The reward model of your votes",
        panels=(scores, weights),
        step=result.step,
        text=words.chart_text(result),
        primary="Fit",
        play_ms=90,
    )


def _hand(result: Result) -> Chart:
    def panel(
        title: str, labels: tuple[str, ...], values: np.ndarray, role: str, lit: tuple[int, ...] = ()
    ) -> SpreadPanel:
        return SpreadPanel(title, labels, (tuple(values),), ((0.0,) * len(labels),), role, lit)

    return spread_panels(
        key="l6_hand",
        title="Scores from your sliders",
        panels=(
            panel("by hand: score of each answer", result.candidates.names, result.scores, "proxy", _lit(result)),
            panel("fitted to your votes", result.candidates.names, result.fit.scores, "human"),
        ),
        step=0,
        text=words.chart_text(result),
    )


def _surface(result: Result) -> Chart:
    cut = result.slice
    names = _feature_names(result)
    return loss_surface(
        key="l6_surface",
        title="Loss of a model with only two features",
        x_name=names[result.axes[0]],
        y_name=names[result.axes[1]],
        x=cut.grid,
        y=cut.grid,
        loss=cut.loss,
        path=cut.path,
        optimum=tuple(cut.path[-1]),
        step=result.step,
        text=f"Loss over two weights; lowest, {number(cut.losses[-1])}, at {number(cut.path[-1][0])} and {number(cut.path[-1][1])}.",
    )


def _free(result: Result) -> Chart:
    strengths, errors = result.free

    def panel(title: str, values: np.ndarray, sd: np.ndarray, role: str) -> SpreadPanel:
        return SpreadPanel(title, result.candidates.names, (tuple(values),), (tuple(sd),), role, _lit(result))

    return spread_panels(
        key="l6_free",
        title="One weight per feature, or one free score per answer",
        panels=(
            panel("from features ± sd", result.fit.scores, result.fit.score_sd, "proxy"),
            panel("free scores ± sd", strengths, errors, "human"),
        ),
        step=0,
        text=words.chart_text(result),
    )


def shifted_losses(result: Result, shifts: tuple[float, ...]) -> tuple[list[float], list[float], list[float]]:
    """For every c: mean loss of the decided votes; the same with a centring term; the same with a Gaussian prior on scores."""
    decided = [
        (v.first, v.second) if v.share == 1.0 else (v.second, v.first)
        for v in result.fit.votes
        if v.share in (0.0, 1.0)
    ]
    scores = torch.from_numpy(result.fit.scores)
    winners, losers = (torch.tensor([pair[side] for pair in decided], dtype=torch.long) for side in (0, 1))
    plain, centred, with_prior = [], [], []
    for c in shifts:
        moved = scores + c
        bare = float(pairwise_loss(moved[winners], moved[losers]).loss)
        plain.append(bare)
        centred.append(float(pairwise_loss(moved[winners], moved[losers], center_rewards_coefficient=CENTRING).loss))
        prior = float((moved**2).sum()) / (2 * result.prior_sd**2) / max(len(decided), 1)
        with_prior.append(bare + prior)
    return plain, centred, with_prior


def _shift(result: Result) -> Chart:
    plain, centred, with_prior = shifted_losses(result, SHIFTS)
    top = max(max(centred), min(with_prior) + 1.5, max(plain) + 0.5)
    return lines(
        key="l6_shift",
        title="Add c to every score",
        series=(
            Line("loss of your votes", SHIFTS, tuple(plain), "new"),
            Line(f"+ centring term ({CENTRING:g})", SHIFTS, tuple(centred), "proxy"),
            Line("+ prior on the scores", SHIFTS, tuple(with_prior), "human"),
        ),
        x_title="c",
        y_title="mean loss, nats",
        text=f"The loss of the votes is {number(plain[0], 3)} for every c; the other two lines rise away from their lowest point.",
        y_range=(0.0, top),
        marks=((result.shift, f"c = {number(result.shift, 1)}"),),
    )


def _held(result: Result) -> Chart:
    curve = result.curve
    mean, spread = curve.accuracy.mean(axis=0), curve.accuracy.std(axis=0, ddof=1)
    series = [
        Line(
            f"simulated voter ({len(curve.accuracy)} seeds, ± sd)", curve.sizes, tuple(mean), "proxy",
            tuple(np.clip(mean - spread, 0, 1)), tuple(np.clip(mean + spread, 0, 1)), markers=True,
        ),
        Line("a coin toss", (curve.sizes[0], curve.sizes[-1]), (0.5, 0.5), "reference"),
    ]  # fmt: skip
    right, tried = result.left_out
    if tried:
        place = float(min(max(result.fit.n_votes, curve.sizes[0]), curve.sizes[-1]))
        series.append(
            Line(f"your votes, leave-one-out (n = {tried})", (place,), (right / tried,), "human", markers=True)
        )
    return lines(
        key="l6_held",
        title="Right on pairs that were not voted on",
        series=series,
        x_title="votes",
        y_title="share right",
        text="; ".join(f"{size} votes: {percent(value)}" for size, value in zip(curve.sizes, mean)),
        log_x=True,
        y_range=(0.0, 1.05),
    )
