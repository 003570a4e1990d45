"""Three finished projects to start from and to change: prompts, responses and labels in them were invented by us."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.pipeline.model import Project, read

FOLDER = Path(__file__).parents[2] / "assets" / "pipeline"


@dataclass(frozen=True)
class WorkedExample:
    """`key` names the file in assets/pipeline; `summary` is one line for the person who chooses."""

    key: str
    name: str
    summary: str


EXAMPLES = (
    WorkedExample(
        "customer_support", "Customer support answer", "A shop's assistant that must not promise what it cannot keep."
    ),
    WorkedExample("code_review", "Code-review comment", "A bot that must be right about the diff, and short."),
    WorkedExample(
        "medical_refusal", "Medical-information refusal", "When to refuse, when to answer, and where to send people."
    ),
)


@cache
def load(key: str) -> Project:
    """The project of an example. Its `origin` is "illustration". KeyError for an unknown key."""
    if key not in {example.key for example in EXAMPLES}:
        raise KeyError(key)
    return read((FOLDER / f"{key}.json").read_text(encoding="utf-8"))
