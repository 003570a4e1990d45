"""What the checks need of a project, as plain tuples. Gold questions are easier than others, so most checks leave them out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from core.pipeline.checks_cycles import Judged
from core.pipeline.model import Label, Pair, Project

SEPARATOR = "\n\n"


class SidedLabel(NamedTuple):
    """One decided label: who, whether the left response won, and how many characters both have."""

    labeller: str
    left_won: bool
    left_length: int
    right_length: int


@dataclass(frozen=True)
class GoldScore:
    """How one labeller did on the gold questions: a tie or "both bad" is not the right answer, a skip is no answer."""

    labeller: str
    right: int
    answered: int
    missed: tuple[Pair, ...]


def verdicts(project: Project) -> list[tuple[Pair, str, str]]:
    """(pair, labeller, "first" | "second" | "tie" | "both_bad") of every label that is not a skip and not of a gold question."""
    gold = project.gold_pairs()
    return [
        (label.pair, label.labeller, _verdict(label))
        for label in project.labels
        if label.verdict != "skip" and label.pair not in gold
    ]


def sided_labels(project: Project, *, shown_only: bool, gold: bool) -> list[SidedLabel]:
    """Every label that names a winner. With `shown_only` without those imported from files that do not say who stood where."""
    lengths = {
        (prompt.id, candidate.id): len(candidate.text) for prompt in project.prompts for candidate in prompt.candidates
    }
    kept_out = frozenset() if gold else project.gold_pairs()
    return [
        SidedLabel(
            label.labeller,
            label.verdict == "A",
            lengths[label.prompt_id, label.left],
            lengths[label.prompt_id, label.right],
        )
        for label in project.labels
        if label.verdict in ("A", "B") and not (shown_only and label.imported) and label.pair not in kept_out
    ]


def judged(project: Project) -> list[Judged]:
    """Every label that names a winner, gold questions included: they too can stand in a circle."""
    return [
        Judged(label.prompt_id, label.labeller, label.chosen, label.rejected)
        for label in project.labels
        if label.chosen is not None and label.rejected is not None
    ]


def gold_scores(project: Project) -> tuple[GoldScore, ...]:
    """One score a labeller, in the order of their first label; those who met no gold question have answered 0."""
    better = {question.pair: question.better for question in project.gold}
    right = dict.fromkeys(project.labellers, 0)
    answered = dict.fromkeys(project.labellers, 0)
    missed: dict[str, list[Pair]] = {name: [] for name in right}
    for label in project.labels:
        pair = label.pair
        if label.verdict == "skip" or pair not in better:
            continue
        answered[label.labeller] += 1
        if label.chosen == better[pair]:
            right[label.labeller] += 1
        else:
            missed[label.labeller].append(pair)
    return tuple(GoldScore(name, right[name], answered[name], tuple(missed[name])) for name in right)


def measured_seconds(project: Project) -> list[float]:
    """Seconds of every label that was timed and is not a skip."""
    return [label.seconds for label in project.labels if label.seconds is not None and label.verdict != "skip"]


def texts(project: Project) -> Iterator[tuple[tuple[str, str], str]]:
    """((prompt id, place), text) of everything that a person may have written: messages, responses, reasons."""
    for prompt in project.prompts:
        for number, message in enumerate(prompt.messages, 1):
            yield (prompt.id, f"{message.role} message {number}"), message.content
        for candidate in prompt.candidates:
            yield (prompt.id, f"response {candidate.id}"), candidate.text
    for label in project.labels:
        if label.reason:
            yield (label.prompt_id, f"reason of {label.labeller}"), label.reason


def prompt_texts(project: Project) -> list[str]:
    """Each prompt as one text, for the search for duplicates: all turns but the system message, which a product repeats."""
    return [
        SEPARATOR.join(message.content for message in prompt.messages if message.role != "system")
        for prompt in project.prompts
    ]


def responses(project: Project) -> list[tuple[str, list[tuple[str, str]]]]:
    """(prompt id, [(candidate id, text)]) of every prompt."""
    return [
        (prompt.id, [(candidate.id, candidate.text) for candidate in prompt.candidates]) for prompt in project.prompts
    ]


def comparisons(project: Project, prompt_id: str) -> tuple[list[tuple[int, int]], list[float], int]:
    """Of one prompt: (first, second) candidate places, the first's share of the win (1, 0, or 0.5 for a tie), and how often
    both were called bad, which says nothing about their order. Gold questions stay out, as they do in training.
    KeyError for an unknown prompt."""
    gold = project.gold_pairs()
    prompt = project.by_id()[prompt_id]
    place = {candidate.id: number for number, candidate in enumerate(prompt.candidates)}
    pairs: list[tuple[int, int]] = []
    shares: list[float] = []
    bad = 0
    for label in project.labels:
        if label.prompt_id != prompt_id or label.verdict == "skip" or label.pair in gold:
            continue
        if label.verdict == "both_bad":
            bad += 1
            continue
        pairs.append((place[label.left], place[label.right]))
        shares.append({"A": 1.0, "B": 0.0, "tie": 0.5}[label.verdict])
    return pairs, shares, bad


def _verdict(label: Label) -> str:
    if label.chosen is None:
        return label.verdict
    return "first" if label.chosen == label.pair.first else "second"
