"""Changes to a project. A judgement belongs to the texts that were read: change one of them and it goes, and is counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from core.pipeline.model import GoldQuestion, Label, Project, Prompt
from core.pipeline.problems import ProjectError, count, quoted, sentences


class Edit(NamedTuple):
    """The new project, and how many labels and gold questions no longer fitted it."""

    project: Project
    dropped_labels: int = 0
    dropped_gold: int = 0

    @property
    def sentence(self) -> str:
        """What was lost, or nothing."""
        if not self.dropped_labels and not self.dropped_gold:
            return ""
        lost = [count(self.dropped_labels, "label")] * (self.dropped_labels > 0)
        lost += [count(self.dropped_gold, "gold question")] * (self.dropped_gold > 0)
        verb = "was" if self.dropped_labels + self.dropped_gold == 1 else "were"
        return f"{' and '.join(lost)} {verb} dropped, because the text judged there has changed."


def change(project: Project, **fields: Any) -> Project:
    """The project with some fields replaced, checked as a whole. Raises ProjectError with plain sentences."""
    try:
        return Project.model_validate({**{name: getattr(project, name) for name in Project.model_fields}, **fields})
    except ValidationError as error:
        raise ProjectError(sentences(error)) from error


def with_prompts(project: Project, prompts: Sequence[Prompt]) -> Edit:
    """Replace all prompts; labels and gold questions stay where prompt and both responses read as before."""
    old, new = _texts(project.prompts), _texts(prompts)

    def stays(entry: Label | GoldQuestion) -> bool:
        pair = entry.pair
        keys = ((pair.prompt_id, pair.first), (pair.prompt_id, pair.second))
        return all(key in new and new[key] == old[key] for key in keys)

    labels = tuple(label for label in project.labels if stays(label))
    gold = tuple(question for question in project.gold if stays(question))
    changed = change(project, prompts=tuple(prompts), labels=labels, gold=gold)
    return Edit(changed, len(project.labels) - len(labels), len(project.gold) - len(gold))


def put_prompt(project: Project, prompt: Prompt) -> Edit:
    """Replace the prompt with the same id in its place, or add it at the end."""
    prompts = [prompt if other.id == prompt.id else other for other in project.prompts]
    return with_prompts(project, prompts if prompt.id in project.by_id() else [*prompts, prompt])


def remove_prompt(project: Project, id: str) -> Edit:
    """Take out a prompt with its responses and labels."""
    if id not in project.by_id():
        raise ProjectError([f"There is no prompt with the id {quoted(id)}."])
    return with_prompts(project, [prompt for prompt in project.prompts if prompt.id != id])


def put_gold(project: Project, question: GoldQuestion) -> Project:
    """Add a gold question, or replace the one about the same pair."""
    kept = [other for other in project.gold if other.pair != question.pair]
    return change(project, gold=(*kept, question))


def remove_labeller(project: Project, labeller: str) -> Edit:
    """Take out everything that one person has judged."""
    labels = tuple(label for label in project.labels if label.labeller != labeller)
    return Edit(change(project, labels=labels), len(project.labels) - len(labels))


def rename_labeller(project: Project, old: str, new: str) -> Project:
    """Give a labeller another name, such as a pseudonym; a name that already has labels is refused."""
    if new != old and new in project.labellers:
        raise ProjectError([f"There are already labels by {quoted(new)}."])
    labels = [label.model_dump() | ({"labeller": new} if label.labeller == old else {}) for label in project.labels]
    return change(project, labels=labels)


def free_id(taken: Collection[str], prefix: str) -> str:
    """A prefix with a number that is not taken. `taken` is looked into, not copied: give a set or a dictionary."""
    number = len(taken) + 1
    while f"{prefix}{number}" in taken:
        number += 1
    return f"{prefix}{number}"


def _texts(prompts: Iterable[Prompt]) -> dict[tuple[str, str], tuple[object, str]]:
    """What a labeller has read of every candidate: the conversation and the response."""
    return {
        (prompt.id, candidate.id): (prompt.messages, candidate.text)
        for prompt in prompts
        for candidate in prompt.candidates
    }
