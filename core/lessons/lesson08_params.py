"""The settings of lesson 8: widgets, URL parameters, validation and test ranges in one."""

from __future__ import annotations

from core.lessons.lesson08_formulas import SUBSTEPS
from core.lessons.lesson08_lens_params import IN_BOARD
from core.lessons.param import Param

HORIZON = 60
LOOK_AHEAD = 3
HAND_SCORES = (1.2, 1.5, 0.9, -1.0, -0.8, -1.4, -0.6, 0.2)

KL_COEF = Param(
    "l8_kl_coef",
    "KL coefficient",
    "float",
    0.5,
    0.0,
    3.0,
    0.05,
    symbol="kl_coef",
    help="How much one nat of distance from the frozen reference costs, in units of reward. Also called β.",
)
CLIP = Param(
    "l8_clip",
    "Clip ε",
    "float",
    0.2,
    0.01,
    1.0,
    0.01,
    symbol=r"\varepsilon",
    help="How far the ratio may move in one update before the clip takes the gradient away.",
)
LR = Param(
    "l8_lr",
    "Learning rate",
    "float",
    1.0,
    marks=(0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0),
    symbol=r"\eta",
    shown_if=IN_BOARD,
    help="Size of one gradient step on the logits.",
)
EPOCHS = Param("l8_epochs", "Epochs on each batch", "int", 4, 1, 10, 1, help="How often the same batch is used.")
BATCH = Param(
    "l8_batch",
    "Batch size",
    "int",
    64,
    marks=(1, 4, 8, 16, 32, 64, 128, 256, 512),
    help="How many responses are sampled for one update.",
    shown_if=("l8_mode", ("sampled",)),
)
MODE = Param(
    "l8_mode",
    "Expectation",
    "choice",
    "sampled",
    options=(("sampled", "sampled batch"), ("exact", "exact")),
    shown_if=IN_BOARD,
    help="A sampled batch is what real training sees; the exact expectation has no sampling noise.",
)
SCORES = Param(
    "l8_scores",
    "Scores come from",
    "choice",
    "votes",
    options=(("votes", "your votes"), ("hand", "sliders")),
    shown_if=IN_BOARD,
    help="Your votes: the reward model that lesson 6 fitted to them. Sliders: you set each score.",
)
WHITEN = Param(
    "l8_whiten",
    "Whiten advantages",
    "bool",
    False,
    help="Divide the advantages by their spread. Off: the spread is kept.",
)
ESTIMATOR = Param(
    "l8_kl",
    "KL estimator in the reward",
    "choice",
    "k1",
    options=(("k1", "k1"), ("k2", "k2"), ("k3", "k3")),
    help="k1 = log π/π_ref, k2 = half its square, k3 = π_ref/π − 1 + log π/π_ref.",
)
SEED = Param(
    "l8_seed", "Seed", "int", 0, 0, 999, 1, help="Equal seeds draw equal batches.", shown_if=("l8_mode", ("sampled",))
)
HAND = tuple(
    Param(f"l8_score{i + 1}", f"score {i + 1}", "float", score, -3.0, 3.0, 0.1, shown_if=("l8_scores", ("hand",)))
    for i, score in enumerate(HAND_SCORES)
)
STEP = Param("l8_step", "Step", "int", 0, 0, HORIZON, 1, widget="player", shown_if=IN_BOARD)
PICK = Param("l8_pick", "Response", "int", 1, 0, 7, 1, widget="table", shown_if=IN_BOARD)
SUB = Param(
    "l8_sub",
    "One update in slow motion",
    "choice",
    "5",
    options=tuple((str(i + 1), f"{i + 1} {name}") for i, name in enumerate(SUBSTEPS)),
    widget="slot",
    shown_if=IN_BOARD,
    help="The seven sub-steps of one update: the chart's right half, the formula and a column follow.",
)
EPOCH = Param(
    "l8_epoch",
    "Epoch shown",
    "int",
    4,
    1,
    10,
    1,
    widget="slot",
    shown_if=("l8_sub", ("5", "6")),
    limit_key="l8_epochs",
    help="Sub-steps 5 and 6 happen once per epoch, on the same batch.",
)


REWARD = Param(
    "l8_reward",
    "What is done to the reward",
    "choice",
    "as scored",
    options=(
        ("as scored", "nothing"),
        ("flipped", "sign flipped"),
        ("flat", "made flat"),
        ("hacked", "asking back pays"),
    ),
    help="Flipped: every score times −1. Flat: every score 0. Asking back pays: +4 for an answer that asks back.",
)
TARGET = Param(
    "l8_target",
    "Adaptive KL: target",
    "float",
    0.0,
    marks=(0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
    shown_if=IN_BOARD,
    help="0: kl_coef stays fixed. Otherwise kl_coef rises while the batch's k1 is above this target (in nats) and falls below it.",
)
VIEW = Param(
    "l8_view",
    "Look at",
    "choice",
    "policy",
    options=(("policy", "policy"), ("kl", "KL estimators")),
    widget="slot",
    bare=True,
    shown_if=IN_BOARD,
    help="The bars, or the three estimates of the KL divergence beside its exact value.",
)
PIN = Param(
    "l8_pin",
    "Pinned run",
    "text",
    "",
    widget="panel",
    max_characters=600,
    shown_if=IN_BOARD,
    help="Settings of the run kept for comparison.",
)
CONTROLS = (SCORES, KL_COEF, CLIP, LR, EPOCHS, MODE, BATCH, SEED, REWARD, TARGET, WHITEN, ESTIMATOR, *HAND)
