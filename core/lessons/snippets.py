"""Self-contained scripts, put together from the source of the functions that ran, so that no code is written twice."""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import sys
import textwrap
from types import ModuleType
from typing import Any

OURS = "core."
HEADER = "from __future__ import annotations\n"


def source_of(thing: Any) -> str:
    """The source of a function or class of ours, whole, as it stands in the repository."""
    return textwrap.dedent(inspect.getsource(inspect.unwrap(thing)))


@functools.lru_cache(maxsize=64)
def bundle(*entry_points: Any) -> str:
    """The sources of `entry_points` and of everything of ours that they use, in an order that runs, behind their imports.

    Raises ValueError if something used is neither ours, nor importable by name, nor a constant.
    """
    imports: set[str] = set()
    pieces: dict[str, str] = {}
    visiting: set[str] = set()

    def visit(name: str, value: Any, module: ModuleType) -> None:
        if name in pieces or name in visiting:
            return
        home = getattr(value, "__module__", None)
        if isinstance(value, ModuleType):
            imports.add(f"import {value.__name__}" if value.__name__ == name else f"import {value.__name__} as {name}")
        elif home and (home.startswith(OURS)):
            visiting.add(name)
            text = source_of(value)
            own_module = sys.modules[home]
            for used in _names_used(text):
                if used in vars(own_module):
                    visit(used, vars(own_module)[used], own_module)
            original = getattr(value, "__name__", name)
            pieces[name] = text if original == name else f"{text}\n\n{name} = {original}\n"
        elif home and hasattr(value, "__name__"):
            imports.add(
                f"from {home.removeprefix('_')} import {value.__name__}"
                + ("" if value.__name__ == name else f" as {name}")
            )
        elif home in ("typing", "collections.abc"):
            imports.add(f"from {home} import {name}")
        else:
            pieces[name] = _constant(name, value, module, visit)

    for entry in entry_points:
        visit(entry.__name__, entry, sys.modules[entry.__module__])
    order = sorted(imports, key=lambda line: (line.startswith("from"), line))
    return HEADER + "\n" + "\n".join(order) + "\n\n" + "\n\n".join(pieces.values())


def _constant(name: str, value: Any, module: ModuleType, visit: Any) -> str:
    """A module-level constant as it is written in its module, after what it uses itself."""
    for node in ast.parse(inspect.getsource(module)).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(t, ast.Name) and t.id == name for target in targets for t in ast.walk(target)):
            assert isinstance(node, (ast.Assign, ast.AnnAssign))
            for used in _names_used(ast.unparse(node)):
                if used != name and used in vars(module):
                    visit(used, vars(module)[used], module)
            return ast.unparse(node) + "\n"
    raise ValueError(f"The snippet needs {name}, whose source was not found.")


def _names_used(text: str) -> list[str]:
    """Names that a piece of source reads when it is defined or run; annotations are left out (they stay texts)."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.returns = None
            for argument in [*node.args.args, *node.args.kwonlyargs, *node.args.posonlyargs]:
                argument.annotation = None
        if isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(value="")
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return sorted(names - set(dir(builtins)))


def script(entry_points: tuple[Any, ...], lines: tuple[str, ...]) -> str:
    """`bundle` followed by the lines that call it with the learner's numbers and print the result."""
    return bundle(*entry_points) + "\n\n# Your settings, and the numbers on the screen\n" + "\n".join(lines) + "\n"
