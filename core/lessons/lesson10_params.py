"""The settings of lesson 10."""

from __future__ import annotations

from core.lessons.param import Param

HORIZON = 60
LOOK_AHEAD = 3
PREDICT_AT = 10
MOST_ROWS = 7
CERTAIN_PAIR = (1, 4)
SMOOTHED = ("cdpo", "robust")
WITH_VOTER = ("l10_pairs", ("votes", "voter"))
IN_ROUTES = ("l10_view", ("routes",))

PAIRS = Param(
    "l10_pairs",
    "Pairs",
    "choice",
    "votes",
    options=(("votes", "your votes"), ("voter", "simulated voter"), ("one", "one certain pair")),
    help="Your votes are those of lesson 6. Without any, a simulated voter labels every pair: it prefers the first "
    "with probability σ(score − score), with the scores that lesson 8 starts from.",
)
LOSS = Param(
    "l10_loss",
    "Loss",
    "choice",
    "sigmoid",
    options=(
        ("sigmoid", "DPO (sigmoid)"),
        ("ipo_sum", "IPO"),
        ("hinge", "hinge"),
        ("cdpo", "conservative DPO"),
        ("robust", "robust DPO"),
    ),
    help="What is made small for each pair. The rest of the run is the same.",
)
BETA = Param(
    "l10_beta",
    "β",
    "float",
    0.5,
    0.05,
    2.0,
    0.05,
    symbol=r"\beta",
    help="How much distance from the reference costs. In PPO the same number is kl_coef.",
)
LR = Param(
    "l10_lr",
    "Learning rate",
    "float",
    2.0,
    marks=(0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0),
    symbol=r"\eta",
    help="Size of a gradient step on the logits.",
)
ABOUT = Param(
    "l10_about",
    "Answer in the table",
    "int",
    3,
    1,
    8,
    1,
    help="Which answer's pairs the table lists, counted from the top of the chart.",
)
EPS = Param(
    "l10_eps",
    "Label noise ε",
    "float",
    0.1,
    0.0,
    0.45,
    0.05,
    symbol=r"\varepsilon",
    shown_if=("l10_loss", SMOOTHED),
    help="The share of labels that this loss takes to be flipped.",
)
ROUNDS = Param(
    "l10_rounds",
    "Simulated votes on each pair",
    "int",
    3,
    marks=(1, 2, 3, 5, 10, 30),
    shown_if=WITH_VOTER,
    help="Used while the simulated voter labels the pairs.",
)
LABELS = Param(
    "l10_labels",
    "Simulated labels",
    "choice",
    "drawn",
    options=(("drawn", "drawn"), ("exact", "exact shares")),
    shown_if=WITH_VOTER,
    help="Drawn: each vote falls by chance. Exact shares: what endless votes would say.",
)
SEED = Param(
    "l10_seed", "Seed", "int", 0, 0, 999, 1, help="Of the simulated voter, of DPO's batches and of PPO's samples."
)
REWARD = Param(
    "l10_reward",
    "Reward model",
    "choice",
    "features",
    options=(("features", "on features"), ("free", "free scores")),
    help="What PPO climbs and π* is computed from, fitted to the same labels: weights on features as in lesson 6, "
    "or one free score per answer. Both with the prior σ₀ of lesson 6.",
)
RULE = Param(
    "l10_rule",
    "Step size",
    "choice",
    "even",
    options=(("even", "same at every β"), ("plain", "plain")),
    help="Plain: the gradient times the learning rate, so a small β also makes the run slow. Same at every β: "
    "divided by the loss's curvature (β², for IPO 8), so β sets where the run goes, not how fast.",
)
ROWS = Param("l10_batch", "Labels in each step", "int", 0, marks=(0, 1, 4, 16, 64), help="0: all labels in every step.")
PPO_BATCH = Param(
    "l10_ppo_batch",
    "PPO: batch size",
    "int",
    64,
    marks=(16, 64, 256),
    shown_if=IN_ROUTES,
    help="Answers that PPO samples in every update.",
)
STEP = Param("l10_step", "Step", "int", 0, 0, HORIZON, 1, widget="player")
PICK = Param("l10_pick", "Pair in the formula", "int", 0, 0, MOST_ROWS - 1, 1, widget="table")
VIEW = Param("l10_view", "Look at", "choice", "policy",
             options=(("policy", "policy"), ("logps", "log-probs"), ("routes", "two routes")), widget="slot",
             help="The same run, seen in three ways.")  # fmt: skip
