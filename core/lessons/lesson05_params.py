"""The settings of lesson 5."""

from __future__ import annotations

from dataclasses import replace

from core.lessons.param import Param
from core.lessons.prompt_choice import MAX_CHARACTERS, prompt_param
from core.stages.asked import FIRST
from core.stages.long_walk import QUALITIES as LONG_QUALITIES
from core.stages.long_walk import SIZES, load
from core.stages.walks import HORIZON, LEARNING_RATES, OTHERS, QUALITIES
from core.world.prompts import KIND_NAMES, KINDS

LOOK_AHEAD = 2
PREDICT_AT = 8
MOST_TOKENS = 40

RECORDED = load() is not None
"""Whether the longer walks are there; the page offers them only then."""
LONG = ("l5_view", ("long",))

VIEW = Param(
    "l5_view",
    "Look at",
    "choice",
    "walk",
    widget="slot",
    bare=True,
    options=(("walk", "this prompt"), *((("long", "a longer walk"),) if RECORDED else ())),
    help="One demonstration step by step; or many demonstrations gone through again and again, with the loss and the quality "
    "on prompts that are never trained on.",
)
KIND = Param(
    "l5_kind",
    "Kind of prompt",
    "choice",
    "fact",
    options=tuple((kind, KIND_NAMES[kind]) for kind in (*KINDS, "own")),
    hidden_if=LONG,
    help="The demonstration is the plain right answer. “Own text” takes your own prompt and your own demonstration.",
)
PROMPTS: dict[str, Param] = {
    kind: replace(prompt_param(f"l5_{kind}", kind, text, "l5_kind"), hidden_if=LONG) for kind, text in FIRST.items()
}
OWN = Param(
    "l5_own",
    "Your own prompt",
    "text",
    "",
    widget="panel",
    max_characters=MAX_CHARACTERS,
    shown_if=("l5_kind", ("own",)),
    hidden_if=LONG,
    help="A prompt in words that the tiny model knows.",
)
DEMONSTRATION = Param(
    "l5_demo",
    "Your own demonstration",
    "text",
    "",
    widget="panel",
    max_characters=MAX_CHARACTERS,
    shown_if=("l5_kind", ("own",)),
    hidden_if=LONG,
    help="The answer that is imitated, in words that the tiny model knows. To a prompt of the world it may stay empty.",
)
LR = Param(
    "l5_lr",
    "Learning rate",
    "float",
    0.003,
    marks=LEARNING_RATES,
    symbol=r"\eta",
    hidden_if=LONG,
    help="Size of AdamW's steps. It moves every weight of the model by about this much in each step.",
)
OTHER = Param(
    "l5_others",
    "Other demonstrations in the batch",
    "int",
    0,
    marks=OTHERS,
    hidden_if=LONG,
    help="0: this demonstration alone, again and again. Otherwise it is joined in every step by so many new ones, to "
    "prompts that are not measured here.",
)
QUALITY = Param(
    "l5_quality",
    "Ideal answers among the others",
    "float",
    1.0,
    marks=QUALITIES,
    shown_if=("l5_others", OTHERS[1:]),
    hidden_if=LONG,
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
    hidden_if=LONG,
    help="Which other demonstrations join.",
)
STEP = Param("l5_step", "Step", "int", 0, 0, HORIZON, 1, widget="player")
PICK = Param("l5_pick", "Token", "int", 0, 0, MOST_TOKENS - 1, 1, widget="table")

LONG_N = Param(
    "l5_long_n",
    "Demonstrations",
    "choice",
    str(SIZES[0]),
    options=tuple((str(n), str(n)) for n in SIZES),
    shown_if=LONG,
    help="How many there are. They are gone through again and again, 32 in a step.",
)
LONG_QUALITY = Param(
    "l5_long_quality",
    "Ideal answers among them",
    "choice",
    "1.0",
    options=tuple((str(quality), f"{quality:.0%}".replace("%", " %")) for quality in LONG_QUALITIES),
    shown_if=LONG,
    help="The share of demonstrations without a flaw.",
)

ALL = (KIND, *PROMPTS.values(), OWN, DEMONSTRATION, LR, OTHER, QUALITY, SEED, LONG_N, LONG_QUALITY, VIEW, STEP, PICK)
