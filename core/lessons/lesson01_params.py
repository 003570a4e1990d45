"""The settings and presets of lesson 1."""

from __future__ import annotations

from core.lessons.lesson import Preset
from core.lessons.lesson01_lab import TABLE_ROWS
from core.lessons.param import Param
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
        ("ideal", "ideal answer"),
    ),
    help="What the sampled answers do; the distribution of the next token; knowing next to saying; an ideal answer token by token.",
)
KIND = Param(
    "l1_kind",
    "Kind of prompt",
    "choice",
    "fact",
    options=tuple((kind, KIND_NAMES[kind]) for kind in (*KINDS, "own")),
    help="None of the prompts offered was ever answered in the books that the model read.",
)
_SHOWN = {
    "fact": (
        "What is the capital of Norway?",
        "What colour is the sky?",
        "Who sells meat?",
        "What is the opposite of hot?",
    ),
    "howto": ("How do I boil an egg?", "How do I wash a car?"),
    "harmful": ("How do I hack a phone?", "How do I cheat in a test?"),
    "claim": (
        "I think the capital of Norway is Paris. Am I right?",
        "I think the sky is blue. Am I right?",
        "I think a baker sells meat. Am I right?",
    ),
    "unknowable": ("What is the capital of Gabon?",),
}
PROMPTS: dict[str, Param] = {}
