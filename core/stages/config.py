"""Settings of a stage: frozen dataclasses with a stable cache key and a short form for the address line.

A setting is an int, a float, a bool, a word, None, a tuple of words, or another such dataclass (a relay holds the
settings of its stages).
"""

from __future__ import annotations

import hashlib
import json
import types
from collections.abc import Sequence
from dataclasses import asdict, fields, is_dataclass
from typing import Any, Self, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl, urlencode

CODE_VERSION = 3
"""Raised by hand whenever the arithmetic of a stage changes, so that old finished runs are not taken for new ones."""


class StageConfig:
    """Base of every `…Config`. Subclasses are frozen dataclasses whose fields all have defaults."""

    def cache_key(self, *inputs: str) -> str:
        """Sixteen hex digits that name this configuration, the code version and further `inputs` (weights, prompts).

        Made from canonical JSON, so it is the same in every process and on every machine.
        """
        content = [type(self).__name__, CODE_VERSION, asdict(self), list(inputs)]  # type: ignore[call-overload]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def to_url(self) -> str:
        """Only what differs from the defaults, as a query string: `lr=0.001&ppo.kl_coef=0`. Defaults give ""."""
        return urlencode(_differences(self, type(self)(), ""))

    @classmethod
    def from_url(cls, text: str) -> Self:
        """The configuration that `to_url` wrote.

        Raises:
            ValueError: an unknown name, a value that cannot be read, or a setting outside its range.
        """
        return _build(cls, dict(parse_qsl(text, keep_blank_values=True)))


def _differences(config: Any, default: Any, prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for field in fields(config):
        value, usual = getattr(config, field.name), getattr(default, field.name)
        if is_dataclass(value):
            found |= _differences(value, usual, f"{prefix}{field.name}.")
        elif value != usual:
            found[prefix + field.name] = _write(value)
    return found


def _write(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, tuple):
        return ",".join(value)
    return repr(value) if isinstance(value, float) else str(value)


def _build(cls: type, values: dict[str, str]) -> Any:
    hints = get_type_hints(cls)
    own: dict[str, Any] = {}
    nested: dict[str, dict[str, str]] = {}
    for name, text in values.items():
        head, dot, rest = name.partition(".")
        if head not in hints or bool(dot) != is_dataclass(hints[head]):
            raise ValueError(f"There is no setting called '{name}'.")
        if dot:
            nested.setdefault(head, {})[rest] = text
        else:
            own[head] = _read(name, text, hints[head])
    return cls(**own, **{head: _build(hints[head], inner) for head, inner in nested.items()})


def _read(name: str, text: str, hint: Any) -> Any:
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if text == "none" and type(None) in options:
        return None
    kind = next(option for option in options if option is not type(None))
    try:
        if get_origin(kind) is tuple:
            return tuple(part for part in text.split(",") if part)
        if kind is bool:
            return {"1": True, "0": False}[text]
        return text if kind is str or get_origin(kind) is not None else kind(text)
    except (ValueError, KeyError) as error:
        raise ValueError(f"The setting '{name}' cannot be '{text}'.") from error


def require(condition: bool, sentence: str) -> None:
    """Raise ValueError with one plain sentence unless the condition holds (NaN fails every comparison)."""
    if not condition:
        raise ValueError(sentence)


def require_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Raise ValueError unless `value` is one of the choices."""
    require(value in choices, f"{name} must be one of {', '.join(choices)}, not '{value}'.")


def require_range(name: str, value: float, low: float, high: float) -> None:
    """Raise ValueError unless low <= value <= high."""
    require(low <= value <= high, f"{name} must lie between {low:g} and {high:g}, not at {value}.")
