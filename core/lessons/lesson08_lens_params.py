"""The settings of lesson 8's live lens: those that only the tiny language model has."""

from __future__ import annotations

from core.lessons.param import Param
from core.stages.lens import SETTINGS, SHOWN

HORIZON = SETTINGS.steps
TOKENS = SETTINGS.max_new_tokens
BOARD, MODEL = "board", "lm"

LENS = Param(
    "l8_lens",
    "The same update on",
    "choice",
    BOARD,
    options=((BOARD, "whiteboard"), (MODEL, "tiny LM")),
    widget="slot",
    bare=True,
    help="The whiteboard holds eight whole answers. The tiny LM writes its answers word by word, and is really trained.",
)
IN_BOARD, IN_MODEL = (LENS.key, (BOARD,)), (LENS.key, (MODEL,))

LR = Param(
    "l8_lm_lr",
    "Learning rate",
    "float",
    SETTINGS.lr,
    marks=(0.0, 1e-5, 3e-5, 1e-4, 2e-4, SETTINGS.lr, 5e-4, 1e-3, 2e-3, 5e-3),
    symbol=r"\eta",
    shown_if=IN_MODEL,
    help="Of AdamW, on some 0.4 million weights: far smaller than the whiteboard's, which moves eight logits.",
)
BATCH = Param(
    "l8_lm_batch",
    "Answers per update",
    "int",
    SETTINGS.batch_size,
    marks=(4, 8, 16, 32, 64),
    shown_if=IN_MODEL,
    help="How many answers are sampled for one update, each to a prompt of its own.",
)
LAM = Param(
    "l8_lm_lam",
    "GAE λ",
    "float",
    SETTINGS.lam,
    0.0,
    1.0,
    0.05,
    symbol=r"\lambda",
    shown_if=IN_MODEL,
    help="How far a word's advantage looks ahead. 1: to the score at the end; 0: only to the value of the next word.",
)
SEED = Param(
    "l8_lm_seed",
    "Seed",
    "int",
    0,
    0,
    99,
    1,
    widget="panel",
    shown_if=IN_MODEL,
    help="Draws the prompts and the answers.",
)
VIEW = Param(
    "l8_lm_view",
    "Look at",
    "choice",
    "words",
    options=(("words", "words"), ("kl", "KL estimators")),
    widget="slot",
    bare=True,
    shown_if=IN_MODEL,
    help="Four of the sampled answers, word by word; or the estimates of the KL divergence beside its exact value.",
)
HEAT = Param(
    "l8_lm_heat",
    "Colour of a word",
    "choice",
    "ratio",
    options=(("ratio", "ratio ρ"), ("advantage", "advantage A"), ("kl", "KL (k1)")),
    widget="slot",
    bare=True,
    shown_if=(VIEW.key, ("words",)),
    help="Ratio of new to old probability, advantage, or the k1 estimate of the KL to the reference.",
)
PASS = Param(
    "l8_lm_pass",
    "Epoch shown",
    "int",
    SETTINGS.epochs,
    1,
    10,
    1,
    widget="slot",
    shown_if=(HEAT.key, ("ratio",)),
    limit_key="l8_epochs",
    help="The same batch is used once per epoch. In epoch 1 every ratio is 1.",
)
STEP = Param("l8_lm_step", "Update", "int", 0, 0, HORIZON, 1, widget="player", shown_if=IN_MODEL)
AT = Param(
    "l8_at",
    "Answer and word",
    "int",
    0,
    0,
    SHOWN * TOKENS - 1,
    1,
    widget="table",
    shown_if=IN_MODEL,
    help=f"Which word of which of the {SHOWN} answers is in the formula.",
)
CONTROLS = (LR, BATCH, LAM)
PARAMS = (LENS, *CONTROLS, VIEW, HEAT, PASS, STEP, AT, SEED)
