"""Lesson 4 drawn: the pairs done by hand, recovery against budget, the raters' scales; their tables and scripts."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from core.figures.chart import Chart
from core.figures.lines import Line, lines
from core.figures.pair_grid import MarkKind, PairMark, pair_grid
from core.figures.rating_lines import rating_lines
from core.lessons import lesson04_words as words
from core.lessons.lesson import Table
from core.lessons.snippets import script
from core.lessons.text import number, signed
from core.objectives.bradley_terry_fit import fit_item_strengths
from core.statistics import by_hand
from core.statistics.by_hand import ANSWERS
from core.statistics.ratings import (
    BUDGETS,
    ESTIMATORS,
    HIGHEST,
    LOWEST,
    MIDDLE,
    SEEDS,
    RatingSetup,
    draw_raters,
    simulate,
    to_scale,
)

if TYPE_CHECKING:
    from core.lessons.lesson04 import Result
    from core.statistics.by_hand import Verdict

ROLES = {"raw": "human", "standardised": "proxy", "pairs": "chosen"}
KINDS = (
    MarkKind("agrees", "chosen"),
    MarkKind("contradicts your ratings", "rejected", size=18),
    MarkKind("rated equal", "human"),
    MarkKind("called a tie", "reference"),
    MarkKind("compared", "muted", size=11),
    MarkKind("not compared", "muted", "circle-open", size=6),
)
KIND_NUMBER = {"agrees": 0, "contradicts": 1, "rated equal": 2, "called a tie": 3}
SHORT = {"agrees": "agrees", "contradicts": "contradicts", "rated equal": "rated equal", "called a tie": "tie"}


def figures(result: Result) -> tuple[Chart, ...]:
    """The one chart of the chosen view."""
    return ({"hand": _hand, "budget": _budget, "raters": _raters}[result.view](result),)


def order_of_answers(result: Result) -> list[int]:
    """The answers by rating, best first; unrated ones last."""
    rating = result.hand.rating
    return sorted(range(len(ANSWERS)), key=lambda answer: (-rating.get(answer, 0), answer))


def _hand(result: Result) -> Chart:
    hand, rating = result.hand, result.hand.rating
    order = order_of_answers(result)
    row_of = {answer: row for row, answer in enumerate(order)}
    verdicts = {frozenset((v.first, v.second)): v for v in result.verdicts}
    compared = {frozenset(pair[:2]) for pair in hand.compared}
    marks = []
    for left, right in by_hand.PAIR_ORDER:
        pair = frozenset((left, right))
        kind = KIND_NUMBER[verdicts[pair].kind] if pair in verdicts else 4 if pair in compared else 5
        row, column = sorted((row_of[left], row_of[right]))
        marks.append(PairMark(row, column, kind, _hover(verdicts.get(pair), left, right)))
    fit = result.strengths
    return pair_grid(
        key="l4_hand_chart",
        title="Your comparisons against your ratings",
        rows=[
            (ANSWERS[answer].name, f"rated {rating[answer]}" if answer in rating else "not rated") for answer in order
        ],
        kinds=KINDS,
        marks=marks,
        bars=[float(fit.strengths[answer]) for answer in order],
        half_widths=[float(result.strength_sd[answer]) for answer in order],
        bar_title="strength from pairs ± sd",
        text=words.hand_text(result),
        height=300 if hand.phase != "done" else 350,
    )


def _hover(verdict: Verdict | None, left: int, right: int) -> str:
    if verdict is None:
        return f"{ANSWERS[left].name} / {ANSWERS[right].name}"
    said = (
        "tie"
        if verdict.share == 0.5
        else f"“{ANSWERS[verdict.first if verdict.share == 1 else verdict.second].name}” is better"
    )
    first, second = ANSWERS[verdict.first].name, ANSWERS[verdict.second].name
    return f"{first} rated {verdict.ratings[0]}, {second} rated {verdict.ratings[1]}; compared: {said}"


def _budget(result: Result) -> Chart:
    places = tuple(float(budget) for budget in BUDGETS)
    series = [
        Line(words.NAMES[name], places, tuple(b.mean), ROLES[name], tuple(b.low), tuple(b.high), markers=True)
        for name, b in result.bands.items()
    ]
    if words.has_ceiling(result):
        ceiling = float(result.recovery.ceiling.mean())
        series.append(Line("endless labels", (places[0], places[-1]), (ceiling, ceiling), "gold"))
    lowest = min(float(b.low.min()) for b in result.bands.values())
    chart = lines(
        key="l4_budget",
        title="How well is the true order recovered?",
        series=series,
        x_title="budget, in units",
        y_title=f"Kendall τ (mean of {SEEDS} seeds, 95 % band)",
        text=words.budget_text(result),
        log_x=True,
        y_range=(min(0.0, lowest) - 0.02, 1.03),
        height=380,
    )
    # On a logarithmic axis Plotly takes a shape's place as a number of the axis, and a range as its logarithm.
    at = places[result.budget]
    layout = chart.figure["layout"]
    layout["xaxis"].update({"range": [math.log10(places[0] / 1.25), math.log10(places[-1] * 1.25)]})
    layout["shapes"] = [
        {"type": "line", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1, "layer": "below",
         "line": {"color": "@optimum", "width": 1.5, "dash": "dot"}}
    ]  # fmt: skip
    for axis in ("xaxis", "yaxis"):
        layout[axis]["title"]["font"] = {"size": 13}
    return replace(
        chart, compact={"legend.font.size": 10.5, "margin.t": 62, "margin.l": 50, "yaxis.title.text": "Kendall τ"}
    )


def _raters(result: Result) -> Chart:
    from core.lessons.lesson04 import ITEMS

    return rating_lines(
        key="l4_raters_chart",
        title="The same items on six people's scales" if len(result.offsets) > 1 else "The items on one person's scale",
        utilities=[float(u) for u in result.setup.utilities()],
        items=list(ITEMS),
        latent=result.latent,
        ratings=result.ratings,
        picked=result.rater,
        pair=(result.better, result.worse),
        scale=(LOWEST, HIGHEST),
        text=words.raters_text(result),
        height=400,
    )


def table(result: Result) -> Table | None:
    """By hand: pairs with their ratings. Budget: τ of every estimator. Raters: their a, b and two ratings."""
    return {"hand": _hand_table, "budget": _budget_table, "raters": _raters_table}[result.view](result)


def _hand_table(result: Result) -> Table | None:
    if not result.listed:
        return None
    rows = []
    for verdict in result.listed:
        won = verdict.first if verdict.share >= 0.5 else verdict.second
        lost = verdict.second if won == verdict.first else verdict.first
        rating = result.hand.rating
        sign = "=" if verdict.share == 0.5 else ">"
        rows.append(
            (f"{ANSWERS[won].name} {sign} {ANSWERS[lost].name}", f"{rating[won]} : {rating[lost]}", SHORT[verdict.kind])
        )
    left = len(result.verdicts) - len(rows)
    return Table(
        columns=("you said", "rated", ""),
        rows=tuple(rows),
        lit=min(result.pick, len(rows) - 1),
        notes=f"{left} more, of the kinds further down" if left else "",
    )


def _budget_table(result: Result) -> Table:
    rows = tuple(
        (
            str(budget),
            *(words.with_half(result, name, k) for name in ESTIMATORS),
        )
        for k, budget in enumerate(BUDGETS)
    )
    return Table(columns=("budget", "raw τ", "standardised", "pairs"), rows=rows, lit=result.budget)


def _raters_table(result: Result) -> Table:
    from core.lessons.lesson04 import ITEMS

    better, worse = result.better, result.worse
    rows = []
    for rater, (a, b) in enumerate(zip(result.offsets, result.scales)):
        rows.append(
            (f"rater {rater + 1}", signed(a), number(b), f"{result.ratings[rater, better]:.0f}",
             f"{result.ratings[rater, worse]:.0f}", f"{ITEMS[better]} > {ITEMS[worse]}")
        )  # fmt: skip
    notes = (
        f"the first {len(rows)} of {result.setup.n_raters}, without error"
        if result.setup.n_raters > len(rows)
        else "without error"
    )
    return Table(
        columns=("", "a", "b", f"rates {ITEMS[better]}", f"rates {ITEMS[worse]}", "compares"),
        rows=tuple(rows),
        lit=result.rater,
        notes=notes,
    )


def snippet(result: Result) -> str:
    """The numbers of the view as a script of its own."""
    setup = ", ".join(f"{name}={value!r}" for name, value in vars(result.setup).items())
    done = result.hand.phase == "done"
    if result.view == "hand" and done:
        pairs = [list(pair[:2]) for pair in result.hand.compared]
        shares = [share for *_, share in result.hand.compared]
        return script(
            (fit_item_strengths,),
            (
                f"names = {[answer.name for answer in ANSWERS]!r}",
                f"pairs = np.array({pairs!r}, dtype=int).reshape(-1, 2)  # left, right",
                f"shares = np.array({shares!r}, dtype=float)  # the left answer's share of the win",
                f"fit = fit_item_strengths(len(names), pairs, shares, l2_penalty=1 / (2 * {result.prior_sd!r} ** 2))",
                "for name, strength, sd in zip(names, fit.strengths, fit.standard_errors):",
                "    print(name, round(float(strength), 6), round(float(sd), 6))",
            ),
        )
    if result.view != "budget":
        # Before there is anything done by hand, the formula is about the first rater of the simulation.
        shown = 1 if result.view == "hand" else len(result.offsets)
        return script(
            (RatingSetup, draw_raters, to_scale),
            (
                f"setup = RatingSetup({setup})",
                "raters = draw_raters(setup)",
                f"for a, b in zip(raters.offsets[0, :{shown}], raters.scales[0, :{shown}]):",
                f"    print(round(float(a), 6), round(float(b), 6), to_scale({MIDDLE} + a + b * setup.utilities()).tolist())",
            ),
        )
    return script(
        (RatingSetup, simulate),
        (
            f"setup = RatingSetup({setup})",
            "for name, tau in simulate(setup).tau.items():",
            "    half = 1.96 * tau.std(axis=0, ddof=1) / np.sqrt(len(tau))",
            "    print(name, [(budget, round(float(m), 6), round(float(h), 6)) for budget, m, h in zip(BUDGETS, tau.mean(axis=0), half)])",
        ),
    )
