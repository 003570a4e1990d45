"""Lesson 4 in words: charts as texts, sentences from the state, questions marked from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.lessons.lesson import Prediction, Question, Source, Why
from core.lessons.lesson04_formulas import items
from core.lessons.text import number, plain, plural, signed
from core.statistics.by_hand import ANSWERS, ENOUGH, PAIR_ORDER, triples
from core.statistics.crossings import Band, Contest, band
from core.statistics.ratings import BUDGETS, ESTIMATORS, MIDDLE, SEEDS, kendall_tau, simulate, to_scale

if TYPE_CHECKING:
    from core.lessons.lesson04 import Result

NAMES = {"raw": "raw mean of ratings", "standardised": "standardised per rater", "pairs": "comparisons"}
PLURAL = {"raw": "raw means", "standardised": "standardised means", "pairs": "comparisons"}
PREDICT_AT = BUDGETS.index(64)


def has_ceiling(result: Result) -> bool:
    """Whether a shared error keeps endless labels from the true order."""
    return result.setup.shared > 0 and result.setup.noise_sd > 0


# --- charts in words --------------------------------------------------------------------------------------------------


def hand_text(result: Result) -> str:
    """Ratings, comparisons and strengths in words."""
    hand, rating = result.hand, result.hand.rating
    rated = "; ".join(f"{ANSWERS[k].name} {rating[k]}" for k in sorted(rating)) or "none yet"
    if hand.phase != "done":
        return f"Ratings: {rated}. Compared: {len(hand.shares)} of {len(PAIR_ORDER)} pairs."
    fit = result.strengths
    strengths = "; ".join(
        f"{answer.name} {signed(value)} ± {number(sd)}"
        for answer, value, sd in zip(ANSWERS, fit.strengths, result.strength_sd)
    )
    kinds = [verdict.kind for verdict in result.verdicts]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    return f"Ratings: {rated}. {len(kinds)} pairs: {counts}. Strengths: {strengths}."


def budget_text(result: Result) -> str:
    """τ of every estimator at every budget in words."""
    parts = [
        f"{NAMES[name]}: "
        + ", ".join(f"{budget} units {number(value)}" for budget, value in zip(BUDGETS, result.bands[name].mean))
        for name in ESTIMATORS
    ]
    return "Kendall τ with the true order. " + "; ".join(parts) + "."


def raters_text(result: Result) -> str:
    """Everybody's ratings in words."""
    rows = "; ".join(
        f"rater {k + 1} (a {signed(a)}, b {number(b)}): "
        + ", ".join(f"{n} {s:.0f}" for n, s in zip(items(), result.ratings[k]))
        for k, (a, b) in enumerate(zip(result.offsets, result.scales))
    )
    return f"Ratings without error, items from worst to best. {rows}."


# --- what you see -----------------------------------------------------------------------------------------------------


def says(result: Result) -> tuple[str, ...]:
    """What the view shows, derived from its numbers."""
    return {"hand": _hand_says, "budget": _budget_says, "raters": _raters_says}[result.view](result)


def _hand_says(result: Result) -> tuple[str, ...]:
    hand = result.hand
    if hand.phase == "rate":
        todo = len(ANSWERS) - len(hand.ratings)
        return (f"{plural(todo, 'rating')} to go, then {len(PAIR_ORDER)} pairs of the same answers.", _stand_in(result))
    low, high = min(hand.ratings), max(hand.ratings)
    span = f"You used the scale from {low} to {high}" if high > low else f"You rated every answer {low}"
    if hand.phase == "compare":
        return (
            f"{span}: rated equal, {_equal_pairs(result)} of {len(PAIR_ORDER)} pairs. {len(hand.shares)} compared so far; the "
            f"verdict comes after the last, or after {ENOUGH} if you stop.",
            _stand_in(result),
        )
    return (_contradictions(result), _circles(result), _order(result))


def _stand_in(result: Result) -> str:
    return (
        f"Rater 1 of the simulation (a = {signed(result.offsets[0])}, b = {number(result.scales[0])}, noise "
        f"{number(result.setup.noise_sd, 1)}) can finish it for you."
    )


def _equal_pairs(result: Result) -> int:
    rating = result.hand.rating
    return sum(rating[left] == rating[right] for left, right in PAIR_ORDER)


