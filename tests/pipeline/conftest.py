"""Small projects for the tests of the pipeline."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.pipeline.model import Candidate, GoldQuestion, Label, Project, Prompt

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def prompt(number: int, texts: tuple[str, ...] = ("Open settings.", "No.", "Ask a friend."), user: str = "") -> Prompt:
    candidates = tuple(Candidate(id="abcdefghijklmnop"[k], text=text) for k, text in enumerate(texts))
    return Prompt.from_text(f"p{number}", f"How do I reset password {number}?", candidates, user)


def label(prompt_id: str, left: str, right: str, verdict: str = "A", labeller: str = "ann", **more) -> Label:
    return Label(
        prompt_id=prompt_id, left=left, right=right, verdict=verdict, labeller=labeller, timestamp=NOON, **more
    )


@pytest.fixture
def project() -> Project:
    """Six prompts of three users with three responses; p1 to p4 are judged; p6 has a gold question."""
    labels = [
        label("p1", "a", "b", seconds=10.0, strength=4),
        label("p1", "b", "a", "B", "bob", seconds=20.0, reason="b is rude"),
        label("p2", "a", "b"),
        label("p2", "a", "b", "B", "bob"),
        label("p3", "c", "a", "B"),
        label("p3", "b", "c", "both_bad"),
        label("p4", "a", "c", "tie"),
        label("p4", "b", "a", "B"),
        label("p5", "a", "b", "skip"),
        label("p6", "a", "b"),
    ]
    return Project(
        title="Passwords",
        prompts=tuple(prompt(number, user=f"u{number // 3}") for number in range(1, 7)),
        labels=tuple(labels),
        gold=(GoldQuestion(prompt_id="p6", better="a", worse="b"),),
    )
