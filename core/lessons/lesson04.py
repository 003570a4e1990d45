"""Lesson 4: rate and compare by hand, then let simulated raters do both, and see which labels recover the true order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.lessons import lesson04_formulas as formulas
from core.lessons import lesson04_views as views
from core.lessons import lesson04_words as words
from core.lessons.lesson import Lesson, Preset
from core.lessons.outline import outline
from core.lessons.param import Param, Reading, Value, Values
from core.objectives.bradley_terry_fit import ItemFit
from core.statistics import by_hand
from core.statistics.by_hand import Hand, Verdict
from core.statistics.crossings import Band, Contest, band, contest
from core.statistics.ratings import (
    BUDGETS,
    ESTIMATORS,
    MIDDLE,
    N_ITEMS,
    RatingSetup,
    Recovery,
    draw_raters,
    simulate,
    standardised_means,
    to_scale,
)

ITEMS = "ABCDEFGH"[:N_ITEMS]
SHOWN_RATERS = 6
ROWS_SHOWN = 8
ITEM_OPTIONS = tuple((str(k), name) for k, name in enumerate(ITEMS))
IN_BUDGET = ("l4_view", ("budget",))
IN_RATERS = ("l4_view", ("raters",))
SIMULATED = ("l4_view", ("budget", "raters"))
WITH_FIT = ("l4_view", ("hand", "budget"))
EXAMPLES = (
    "",
    "36",
    "362626",
    "362626lrt",
    "151747lrrlt",
    "362626lrttr.",
    "562631llrtrl.",
    "111777lrllllrrlllrlrl",
    "373714lrlrrlrrlllrlll",
    "244534llllllrrllrllll",
    "232513lrrrllrrllrrlrl",
    "444444ttttttttttttttt",
    "555555lrllrrrrrllrlll",
    "362626ttttt.",
    "362626tttttt.",
    "562631lrtrlrl.",
    "252631lrtrtrr.",
    "373614lrlrrtrrlllrlll",
)
COSTS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)


class HandParam(Param):
    """The ratings and comparisons done by hand: only a text that `by_hand.decode` takes whole is a legal value."""

    def read(self, raw: str | None) -> Reading:
        """The text itself, or none with a line that says so."""
        try:
            by_hand.decode(raw or "")
        except ValueError:
            return Reading(self.default, f"“{self.label}”: the link's text could not be read, so there are none yet.")
        return Reading(raw or "")

    def ends(self) -> tuple[Value, ...]:
        """Nothing yet, inside and between the parts, early ends, everything: agreeing, clashing, in circles, all on one level."""
        return EXAMPLES


VIEW = Param(
    "l4_view",
    "Look at",
    "choice",
    "hand",
    widget="slot",
    bare=True,
    options=(("hand", "by hand"), ("budget", "budget"), ("raters", "raters")),
    help="By hand: your own labels. Budget: simulated raters, more and more labels. Raters: why ratings mislead.",
)
HAND = HandParam(
    "l4_hand",
    "Your ratings and comparisons",
    "text",
    "",
    widget="panel",
    max_characters=by_hand.MAX_CHARACTERS,
    shown_if=("l4_view", ("hand",)),
    help="Your ratings and comparisons, carried in the link.",
)
OFFSET = Param(
    "l4_offset",
    "Spread of offsets (a)",
    "float",
    2.0,
    0.0,
    3.0,
    0.1,
    help="Harsh and lenient raters: standard deviation of a_r, in points of the scale 1–7.",
)
SCALE = Param(
    "l4_scale",
    "Spread of scales (b)",
    "float",
    0.3,
    0.0,
    1.0,
    0.1,
    help="Timid and bold raters: standard deviation of log b_r. At 0 everybody has b = 1.",
)
NOISE = Param(
    "l4_noise",
    "Noise of one look",
    "float",
    1.0,
    0.0,
    3.0,
    0.1,
    shown_if=WITH_FIT,
    help="Standard deviation of the error when a rater looks at one item, in points. A comparison looks twice.",
)
SHARED = Param(
    "l4_shared",
    "Noise shared by all raters",
    "float",
    0.0,
    0.0,
    0.9,
    0.1,
    shown_if=IN_BUDGET,
    help="Correlated raters: the part of the noise's variance that is the same for everybody. More labels do not average it out.",
)
RATERS = Param(
    "l4_raters",
    "Number of raters",
    "int",
    50,
    marks=(1, 2, 3, 5, 10, 20, 50, 100, 200),
    help="Each label comes from one of them, drawn at random. Few raters give many labels each.",
)
COST_PAIR = Param(
    "l4_cost_pair",
    "Cost of a comparison",
    "float",
    1.0,
    marks=COSTS,
    shown_if=IN_BUDGET,
    help="In units of the budget.",
)
GAP = Param(
    "l4_gap",
    "True gap of neighbours",
    "float",
    0.5,
    0.05,
    1.0,
    0.05,
    shown_if=SIMULATED,
    help="Distance of neighbouring items in true utility u, in points. Small: the items are nearly tied.",
)
COST_RATING = Param(
    "l4_cost_rating",
    "Cost of a rating",
    "float",
    1.0,
    marks=COSTS,
    shown_if=IN_BUDGET,
    help="In units of the budget.",
)
TIE = Param(
    "l4_tie",
    "Called a tie below",
    "float",
    0.0,
    0.0,
    2.0,
    0.25,
    shown_if=IN_BUDGET,
    help="A rater who sees a smaller difference than this says “tie”: half a win each way.",
)
PRIOR = Param(
    "l4_prior",
    "Prior width of strengths",
    "float",
    3.0,
    marks=(0.5, 1.0, 2.0, 3.0, 5.0, 10.0),
    shown_if=WITH_FIT,
    help="Bradley–Terry strengths have the prior N(0, width²), so that an answer that never lost stays finite.",
)
FIRST = Param("l4_first", "One item", "choice", "5", options=ITEM_OPTIONS, shown_if=IN_RATERS)
SECOND = Param("l4_second", "The other item", "choice", "2", options=ITEM_OPTIONS, shown_if=IN_RATERS)
SEED = Param(
    "l4_seed", "Seed", "int", 0, 0, 999, 1, help="Of the raters, the labels they are asked for, and their noise."
)
PICK = Param("l4_pick", "Row in the formula", "int", 3, 0, ROWS_SHOWN - 1, 1, widget="table")


@dataclass(frozen=True)
class Result:
    """What was done by hand, what is simulated, and where the learner stands. Views compute only what they show."""

    view: str
    hand: Hand
    prior_sd: float
    setup: RatingSetup
    pick: int
    better: int
    worse: int

    @cached_property
    def recovery(self) -> Recovery:
        """Rank recovery at every budget (remembered for all sessions)."""
        return simulate(self.setup)

    @cached_property
    def bands(self) -> dict[str, Band]:
        """Mean and interval of every estimator's τ."""
        return {name: band(self.recovery.tau[name]) for name in ESTIMATORS}

    def against(self, name: str) -> Contest:
        """Comparisons against one of the two estimators from ratings."""
        return contest(BUDGETS, self.bands["pairs"], self.bands[name])

    @cached_property
    def offsets(self) -> np.ndarray:
        """a of the raters shown (of the first seed), [raters]."""
        return draw_raters(self.setup).offsets[0, :SHOWN_RATERS]

    @cached_property
    def scales(self) -> np.ndarray:
        """b of the raters shown, [raters]."""
        return draw_raters(self.setup).scales[0, :SHOWN_RATERS]

    @cached_property
    def latent(self) -> np.ndarray:
        """x = 4 + a + b u without error, [raters, items]."""
        return MIDDLE + self.offsets[:, None] + self.scales[:, None] * self.setup.utilities()

    @cached_property
    def ratings(self) -> np.ndarray:
        """What the raters shown write down without error, [raters, items]."""
        return to_scale(self.latent)

    @property
    def rater(self) -> int:
        """The picked rater's number, from 0."""
        return min(self.pick, len(self.offsets) - 1)

    @property
    def budget(self) -> int:
        """The picked budget's number, from 0."""
        return min(self.pick, len(BUDGETS) - 1)

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Comparisons against ratings; none before the learner has finished."""
        return by_hand.verdicts(self.hand) if self.hand.phase == "done" else ()

    @property
    def listed(self) -> tuple[Verdict, ...]:
        """The verdicts that the table has room for."""
        return self.verdicts[:ROWS_SHOWN]

    @property
    def picked_verdict(self) -> Verdict | None:
        """The verdict in the formula."""
        return self.listed[min(self.pick, len(self.listed) - 1)] if self.listed else None

    @cached_property
    def strengths(self) -> ItemFit:
        """Bradley–Terry strengths from the learner's comparisons; all zero before they have finished."""
        return by_hand.strengths(self.hand if self.hand.phase == "done" else Hand(), self.prior_sd)

    @property
    def strength_sd(self) -> np.ndarray:
        """Standard deviation of each strength [answers]; zero before they have finished, when none is shown."""
        return self.strengths.standard_errors if self.hand.phase == "done" else np.zeros(by_hand.N)


