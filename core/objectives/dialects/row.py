"""One line of the panel "same name, different number"."""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor

Value = float | tuple["Value", ...] | None
"""A number, nested tuples of numbers, or None where the project's definition gives no number (0/0)."""


class Row(NamedTuple):
    """What `project` computes on the given batch under `name`, its own name for it.

    `used_here` = the convention that our functions take by default, and so the one this app shows.
    """

    topic: str
    project: str
    name: str
    value: Value
    used_here: bool = False


def plain(value: Tensor | list | tuple | float | None) -> Value:
    """Tensors and lists as floats and nested tuples; NaN as None."""
    if isinstance(value, Tensor):
        value = value.detach().tolist()
    if isinstance(value, (list, tuple)):
        return tuple(plain(x) for x in value)
    return None if value is None or math.isnan(value) else float(value)


def rows(topic: str, *entries: tuple) -> list[Row]:
    """Rows of one topic from (project, name, value[, used_here])."""
    return [Row(topic, project, name, plain(value), *used) for project, name, value, *used in entries]
