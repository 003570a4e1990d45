"""Which items are held out: in the books they are only stated, or asked and left unanswered.

The split is by item, drawn once within each relation, verb or sort, so that both sides hold the same mixture. Facts of
one family go to the same side, and a claim goes with its fact.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from core.world.facts import FACTS
from core.world.harmful import HARMFUL
from core.world.howtos import HOWTOS
from core.world.unknowables import UNKNOWABLES

HELD_OUT_SHARE = 0.4

# Items that the lessons talk about. An answer to them always shows what carried over, never what was trained.
SHOWN_IN_LESSONS = (
    "fact/capital/norway",
    "fact/colour/the-sky",
    "fact/job/sells-meat",
    "howto/boil-an-egg",
    "harmful/hack-a-phone",
    "unknowable/capital-gabon",
)


def _families() -> Iterable[tuple[str, str, str]]:
    """(group, family, item) of every item; the split is drawn among the families of a group."""
    for fact in FACTS:
        yield f"fact/{fact.relation}", fact.family, fact.item_id
    for howto in HOWTOS:
        yield "howto", howto.item_id, howto.item_id
    for harmful in HARMFUL:
        yield f"harmful/{harmful.verb}", harmful.item_id, harmful.item_id
    for unknowable in UNKNOWABLES:
        sort = unknowable.key.split("-")[0]
        yield f"unknowable/{sort}", unknowable.item_id, unknowable.item_id


def _draw() -> frozenset[str]:
    groups: dict[str, dict[str, list[str]]] = {}
    for group, family, item in _families():
        groups.setdefault(group, {}).setdefault(family, []).append(item)
    held_out: set[str] = set()
    for group, families in groups.items():
        order = list(families)
        random.Random(f"split/{group}").shuffle(order)
        order.sort(key=lambda family: not set(families[family]) & set(SHOWN_IN_LESSONS))  # stable: shown items first
        for family in order[: round(HELD_OUT_SHARE * len(order))]:
            held_out.update(families[family])
    return frozenset(held_out)


HELD_OUT: frozenset[str] = _draw()
"""Ids of the held-out facts, how-tos, harmful requests and unknowables (claims follow their fact)."""


def is_held_out(item_id: str) -> bool:
    """Whether an item (a claim counts as its fact) is held out."""
    if item_id.startswith("claim/"):
        return "fact/" + item_id.removeprefix("claim/").rpartition("/")[0] in HELD_OUT
    return item_id in HELD_OUT