def _contradictions(result: Result) -> str:
    verdicts = result.verdicts
    kinds = [verdict.kind for verdict in verdicts]
    clashes = [verdict for verdict in verdicts if verdict.kind == "contradicts"]
    example = ""
    if clashes:
        worst = max(clashes, key=lambda verdict: verdict.ratings[0] - verdict.ratings[1])
        winner, loser = ANSWERS[worst.second].name, ANSWERS[worst.first].name
        example = (
            f", such as “{plain(winner)}” (rated {worst.ratings[1]}) over “{plain(loser)}” (rated {worst.ratings[0]})"
        )
    equal, ties = kinds.count("rated equal"), kinds.count("called a tie")
    others = f" {plural(equal, 'pair')} rated equal got a winner"
    others += f"; {ties} rated apart {'was' if ties == 1 else 'were'} called a tie." if ties else "."
    return f"**{len(clashes)} of {len(verdicts)}** comparisons contradict your own ratings{example}.{others}"


def _circles(result: Result) -> str:
    circles, decided = triples(result.hand)
    if not decided:
        return f"Among your {plural(len(result.verdicts), 'comparison')} no three answers were all decided against each other."
    if not circles:
        return f"**0 of {decided}** {'triple goes' if decided == 1 else 'triples go'} round in a circle."
    names = [f"“{plain(ANSWERS[k].name)}”" for k in circles[0]]
    return f"**{len(circles)} of {decided}** triples go round in a circle: {' > '.join([*names, names[0]])}."


def _order(result: Result) -> str:
    hand = result.hand
    ratings = np.array([hand.rating[k] for k in range(len(ANSWERS))], dtype=float)
    strengths = result.strengths.strengths
    if np.ptp(ratings) == 0:
        return (
            f"You rated all {len(ratings)} answers {ratings[0]:.0f}, so there is no order of ratings to compare with."
        )
    if np.ptp(strengths) < 1e-9:
        return f"Your {plural(len(result.verdicts), 'comparison')} put all answers on one level: there is no order of pairs."
    tau = float(kendall_tau(strengths, ratings))
    return f"The orders from pairs and from ratings agree with τ = {number(tau)} (1: the same)."


def _budget_says(result: Result) -> tuple[str, ...]:
    k = result.budget
    values = ", ".join(f"{PLURAL[name]} {weight}{with_half(result, name, k)}{weight}" for name, weight in
                       (("pairs", "**"), ("raw", "**"), ("standardised", "")))  # fmt: skip
    n, m, raters = result.recovery.n_ratings[k], result.recovery.n_comparisons[k], result.setup.n_raters
    bought = f"({plural(n, 'rating')}, {number(n / raters, 1)} a rater, or {plural(m, 'comparison')})"
    ceiling = (
        f" Endless labels would end near {number(float(result.recovery.ceiling.mean()))}."
        if has_ceiling(result)
        else ""
    )
    return (
        f"With {BUDGETS[k]} units {bought} τ is: {values}.{ceiling}",
        contest_sentence(result.against("raw"), PLURAL["raw"]),
        contest_sentence(result.against("standardised"), PLURAL["standardised"]),
    )


def with_half(result: Result, name: str, k: int) -> str:
    """τ of an estimator at a budget with half its interval: 0.86 ± 0.03."""
    b = result.bands[name]
    return _plus_minus(b, k)


def _plus_minus(b: Band, k: int) -> str:
    return f"{number(b.mean[k])} ± {b.mean[k] - b.low[k]:.2f}".replace("−0.00", "0.00")


def contest_sentence(found: Contest, other: str) -> str:
    """Comparisons against `other`: where they cross, and where the bands keep them apart."""
    places = len(BUDGETS)
    ahead, behind = sum(found.above), sum(found.below)
    if ahead == places or behind == places:
        winner, loser = ("Comparisons", other) if ahead else (other.capitalize(), "comparisons")
        least, most = sorted((min(map(abs, found.lead)), max(map(abs, found.lead))))
        return (
            f"{winner} beat {loser} at every budget from {BUDGETS[0]} to {BUDGETS[-1]}, with bands apart: by {number(least)} to "
            f"{number(most)} in τ."
        )
    mean = signed(sum(found.lead) / places)
    apart = [
        f"{who} lead{'' if len(at) == places else ' at ' + _listed(at)}"
        for who, at in (("comparisons", _places(found.above)), (other, _places(found.below)))
        if at
    ]
    if not found.crossings and apart:
        return (
            f"Comparisons and {other} do not cross; bands apart: {'; '.join(apart)} (mean difference {mean}). Elsewhere they are not "
            "separable."
        )
    if not found.crossings:
        return (
            f"Comparisons and {other} are not separable at any budget from {BUDGETS[0]} to {BUDGETS[-1]}: their bands overlap "
            f"(mean difference {mean})."
        )
    near = _listed([f"{crossing:.3g}" for crossing in found.crossings])
    if not apart:
        times = "once" if len(found.crossings) == 1 else f"{len(found.crossings)} times"
        return (
            f"Comparisons and {other} are not separable at any budget from {BUDGETS[0]} to {BUDGETS[-1]}: their bands overlap "
            f"(the means cross {times}, near {near} units)."
        )
    there = (
        "there they are not separable"
        if all(_overlaps(found, c) for c in found.crossings)
        else "they change places quickly"
    )
    return f"Comparisons and {other} cross near **{near}** units ({there}); bands apart: {'; '.join(apart)}."


