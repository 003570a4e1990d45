"""The settings and presets of lesson 1."""

from __future__ import annotations

from core.lessons.lesson import Preset
from core.lessons.lesson01_lab import TABLE_ROWS
from core.lessons.param import Param
from core.lessons.prompt_choice import prompt_param
from core.stages.asked import FIRST, MOST, SEEDS, TEMPERATURES
from core.world.prompts import KIND_NAMES, KINDS

MAX_OWN_CHARACTERS = 120

VIEW = Param(
    "l1_view",
    "What you look at",
    "choice",
    "behaviours",
    widget="slot",
    options=(
        ("behaviours", "behaviours"),
        ("next", "next word"),
        ("knows", "knows / says"),
        ("ideal", "token shift"),
    ),
    help="What the sampled answers do; the distribution of the next token; knowing next to saying; which tokens of an aligned "
    "answer the base model would not have put first.",
)
WHOSE = Param(
    "l1_whose",
    "Whose answer",
    "choice",
    "sft",
    widget="slot",
    options=(("sft", "after SFT"), ("ideal", "ideal")),
    shown_if=("l1_view", ("ideal",)),
    help="What the fine-tuned model (the SFT stage of lesson 3) answers with its likeliest tokens; or an answer without a flaw.",
)
KIND = Param(
    "l1_kind",
    "Kind of prompt",
    "choice",
    "fact",
    options=tuple((kind, KIND_NAMES[kind]) for kind in (*KINDS, "own")),
    help="What somebody may ask this model. “Own text” takes any words that it knows.",
)
PROMPTS: dict[str, Param] = {kind: prompt_param(f"l1_{kind}", kind, text, "l1_kind") for kind, text in FIRST.items()}
TEXT = Param(
    "l1_text",
    "Your own prompt",
    "text",
    "",
    widget="panel",
    max_characters=MAX_OWN_CHARACTERS,
    shown_if=("l1_kind", ("own",)),
    help="A prompt in words that the tiny model knows.",
)
EXAM = Param(
    "l1_exam",
    "Exam with answer key",
    "bool",
    False,
    help="The model reads “question : … answer :” round your prompt. An answer ends where it writes the next question.",
)
TEMPERATURE = Param(
    "l1_temperature",
    "Temperature",
    "float",
    1.0,
    marks=TEMPERATURES,
    symbol="T",
    help="Divides the logits before sampling: small takes the likeliest words, large takes nearly any.",
)
N = Param(
    "l1_n",
    "Samples",
    "int",
    32,
    8,
    MOST,
    8,
    help="How often the same prompt is asked. More samples, narrower intervals.",
)
SEED = Param("l1_seed", "Seed", "int", 0, 0, SEEDS - 1, 1, help="Equal seeds draw equal answers.")
PICK = Param("l1_pick", "Sampled answer", "int", 0, 0, TABLE_ROWS - 1, 1, widget="table")

ALL = (KIND, *PROMPTS.values(), TEXT, EXAM, TEMPERATURE, N, SEED, VIEW, WHOSE, PICK)

PRESETS = (
    Preset("asked", "Simply ask", {}),
    Preset("gap", "What it knows, what it says", {"l1_view": "knows"}, "The same fact three times: completed, asked, and in an exam."),
    Preset("exam", "Ask as an exam", {"l1_exam": True}, "A prompt that looks like an answer key is answered."),
    Preset("agree", "A wrong claim", {"l1_kind": "claim", "l1_n": 64}, "It knows better, and often agrees."),
    Preset("harm", "A harmful request as an exam", {"l1_kind": "harmful", "l1_exam": True}, "The workaround helps here as well."),
    Preset("shift", "What SFT shifts, token by token", {"l1_view": "ideal"}, "The fine-tuned model's answer in the base model's eyes."),
    Preset("ideal", "How far to an ideal answer", {"l1_view": "ideal", "l1_whose": "ideal"}),
)  # fmt: skip
