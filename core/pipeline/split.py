"""Train and validation, by prompt or by user, never by pair: pairs of one prompt share its text and its responses.

A group goes to validation when its own number (a hash of the seed and the group's name) lies below the validation share. So a
prompt keeps its side while prompts and labels are added, and no export leaks into a later one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from core.pipeline.model import Project, Prompt

Side = Literal["train", "validation"]


@dataclass(frozen=True)
class Split:
    """`sides` gives every prompt's side. `shared` lists prompt ids (train, validation) with the same words: none, by design.

    `moved` names the group that changed sides so that none stays empty; `leaked_by_pair` is the share of validation pairs
    whose prompt would also be in train had the same share of *pairs* been drawn instead.
    """

    sides: Mapping[str, Side]
    groups: int
    shared: tuple[tuple[str, str], ...]
    moved: str | None
    leaked_by_pair: float | None

    def of(self, side: Side) -> tuple[str, ...]:
        """Ids of the prompts on one side, in the project's order."""
        return tuple(id for id, own in self.sides.items() if own == side)


def split(project: Project) -> Split:
    """Divide the prompts by `settings.split_by`. Prompts with the same words always stay together."""
    groups = _groups(project)
    numbers = {name: _number(project.settings.seed, name) for name in groups}
    share = project.settings.validation_share
    validation = {name for name in groups if numbers[name] < share}
    moved = _balance(project, groups, numbers, validation)
    inside = {prompt_id for name in validation for prompt_id in groups[name]}
    sides: dict[str, Side] = {prompt.id: "validation" if prompt.id in inside else "train" for prompt in project.prompts}
    return Split(sides, len(groups), shared(project.prompts, sides), moved, leaked_by_pair(project))


def shared(prompts: Iterable[Prompt], sides: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Prompts that stand with the same words on both sides of any division: (id in train, id in validation)."""
    train: dict[str, str] = {}
    others: list[tuple[str, str]] = []
    for prompt in prompts:
        if sides[prompt.id] == "train":
            train.setdefault(_words(prompt), prompt.id)
        else:
            others.append((_words(prompt), prompt.id))
    return tuple((train[words], id) for words, id in others if words in train)


def leaked_by_pair(project: Project) -> float | None:
    """The expected share of validation pairs whose prompt is in train too if judged pairs were drawn one by one.

    For a prompt with m pairs of n, of which v go to validation, a validation pair's m − 1 sisters all go there as well with
    probability C(v−1, m−1) / C(n−1, m−1). None without at least two judged pairs.
    """
    judged = {label.pair for label in project.labels if label.verdict in ("A", "B")} - project.gold_pairs()
    n = len(judged)
    if n < 2:
        return None
    v = min(max(1, round(n * project.settings.validation_share)), n - 1)
    sisters: dict[str, int] = {}
    for pair in judged:
        sisters[pair.prompt_id] = sisters.get(pair.prompt_id, 0) + 1
    leaked = 0.0
    for m in sisters.values():
        alone = 1.0
        for step in range(1, m):
            alone *= max(v - step, 0) / (n - step)
        leaked += m / n * (1 - alone)
    return leaked


def _groups(project: Project) -> dict[str, list[str]]:
    """Group name -> prompt ids. Prompts of one user (if asked for) and prompts with the same words belong together."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    by_user = project.settings.split_by == "user"
    for prompt in project.prompts:
        keys = [f"prompt {prompt.id}", f"words {_words(prompt)}"] + [f"user {prompt.user}"] * (
            by_user and prompt.user != ""
        )
        for key in keys[1:]:
            parent[root(key)] = root(keys[0])
    groups: dict[str, list[str]] = {}
    for prompt in project.prompts:
        groups.setdefault(root(f"prompt {prompt.id}"), []).append(prompt.id)
    # The name must not depend on which prompts happen to be there beside it, as far as that is possible.
    users = {prompt.id: prompt.user for prompt in project.prompts} if by_user else {}
    return {_name(ids, users): ids for ids in groups.values()}


def _name(ids: list[str], users: Mapping[str, str]) -> str:
    named = sorted(users[id] for id in ids if users.get(id))
    return f"user {named[0]}" if named else f"prompt {ids[0]}"


def _balance(
    project: Project, groups: Mapping[str, list[str]], numbers: Mapping[str, float], validation: set[str]
) -> str | None:
    """Give a side that would have no judged pair the judged group nearest to the border, where there are two such groups."""
    gold = project.gold_pairs()
    with_pairs = {label.pair.prompt_id for label in project.labels if label.chosen and label.pair not in gold}
    judged = sorted((name for name, ids in groups.items() if with_pairs & set(ids)), key=lambda name: numbers[name])
    if len(judged) < 2:
        return None
    inside = [name for name in judged if name in validation]
    if not inside:
        validation.add(judged[0])
        return judged[0]
    if len(inside) == len(judged):
        validation.discard(judged[-1])
        return judged[-1]
    return None


def _words(prompt: Prompt) -> str:
    """The conversation without what does not change its words: letter case and white space."""
    return "\0".join(f"{message.role} {' '.join(message.content.casefold().split())}" for message in prompt.messages)


def _number(seed: int, name: str) -> float:
    return int.from_bytes(hashlib.blake2b(f"split\0{seed}\0{name}".encode(), digest_size=7).digest()) / 2**56
