"""Lesson 14: the steps of the workbench, and the settings of its simulation of label budgets."""

from __future__ import annotations

from core.lessons.lesson import Preset
from core.lessons.param import Param
from core.statistics.label_budget import MOST_FEATURES, POINTS

STEP = "l14_step"
STEPS: tuple[tuple[str, str], ...] = (
    ("prompts", "Prompts"),
    ("rubric", "Rubric"),
    ("label", "Label"),
    ("checks", "Checks"),
    ("size", "Size it"),
    ("operations", "Operations"),
    ("effect", "Effect"),
    ("export", "Export"),
)
IN_SIZE = (STEP, ("size",))
SECONDS = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600)
WAGES = (5, 10, 15, 20, 25, 30, 40, 50, 75, 100)
BUDGETS = (50, 100, 200, 300, 500, 750, 1000, 1500, 2000)

PARAMS: tuple[Param, ...] = (
    Param(
        STEP, "Step", "choice", "prompts", options=STEPS, widget="panel", help="Which step of the workbench is open."
    ),
    Param(
        "l14_measure", "Accuracy measured against", "choice", "truth", widget="slot", shown_if=IN_SIZE,
        options=(("truth", "the truth"), ("labels", "single labels")),
        help="A simulation knows which response is better. A real test set only has labels, which err as yours do.",
    ),
    Param(
        "l14_agreement", "Two labellers agree on", "float", 0.73, 0.55, 0.95, 0.01, shown_if=IN_SIZE,
        help="Share of pairs, ties left out, on which two of your labellers say the same. Step 4 measures it.",
    ),
    Param(
        "l14_budget", "Budget", "float", 500.0, marks=tuple(map(float, BUDGETS)), shown_if=IN_SIZE,
        help="Money for labels and pairs, in the currency of the wage.",
    ),
    Param(
        "l14_seconds", "Seconds a label", "float", 60.0, marks=tuple(map(float, SECONDS)), shown_if=IN_SIZE,
        help="How long one judgement takes. Step 3 measures it.",
    ),
    Param(
        "l14_wage", "Wage an hour", "float", 20.0, marks=tuple(map(float, WAGES)), shown_if=IN_SIZE,
        help="What an hour of labelling costs you.",
    ),
    Param(
        "l14_pair_cost", "Cost of making a pair", "float", 0.0, marks=(0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0), shown_if=IN_SIZE,
        help="What a new pair costs before anybody judges it: finding the prompt, sampling two responses.",
    ),
    Param(
        "l14_new_share", "Share that only new pairs show", "float", 0.25, 0.0, 0.75, 0.05, shown_if=IN_SIZE,
        help="Of the things that make a response better, how many the first policy's pairs hardly show (a tenth of their later spread).",
    ),
    Param(
        "l14_target", "Accuracy you need", "float", 0.85, 0.6, 0.97, 0.01, shown_if=IN_SIZE,
        help="How often the reward model must prefer the better response of a pair that it has not seen.",
    ),
    Param(
        "l14_features", "Things that make a response better", "int", 24, 4, MOST_FEATURES, 4, shown_if=IN_SIZE,
        help="The reward model has one weight for each. More of them need more labels.",
    ),
    Param("l14_seed", "Seed", "int", 0, 0, 999, 1, shown_if=IN_SIZE, help="Equal seeds draw equal pairs and labels."),
    Param(
        "l14_spent", "Amount spent", "int", 2, 0, POINTS - 1, 1, widget="player", shown_if=IN_SIZE,
        help="Seven amounts up to the budget, evenly spaced on a logarithmic axis.",
    ),
)  # fmt: skip

PRESETS: tuple[Preset, ...] = (
    Preset("usual", "Usual labellers", {}, "They agree on 73 % of the pairs."),
    Preset("split", "Labellers who often disagree", {"l14_agreement": 0.6}, "Two of them say the same on 60 % of the pairs."),
    Preset("dear", "Pairs that cost more than labels", {"l14_pair_cost": 2.0, "l14_budget": 2000.0}),
    Preset("same", "New pairs show nothing new", {"l14_new_share": 0.0}),
    Preset("slow", "Experts at five minutes a pair", {"l14_seconds": 300.0, "l14_wage": 75.0, "l14_budget": 2000.0}),
)  # fmt: skip
