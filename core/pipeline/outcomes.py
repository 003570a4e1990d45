"""From labels to what a trainer learns from: one outcome a pair, one a candidate, one a prompt. Gold questions stay out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.pipeline.model import Label, Pair, Project, Prompt


@dataclass(frozen=True)
class Outcome:
    """What the labellers said about one pair. `votes` counts ("chosen", candidate id), ("tie", "") and ("both_bad", "").

    `result` is the key of `votes` with strictly the most votes, None when two share the first place; skips are no votes.
    `chosen` and `rejected` are candidate ids where the result is a preference, else None.
    """

    pair: Pair
    votes: Mapping[tuple[str, str], int]
    labels: tuple[Label, ...]
    result: tuple[str, str] | None
    chosen: str | None
    rejected: str | None


def _outcome(pair: Pair, labels: list[Label]) -> Outcome:
    votes: dict[tuple[str, str], int] = {}
    for label in labels:
        vote = _vote(label)
        votes[vote] = votes.get(vote, 0) + 1
    most = max(votes.values())
    first = [vote for vote, number in votes.items() if number == most]
    result = first[0] if len(first) == 1 else None
    chosen = result[1] if result and result[0] == "chosen" else None
    rejected = None if chosen is None else pair.second if chosen == pair.first else pair.first
    return Outcome(pair, votes, tuple(labels), result, chosen, rejected)


def outcomes(project: Project) -> tuple[Outcome, ...]:
    """One outcome for every pair that somebody has judged, in the order of its first label."""
    gold = project.gold_pairs()
    by_pair: dict[Pair, list[Label]] = {}
    for label in project.labels:
        if label.verdict != "skip" and label.pair not in gold:
            by_pair.setdefault(label.pair, []).append(label)
    return tuple(_outcome(pair, labels) for pair, labels in by_pair.items())


def preferences(project: Project) -> tuple[tuple[str, str, str], ...]:
    """(prompt id, chosen id, rejected id): one a decided pair, or one a label, as `settings.aggregate` says."""
    found = outcomes(project)
    if project.settings.aggregate == "majority":
        return tuple((o.pair.prompt_id, o.chosen, o.rejected) for o in found if o.chosen and o.rejected)
    labels = (label for outcome in found for label in outcome.labels)
    return tuple((label.prompt_id, label.chosen, label.rejected) for label in labels if label.chosen and label.rejected)


def scores(project: Project, refused: frozenset[Pair] = frozenset()) -> dict[tuple[str, str], tuple[int, bool]]:
    """(prompt id, candidate id) -> (pairs won minus pairs lost, whether it took part in a pair that was called bad).

    Pairs in `refused` count for nothing: they stand for rows that may not go to a trainer.
    """
    net: dict[tuple[str, str], tuple[int, bool]] = {}

    def add(prompt_id: str, candidate: str, points: int, bad: bool) -> None:
        before, was_bad = net.get((prompt_id, candidate), (0, False))
        net[prompt_id, candidate] = (before + points, was_bad or bad)

    for outcome in outcomes(project):
        if outcome.pair in refused:
            continue
        for candidate in (outcome.pair.first, outcome.pair.second):
            if outcome.chosen is not None:
                add(outcome.pair.prompt_id, candidate, 1 if candidate == outcome.chosen else -1, False)
            elif outcome.result == ("both_bad", ""):
                add(outcome.pair.prompt_id, candidate, -1, True)
    return net


def desirable(project: Project, refused: frozenset[Pair] = frozenset()) -> tuple[tuple[str, str, bool], ...]:
    """(prompt id, candidate id, desirable): True for more pairs won than lost, False for the reverse or "both bad"; one row each.

    A candidate that won as often as it lost says nothing on its own and is left out.
    """
    return tuple(
        (prompt_id, candidate, points > 0)
        for (prompt_id, candidate), (points, _bad) in scores(project, refused).items()
        if points != 0
    )


def demonstrations(project: Project, refused: frozenset[Pair] = frozenset()) -> tuple[tuple[str, str], ...]:
    """(prompt id, candidate id) of the one best response of a prompt: most pairs won over lost, above zero, never called bad."""
    net = scores(project, refused)
    found = []
    for prompt in project.prompts:
        best = _best(prompt, net)
        if best is not None:
            found.append((prompt.id, best))
    return tuple(found)


def _best(prompt: Prompt, net: Mapping[tuple[str, str], tuple[int, bool]]) -> str | None:
    scored = [(net.get((prompt.id, candidate.id), (0, False)), candidate.id) for candidate in prompt.candidates]
    allowed = [(points, id) for (points, bad), id in scored if points > 0 and not bad]
    top = max((points for points, _ in allowed), default=0)
    winners = [id for points, id in allowed if points == top]
    return winners[0] if len(winners) == 1 else None


def _vote(label: Label) -> tuple[str, str]:
    return ("chosen", label.chosen) if label.chosen is not None else (label.verdict, "")
