"""Which pair a labeller sees next, and on which side each response stands.

Everything follows from the project, its seed and the labeller's name: there is no queue to lose, so a project that is saved,
downloaded or opened by somebody else goes on where it stopped. All labellers walk through the pairs in the same shuffled
order, so that the first pairs soon have several labels and agreement can be read early.
"""

from __future__ import annotations

import hashlib
import math
import statistics
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from core.pipeline import limits
from core.pipeline.model import Label, Pair, Project, Verdict
from core.pipeline.problems import ProjectError, count, quoted, sentences


@dataclass(frozen=True)
class Shown:
    """A pair as it stands before a labeller: A is the candidate `left`, B the candidate `right`."""

    prompt_id: str
    left: str
    right: str
    gold: bool = False

    @property
    def pair(self) -> Pair:
        return Pair.of(self.prompt_id, self.left, self.right)


@dataclass(frozen=True)
class Progress:
    """How far a labeller is. `left` counts the ordinary pairs still open for this person; seconds is the median of the measured."""

    done: int
    skipped: int
    left: int
    seconds: float | None


def next_pair(project: Project, labeller: str) -> Shown | None:
    """The next pair for this labeller, or None when nothing is open.

    An ordinary pair is open as long as fewer than `settings.labels_per_pair` people have judged it and this person has not
    seen it. A gold question comes whenever this person has answered fewer than `settings.gold_share` of what they were
    shown; where in the series the first one comes depends on the name.
    """
    own = [label for label in project.labels if label.labeller == labeller]
    seen = {label.pair for label in own}
    gold = project.gold_pairs()
    waiting_gold = [pair for pair in gold if pair not in seen]
    ordinary = _open_pairs(project, labeller)
    if waiting_gold:
        answered = sum(label.pair in gold for label in own)
        due = math.floor((len(own) + 1) * project.settings.gold_share + _fraction(project, "gold", labeller))
        if answered < due or not any(pair not in gold for pair in project.pairs()):
            return _shown(
                project, labeller, min(waiting_gold, key=lambda pair: _fraction(project, labeller, *pair)), True
            )
    if not ordinary:
        return None
    return _shown(project, labeller, min(ordinary, key=lambda pair: _fraction(project, "order", *pair)), False)


def record(
    project: Project,
    shown: Shown,
    labeller: str,
    verdict: Verdict,
    strength: int | None = None,
    reason: str = "",
    seconds: float | None = None,
    timestamp: datetime | None = None,
) -> Project:
    """The project with one more label. Raises ProjectError when it does not fit, e.g. when this person has judged the pair."""
    try:
        label = Label(
            prompt_id=shown.prompt_id,
            left=shown.left,
            right=shown.right,
            verdict=verdict,
            labeller=labeller,
            strength=strength,
            reason=reason,
            seconds=seconds,
            timestamp=timestamp or datetime.now(UTC),
        )
    except ValidationError as error:
        raise ProjectError(sentences(error)) from error
    if any(other.labeller == labeller and other.pair == label.pair for other in project.labels):
        raise ProjectError([f"{quoted(labeller)} has judged this pair already; undo that label first."])
    if len(project.labels) >= limits.MAX_LABELS:
        raise ProjectError([f"The project has {count(limits.MAX_LABELS, 'label')}, which is the limit."])
    if labeller not in (names := project.labellers) and len(names) >= limits.MAX_LABELLERS:
        raise ProjectError([f"The project has {count(limits.MAX_LABELLERS, 'labeller')}, which is the limit."])
    prompt = project.by_id().get(label.prompt_id)
    known = {candidate.id for candidate in prompt.candidates} if prompt else set()
    if not {label.left, label.right} <= known:
        raise ProjectError(
            [f"The pair of prompt {quoted(label.prompt_id)} that was judged is no longer in the project."]
        )
    # Checked above in full; validating ten thousand prompts again at every key press would be felt.
    return project.model_copy(update={"labels": (*project.labels, label)})


def undo(project: Project, labeller: str) -> tuple[Project, Label | None]:
    """The project without this labeller's last label, and that label, so that its pair can be shown again as it stood."""
    for position in range(len(project.labels) - 1, -1, -1):
        label = project.labels[position]
        if label.labeller == labeller:
            rest = project.labels[:position] + project.labels[position + 1 :]
            return project.model_copy(update={"labels": rest}), label
    return project, None


def shown_again(project: Project, label: Label) -> Shown:
    """The pair of a label on the sides on which it stood."""
    return Shown(label.prompt_id, label.left, label.right, label.pair in project.gold_pairs())


def progress(project: Project, labeller: str) -> Progress:
    """How many pairs this person has judged and skipped, and how many are open."""
    own = [label for label in project.labels if label.labeller == labeller]
    skipped = sum(label.verdict == "skip" for label in own)
    times = [label.seconds for label in own if label.seconds is not None and label.verdict != "skip"]
    median = statistics.median(times) if times else None
    return Progress(len(own) - skipped, skipped, len(_open_pairs(project, labeller)), median)


def _open_pairs(project: Project, labeller: str) -> list[Pair]:
    """Ordinary pairs that this person has not seen and that too few people have judged."""
    seen = {label.pair for label in project.labels if label.labeller == labeller}
    judged = Counter(label.pair for label in project.labels if label.verdict != "skip")
    closed = seen | project.gold_pairs()
    target = project.settings.labels_per_pair
    return [pair for pair in project.pairs() if pair not in closed and judged[pair] < target]


def _shown(project: Project, labeller: str, pair: Pair, gold: bool) -> Shown:
    """A fair coin for every labeller and pair decides the side."""
    sides = (pair.first, pair.second)
    left, right = sides if _fraction(project, "side", labeller, *pair) < 0.5 else sides[::-1]
    return Shown(pair.prompt_id, left, right, gold)


def _fraction(project: Project, *key: str) -> float:
    """A number in [0, 1) that depends only on the project's seed and the key."""
    text = "\0".join((str(project.settings.seed), *key))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest()) / 2**56
