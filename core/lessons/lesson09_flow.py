"""The pieces of the relay and what each of them takes, read from the source of the relay itself.

Lesson 9 asks for an order of the pieces and marks it. What has to come first is no key written by hand: the source of
`core.stages.relay` is parsed, every value is followed from the call that makes it to the calls that take it, and an order
is right if each piece stands behind all that it takes.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from typing import Any

from core.stages import relay as relay_module


@dataclass(frozen=True)
class Piece:
    """One piece of the relay. `code` is its letter in the link."""

    key: str
    code: str
    name: str
    does: str


PIECES: tuple[Piece, ...] = (
    Piece("base", "b", "Pretrained model", "continues text"),
    Piece("demos", "d", "Demonstrations", "people write answers"),
    Piece("sft", "s", "SFT", "imitates"),
    Piece("rankings", "c", "Comparisons", "people rank answers"),
    Piece("reward", "r", "Reward model", "scores an answer"),
    Piece("ppo", "p", "PPO", "follows the scores"),
)
POOL = "rdpbcs"
"""The order in which the pieces lie on the table before anybody has sorted them."""
_MODULES = {"core.stages.sft": "sft", "core.stages.reward_model": "reward", "core.stages.ppo": "ppo"}
_DATA = {"demonstrations": "demos", "collect_rankings": "rankings"}
_Makers = frozenset[str]


@dataclass(frozen=True)
class Fault:
    """A piece that stands before something it takes, and the line of the relay in which it takes it."""

    piece: Piece
    missing: Piece
    line: str


def piece(code: str) -> Piece:
    """The piece of a letter. Raises KeyError for another letter."""
    return {found.code: found for found in PIECES}[code]


def read_order(text: str) -> str:
    """The letters of a link's order, as far as they are letters of pieces and each stands there once."""
    placed = ""
    for letter in text:
        if letter not in POOL or letter in placed:
            return placed
        placed += letter
    return placed


def is_order(text: str) -> bool:
    """Whether a text is an order, finished or not."""
    return read_order(text) == text


@lru_cache(maxsize=1)
def needs() -> Mapping[str, Mapping[str, str]]:
    """For each piece the pieces whose product it takes, each with the line of the relay that hands it over."""
    reader = _Reader({"state.start": frozenset({"base"})})
    reader.function(relay_module._legs, {})
    return {found.key: dict(reader.taken.get(found.key, {})) for found in PIECES}


def faults(order: str) -> tuple[Fault, ...]:
    """What stands too early in an order, finished or not; in the order of the pieces placed."""
    by_key = {found.key: found for found in PIECES}
    wrong = []
    for place, letter in enumerate(order):
        before = {piece(other).key for other in order[:place]}
        wrong += [
            Fault(piece(letter), by_key[maker], line)
            for maker, line in needs()[piece(letter).key].items()
            if maker not in before
        ]
    return tuple(wrong)


@lru_cache(maxsize=1024)
def possible(order: str) -> int:
    """In how many ways an order can still be finished without a fault."""
    if faults(order):
        return 0
    rest = [letter for letter in POOL if letter not in order]
    return sum(not faults(order + "".join(tail)) for tail in permutations(rest))


@lru_cache(maxsize=1)
def right_order() -> str:
    """One order without a fault: the first in the order of PIECES."""
    letters = [found.code for found in PIECES]
    return next("".join(tried) for tried in permutations(letters) if not faults("".join(tried)))


class _Reader:
    """Follows values through the source of the relay, every runner taking part.

    `makers` says which pieces made what a name holds; `taken` collects who takes whose product, with the line.
    """

    def __init__(self, makers: dict[str, _Makers]) -> None:
        self.makers = makers
        self.taken: dict[str, dict[str, str]] = {}

    def function(self, function: Any, bound: Mapping[str, _Makers]) -> None:
        """Read a function whose parameters hold what `bound` says."""
        self.makers |= bound
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
        assert isinstance(tree, ast.FunctionDef)
        self.statements(tree.body)

    def statements(self, body: Sequence[ast.stmt]) -> None:
        """Read statements in turn; of a branch, both sides."""
        for statement in body:
            if isinstance(statement, ast.If):
                self.statements([*statement.body, *statement.orelse])
            elif isinstance(statement, ast.Assign):
                made = self.value(statement.value)
                for target in statement.targets:
                    for name in target.elts if isinstance(target, ast.Tuple) else [target]:
                        self.makers[ast.unparse(name)] = made
            elif isinstance(statement, ast.Expr):
                self.value(statement.value)

    def value(self, node: ast.AST) -> _Makers:
        """Which pieces made what an expression gives."""
        if isinstance(node, ast.Call):
            return self.call(node)
        if isinstance(node, ast.Attribute | ast.Name):
            name = ast.unparse(node)
            while name not in self.makers and "." in name:
                name = name.rpartition(".")[0]
            return self.makers.get(name, frozenset())
        return frozenset().union(*(self.value(child) for child in ast.iter_child_nodes(node)))

    def call(self, node: ast.Call) -> _Makers:
        """A stage takes what its arguments hold and makes something new; another function passes it through."""
        arguments = [self.value(argument) for argument in (*node.args, *(k.value for k in node.keywords))]
        given = frozenset().union(*arguments)
        function = _called(node.func)
        key = _piece_of(function)
        if key:
            line = ast.unparse(node)
            for maker in sorted(given - {key}):
                self.taken.setdefault(key, {}).setdefault(maker, line)
            return frozenset({key})
        if getattr(function, "__module__", "") == relay_module.__name__ and inspect.isfunction(function):
            names = list(inspect.signature(function).parameters)
            self.function(function, {name: held for name, held in zip(names, arguments) if name != "state"})
            return frozenset()
        return given


def _called(node: ast.expr) -> Any:
    """The function that a call in the relay names; None where it is not one of a module."""
    space = vars(relay_module)
    if isinstance(node, ast.Name):
        return space.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return getattr(space.get(node.value.id), node.attr, None)
    return None


def _piece_of(function: Any) -> str | None:
    """The piece that a function belongs to."""
    home = getattr(function, "__module__", "")
    if home == "core.stages.data":
        return _DATA.get(function.__name__)
    return _MODULES.get(home)