def _overlaps(found: Contest, crossing: float) -> bool:
    """Whether the bands overlap at the budget before or behind a crossing."""
    after = next((k for k, budget in enumerate(BUDGETS) if budget >= crossing), len(BUDGETS) - 1)
    return any(not (found.above[k] or found.below[k]) for k in (max(after - 1, 0), after))


def _places(flags: tuple[bool, ...]) -> list[str]:
    """The budgets at which a flag is set; a run of three or more as "8 to 64"."""
    runs: list[list[int]] = []
    for k, flag in enumerate(flags):
        if flag:
            if runs and runs[-1][-1] == k - 1:
                runs[-1].append(k)
            else:
                runs.append([k])
    texts: list[str] = []
    for run in runs:
        texts += [f"{BUDGETS[run[0]]} to {BUDGETS[run[-1]]}"] if len(run) > 2 else [str(BUDGETS[k]) for k in run]
    return texts


def _listed(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + " and " + texts[-1]


def _raters_says(result: Result) -> tuple[str, ...]:
    names, k, i, j = items(), result.rater, result.better, result.worse
    mine = result.ratings[k]
    gap = float(result.latent[k, i] - result.latent[k, j])
    first = (
        f"Rater {k + 1} (a = {signed(result.offsets[k])}, b = {number(result.scales[k])}) writes **{mine[i]:.0f}** for {names[i]} and "
        f"**{mine[j]:.0f}** for {names[j]}; compared, {names[i]} wins by {signed(gap)} whatever a is."
    )
    return (first, _swapped(result), _same_item(result))


def _swapped(result: Result) -> str:
    """How often two raters' ratings put the worse item first, against one rater's."""
    names, i, j = items(), result.better, result.worse
    better, worse = result.ratings[:, i], result.ratings[:, j]
    n = len(better)
    if n == 1:
        return f"There is one rater, so no second scale to mix with: {better[0]:.0f} for {names[i]}, {worse[0]:.0f} for {names[j]}."
    across = worse[None, :] - better[:, None]
    others = ~np.eye(n, dtype=bool)
    wrong, level = int((across[others] > 0).sum()), int((across[others] == 0).sum())
    within, flat = int((worse > better).sum()), int((worse == better).sum())
    return (
        f"{names[i]} rated by one and {names[j]} by another of these {n}: the worse item comes out ahead in **{wrong} of {n * (n - 1)}** "
        f"cases and level in {level}. Both rated by one person: ahead in **{within} of {n}**, level in {flat}."
    )


def _same_item(result: Result) -> str:
    """ "Your 2 is my 1", with these raters' numbers."""
    names, i = items(), result.better
    column = result.ratings[:, i]
    low, high = int(np.argmin(column)), int(np.argmax(column))
    if column[low] == column[high]:
        return (
            f"For {names[i]} all of them write {column[low]:.0f}."
            if len(column) > 1
            else f"{names[i]} is a {column[0]:.0f} here."
        )
    return f"Rater {high + 1}'s {column[high]:.0f} is rater {low + 1}'s {column[low]:.0f}: both mean {names[i]}."


# --- questions --------------------------------------------------------------------------------------------------------


def leader(result: Result, k: int) -> str | None:
    """The estimator whose band lies above both others at a budget, if there is one."""
    bands = result.bands
    best = max(ESTIMATORS, key=lambda name: bands[name].mean[k])
    clear = all(bands[best].low[k] > bands[name].high[k] for name in ESTIMATORS if name != best)
    return best if clear else None


def predict(result: Result) -> Prediction:
    """Who recovers the true order best at 64 units? Marked from the simulation with the settings on screen."""
    best = leader(result, PREDICT_AT)
    values = "; ".join(f"{PLURAL[name]} {with_half(result, name, PREDICT_AT)}" for name in ESTIMATORS)
    return Prediction(
        question=f"Predict: {plural(result.setup.n_raters, 'simulated rater')}, offsets spread by {number(result.setup.offset_sd, 1)}, "
        f"{BUDGETS[PREDICT_AT]} units. What finds the true order best?",
        options=(*(PLURAL[name] for name in ESTIMATORS), "no clear winner: bands overlap"),
        answer=ESTIMATORS.index(best) if best else len(ESTIMATORS),
        because=f"τ at {BUDGETS[PREDICT_AT]} units: {values}.",
        revealed=result.view == "budget",
    )


def quiz(result: Result) -> tuple[Question, ...]:
    """Two questions, both answered by computing."""
    names, k, i, j = items(), result.rater, result.better, result.worse
    u, a, b = result.setup.utilities(), float(result.offsets[k]), float(result.scales[k])
    before, after = (MIDDLE + offset + b * u for offset in (a, a - 1))
    same = bool(np.isclose(before[i] - before[j], after[i] - after[j]))
    fair = simulate(
        replace(result.setup, offset_sd=0.0, scale_sd=0.0, shared=0.0, rating_cost=1.0, comparison_cost=1.0)
    )
    raw, pairs = band(fair.tau["raw"]), band(fair.tau["pairs"])
    at = PREDICT_AT
    answer = 0 if raw.low[at] > pairs.high[at] else 1 if pairs.low[at] > raw.high[at] else 2
    return (
        Question(
            f"Rater {k + 1} becomes harsher: a falls by 1. What happens to this rater's comparison of {names[i]} and {names[j]}?",
            ("nothing", f"{names[i]} wins by less", f"{names[j]} may win"),
            0 if same else 1,
            f"{names[i]} wins by {signed(float(before[i] - before[j]))} before and {signed(float(after[i] - after[j]))} after: a stands on "
            f"both sides. The ratings change from {to_scale(before[i]):.0f} and {to_scale(before[j]):.0f} to "
            f"{to_scale(after[i]):.0f} and {to_scale(after[j]):.0f}.",
        ),
        Question(
            f"Same noise, but no offsets and equal scales, and every label costs 1. At {BUDGETS[at]} units, what recovers more?",
            ("ratings (raw mean)", "comparisons", "not separable"),
            answer,
            f"Computed now over {SEEDS} seeds: raw means {_plus_minus(raw, at)}, comparisons "
            f"{_plus_minus(pairs, at)}. {_why_fair(answer)}",
        ),
    )


def _why_fair(answer: int) -> str:
    """What decides between ratings and comparisons of raters who share one scale."""
    return (
        "There is no offset to cancel, and how good says more than which is better.",
        "Without offsets only rounding and the ends of the scale cost ratings anything, and here that is enough.",
        "The bands overlap.",
    )[answer]


WHY = Why(
    text=(
        "People use a scale differently. Within one rater the offset a cancels, and b > 0 cannot turn the sign; across raters it "
        "can. That protection is what a comparison buys, and it has a price: which is better says less than how good. Where raters "
        "share a scale, or rate so much that offsets can be taken out, ratings carry more per label. Measurements go both ways: "
        "with equal label counts best–worst scaling was significantly more reliable than rating scales; 70B reward models on "
        "matched data scored 93.0 by regression on ratings and 91.5 by Bradley–Terry (RewardBench). In theory both errors scale "
        "alike, apart from constant factors. Errors that raters share stay, whatever you ask."
    ),
    misconception="“Comparisons always beat ratings.” They beat ratings whose offsets nobody took out.",
    sources=(
        Source("Kiritchenko and Mohammad, ACL 2017", "https://aclanthology.org/P17-2074"),
        Source("Wang et al. 2024, HelpSteer2-Preference", "https://arxiv.org/abs/2410.01257"),
        Source("Shah et al., JMLR 2016", "https://arxiv.org/abs/1505.01462"),
        Source("Wang and Shah, Your 2 is My 1", "https://arxiv.org/abs/1806.05085"),
        Source("Lambert, RLHF Book, chapter 5", "https://rlhfbook.com"),
    ),
)