def compute(values: Values) -> Result:
    """The settings as one simulation and one hand; the simulation itself runs when something asks for it."""
    hand = HAND.read(str(values["l4_hand"])).value
    first, second = int(values["l4_first"]), int(values["l4_second"])
    if first == second:
        second = (first + 1) % N_ITEMS
    prior_sd = float(values["l4_prior"])
    return Result(
        view=str(values["l4_view"]),
        hand=by_hand.decode(str(hand)),
        prior_sd=prior_sd,
        setup=RatingSetup(
            gap=float(values["l4_gap"]),
            offset_sd=float(values["l4_offset"]),
            scale_sd=float(values["l4_scale"]),
            noise_sd=float(values["l4_noise"]),
            shared=float(values["l4_shared"]),
            n_raters=int(values["l4_raters"]),
            rating_cost=float(values["l4_cost_rating"]),
            comparison_cost=float(values["l4_cost_pair"]),
            tie_below=float(values["l4_tie"]),
            prior_sd=prior_sd,
            seed=int(values["l4_seed"]),
        ),
        pick=int(values["l4_pick"]),
        better=max(first, second),
        worse=min(first, second),
    )


LESSON = Lesson(
    outline=outline(4),
    params=(OFFSET, SCALE, NOISE, SHARED, RATERS, COST_PAIR, GAP, COST_RATING, TIE, PRIOR, FIRST, SECOND, SEED, VIEW, PICK, HAND),
    compute=compute,
    figures=views.figures,
    formula=formulas.formula,
    table=views.table,
    says=words.says,
    predict=words.predict,
    quiz=words.quiz,
    snippet=views.snippet,
    why=words.WHY,
    presets=(
        Preset("usual", "Different raters", {"l4_view": "budget"}, "Offsets of 2 points, 50 raters."),
        Preset("unbiased", "Unbiased raters", {"l4_view": "budget", "l4_offset": 0.0, "l4_scale": 0.0}, "A rating carries more per label."),
        Preset("harsh", "Harsh offsets", {"l4_view": "budget", "l4_offset": 3.0}, "Ratings scramble, pairs survive."),
        Preset("few", "Three raters, many labels each", {"l4_view": "budget", "l4_offset": 3.0, "l4_raters": 3},
               "Their offsets can be taken out."),
        Preset("tied", "Near-tied items", {"l4_view": "budget", "l4_gap": 0.1}, "Every pair is nearly a coin toss."),
        Preset("correlated", "Correlated raters", {"l4_view": "budget", "l4_shared": 0.9}, "Everybody agrees on the same errors."),
        Preset("dear", "Comparisons cost twice as much", {"l4_view": "budget", "l4_offset": 0.5, "l4_cost_pair": 2.0}),
        Preset("scales", "Your 2 is my 1", {"l4_view": "raters", "l4_offset": 3.0}, "The same item on six people's scales."),
    ),
    carried=("l4_hand",),
    sources_of_code=(to_scale, standardised_means, simulate),
)  # fmt: skip
