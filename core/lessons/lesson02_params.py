"""The settings and presets of lesson 2."""

from __future__ import annotations

from core.lessons.lesson import Preset
from core.lessons.param import Param
from core.stages.imitation_live import EXTRA, FEW, MARKS
from core.stages.sft import SftConfig
from core.stages.two_modes import STEPS, TwoModes

WALL, CHOSEN, MODES = "wall", "chosen", "modes"
BUDGETS = 1 + len(FEW) + 1 + len(EXTRA)
"""No label, the first few, those from which preferences start, and what comes on top."""
FORK = 1 + len(FEW)
"""The budget at which both roads part."""
ROWS = 4

IN_WALL, IN_CHOSEN, IN_MODES = (("l2_view", (view,)) for view in (WALL, CHOSEN, MODES))
RECORDED = ("l2_view", (WALL, CHOSEN))

VIEW = Param(
    "l2_view",
    "Look at",
    "choice",
    WALL,
    widget="slot",
    bare=True,
    options=((WALL, "the wall"), (CHOSEN, "chosen, rejected"), (MODES, "two modes")),
    help="The wall: gold against labels. Chosen, rejected: what imitating one side does to the other. Two modes: forward and "
    "reverse KL.",
)
LEVEL = Param(
    "l2_level",
    "Demonstrators",
    "choice",
    "mediocre",
    options=(("mediocre", "mediocre"), ("ideal", "ideal"), ("both", "both")),
    shown_if=IN_WALL,
    help=f"Mediocre: {SftConfig.quality:.0%} of their answers are ideal, the others have one flaw each. Ideal: all are. "
    "Recorded for these two; the live point takes any quality.",
)
SIDE = Param(
    "l2_side",
    "Measured on",
    "choice",
    "held",
    options=(("held", "held-out"), ("trained", "trained")),
    shown_if=IN_WALL,
    help="Held-out items appear in no demonstration and in no comparison.",
)
DOTS = Param("l2_dots", "A dot for each seed", "bool", False, shown_if=RECORDED, help="Every recorded seed on its own.")
N = Param(
    "l2_n",
    "Your point: demonstrations",
    "int",
    64,
    marks=MARKS,
    shown_if=IN_WALL,
    help="“Run it live” trains SFT on so many demonstrations and puts the result into the chart as a star.",
)
QUALITY = Param(
    "l2_quality",
    "Your point: quality",
    "float",
    SftConfig.quality,
    0.0,
    1.0,
    0.05,
    shown_if=IN_WALL,
    help="Share of ideal answers among the demonstrations of your live point.",
)
SEED = Param(
    "l2_seed",
    "Seed of the live run",
    "int",
    10,
    0,
    99,
    1,
    shown_if=RECORDED,
    help="Of everything that is drawn. Seeds 0 to 9 are the recorded ones, run again.",
)
SEPARATION = Param(
    "l2_sep", "Distance of the modes", "float", TwoModes.separation, 0.0, 6.0, 0.25, shown_if=IN_MODES,
    help="Between two kinds of answers that the target likes. At 0 they are one.",
)  # fmt: skip
SPREAD = Param(
    "l2_spread", "Width of a mode", "float", TwoModes.spread, 0.25, 1.0, 0.05, shown_if=IN_MODES,
    help="Standard deviation of each mode, in units of x.",
)  # fmt: skip
WEIGHT = Param(
    "l2_weight", "Weight of the left mode", "float", TwoModes.weight, 0.0, 1.0, 0.05, shown_if=IN_MODES,
    help="Share of the target in the left mode.",
)  # fmt: skip
START = Param(
    "l2_start", "The policy starts at", "float", TwoModes.start, -3.0, 3.0, 0.25, shown_if=IN_MODES,
    help="Mean of the first policy; its width is 1. A descent finds the nearest valley, not always the deepest.",
)  # fmt: skip
STEP = Param(
    "l2_step", "Labels so far", "int", FORK, 0, BUDGETS - 1, 1, widget="player", shown_if=IN_WALL,
    help="How far the label budget has grown.",
)  # fmt: skip
REVEAL = Param(
    "l2_reveal", "Rejected side", "int", 0, 0, 1, 1, widget="player", shown_if=IN_CHOSEN,
    help="0: chosen answers only. 1: the rejected ones too.",
)  # fmt: skip
DESCENT = Param(
    "l2_descent", "Step of the descent", "int", 0, 0, STEPS, 1, widget="player", shown_if=IN_MODES,
    help="Gradient steps on either KL.",
)  # fmt: skip
PICK = Param("l2_pick", "Row in the formula", "int", BUDGETS - 1, 0, BUDGETS - 1, 1, widget="table", shown_if=IN_WALL)
PAIR = Param("l2_pair", "Row in the formula", "int", 1, 0, ROWS - 1, 1, widget="table", shown_if=IN_CHOSEN)

ALL = (
    LEVEL, SIDE, DOTS, N, QUALITY, SEED, SEPARATION, SPREAD, WEIGHT, START, VIEW, STEP, REVEAL, DESCENT, PICK, PAIR,
)  # fmt: skip

PRESETS = (
    Preset("wall", "Mediocre demonstrators", {"l2_step": BUDGETS - 1}, "More of the same, against comparisons."),
    Preset("ideal", "Where SFT wins: ideal demonstrators", {"l2_level": "ideal", "l2_step": BUDGETS - 1}, "Every demonstration is right."),
    Preset("both", "All three roads, on trained items", {"l2_level": "both", "l2_side": "trained", "l2_step": BUDGETS - 1}),
    Preset("chosen", "No negative signal", {"l2_view": CHOSEN, "l2_reveal": 1}, "Imitate the chosen answers, look at the rejected."),
    Preset("modes", "Cover or commit", {"l2_view": MODES, "l2_descent": STEPS}, "Forward KL against reverse KL."),
    Preset("merged", "Modes that overlap", {"l2_view": MODES, "l2_descent": STEPS, "l2_sep": 1.5, "l2_spread": 0.8}, "Both end alike."),
    Preset("saddle", "A start between the modes", {"l2_view": MODES, "l2_descent": STEPS, "l2_start": 0.0}, "Descent finds a near valley."),
)  # fmt: skip
