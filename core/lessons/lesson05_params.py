"""The settings of lesson 5."""

from __future__ import annotations

from core.lessons.param import Param
from core.stages.trace_sft import WALKED

HORIZON = 20
LOOK_AHEAD = 2
PREDICT_AT = 8
MOST_TOKENS = 32
OTHERS = (0, 1, 3, 7, 15)

PROMPT = Param(
    "l5_prompt",
    "Prompt",
    "choice",
    "0",
    options=tuple((str(number), text) for number, text in enumerate(WALKED)),
    help="One prompt of each kind. None of them is answered in the books that the model was pretrained on.",
)
LR = Param(
    "l5_lr",
    "Learning rate",
    "float",
    0.003,
    marks=(0.0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.1, 1.0),
    symbol=r"\eta",
    help="Size of AdamW's steps. It moves every weight of the model by about this much in each step.",
)
OTHER = Param(
    "l5_others",
    "Other demonstrations in the batch",
    "int",
    0,
    marks=OTHERS,
    help="0: this demonstration alone, again and again. Otherwise it is joined in every step by so many new ones, to "
    "prompts that are not measured here.",
)
QUALITY = Param(
    "l5_quality",
    "Ideal answers among the others",
    "float",
    1.0,
    marks=(0.0, 0.5, 1.0),
    shown_if=("l5_others", OTHERS[1:]),
    help="The share of the other demonstrations without a flaw. The rest flatter, evade, are wrong, rude, ask back or complain.",
)
SEED = Param(
    "l5_seed",
    "Seed",
    "int",
    0,
    0,
    9,
    1,
    shown_if=("l5_others", OTHERS[1:]),
    help="Which other demonstrations join.",
)
STEP = Param("l5_step", "Step", "int", 0, 0, HORIZON, 1, widget="player")
PICK = Param("l5_pick", "Token", "int", 0, 0, MOST_TOKENS - 1, 1, widget="table")
