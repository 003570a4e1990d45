"""The script that a lesson offers runs without this app, and prints the numbers that are on the screen."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import functools
import math
import os
import re
import subprocess
import sys
from numbers import Number

import numpy as np
import pytest
import torch

from core.lessons.catalogue import LESSONS, lesson
from core.lessons.snippets import bundle, script
from core.objectives.kl import k3
from core.stages.whiteboard import updates
from tests.lessons.states import VOTES
from tests.lessons.test_lessons import numbers_in

BUILT = tuple(item.number for item in LESSONS)
# Behind this the script sees torch, numpy and the standard library only.
LAUNCH = """
import runpy, sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("core", "streamlit", "plotly", "pandas", "scipy", "tests", "pages", "app"):
            raise ImportError(f"a snippet may not import {name}")
sys.meta_path.insert(0, Blocked())
runpy.run_path(sys.argv[1], run_name="__main__")
"""
PRINTED = re.compile(r"(?<![\w.])-?\d+\.\d+(?:e-?\d+)?(?![\w.])")


def _run(folder, text):
    path = folder / "snippet.py"
    path.write_text(text, encoding="utf-8")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-I", "-c", LAUNCH, str(path)],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=60,
        env=environment,
        check=False,
    )


def _inside(thing, depth=0):
    """Every number of a result: its fields, what it derives from them, arrays and tensors included."""
    if isinstance(thing, (bool, str)) or thing is None or depth > 7:
        return
    if isinstance(thing, Number):
        yield float(thing)
    elif isinstance(thing, (np.ndarray, torch.Tensor)):
        yield from np.asarray(thing, dtype=float).ravel().tolist()
    elif isinstance(thing, (tuple, list)):
        for item in thing:
            yield from _inside(item, depth + 1)
    elif dataclasses.is_dataclass(thing):
        for field in dataclasses.fields(thing):
            yield from _inside(getattr(thing, field.name), depth + 1)
        for name, member in vars(type(thing)).items():
            if isinstance(member, (property, functools.cached_property)):
                # What belongs to another view of the lesson is empty here.
                with contextlib.suppress(LookupError):
                    yield from _inside(getattr(thing, name), depth + 1)


def _on_screen(item, result):
    """Numbers that the screen is made from: the charts, and the result behind formula, table and sentences."""
    pool = {float(n) for n in numbers_in([[c.figure["data"], c.frames] for c in item.figures(result)])}
    pool |= set(_inside(result))
    finite = {n for n in pool if math.isfinite(n)}
    return np.array(sorted(finite | {math.exp(n) for n in finite if -50 < n < 10} | {n / 100 for n in finite}))


def _missing(printed, screen):
    """Printed numbers that are nowhere on the screen. Charts hold five significant digits, scripts print six decimals."""
    lost = []
    for number in printed:
        near = screen[np.clip(np.searchsorted(screen, [number - 1e-9, number]), 0, len(screen) - 1)]
        near = np.append(near, screen[np.clip(np.searchsorted(screen, number) - 1, 0, len(screen) - 1)])
        if np.abs(near - number).min() > 1e-6 + 5e-5 * abs(number):
            lost.append(number)
    return lost


def _some_states(item):
    base = item.defaults()
    step = {p.key: p.nearest(3) for p in item.params if p.widget == "player"}
    end = {p.key: p.ends()[-1] for p in item.params if p.widget == "player" or p.kind == "text"}
    if not step:  # nothing plays: the numbers among the controls make the other state
        end |= {p.key: p.ends()[-1] for p in item.params if p.widget == "control" and p.kind in ("float", "int")}
    return (
        {**base, **step},
        {**base, **end, "votes": VOTES["all"]},
    )


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("number", BUILT)
def test_the_script_runs_alone_and_prints_the_screens_numbers(number, which, tmp_path):
    item = lesson(number)
    result = item.compute(_some_states(item)[which])
    ran = _run(tmp_path, item.snippet(result))
    assert ran.returncode == 0, ran.stderr[-2000:]
    printed = [float(text) for text in PRINTED.findall(ran.stdout)]
    assert len(printed) >= 5
    assert all(math.isfinite(value) for value in printed)
    missing = _missing(printed, _on_screen(item, result))
    assert not missing, f"{len(missing)} of {len(printed)} printed numbers are not on the screen: {missing[:8]}"


@pytest.mark.parametrize("number", BUILT)
def test_other_settings_give_another_script_with_other_numbers(number):
    item = lesson(number)
    first, second = (item.snippet(item.compute(state)) for state in _some_states(item))
    assert first != second
    for text in (first, second):
        imported = {
            (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) else alias.name.split(".")[0]
            for node in ast.walk(ast.parse(text))
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names
        }
        assert "core" not in imported
        assert imported - set(sys.stdlib_module_names) <= {"torch", "numpy"}


def test_a_screen_with_another_number_is_noticed():
    """The comparison itself can fail."""
    item = lesson(8)
    result = item.compute(_some_states(item)[0])
    screen = _on_screen(item, result)
    honest = [math.exp(logp) for logp in result.now.logps]
    assert _missing(honest, screen) == []
    assert len(_missing([value * 1.003 + 0.0007 for value in honest], screen)) >= 6


def test_a_bundle_holds_the_very_source_that_ran():
    text = bundle(updates)
    assert "def updates(config: WhiteboardConfig)" in text
    assert "def policy_loss(" in text
    assert text.count("def policy_loss(") == 1
    assert "import core" not in text
    assert "from core" not in text


def test_a_script_ends_with_the_lines_it_was_given():
    text = script((k3,), ("print(k3(torch.tensor(0.5), torch.tensor(0.25)).item())",))
    assert text.rstrip().endswith("print(k3(torch.tensor(0.5), torch.tensor(0.25)).item())")


def test_what_is_not_ours_and_has_no_source_is_refused():
    with pytest.raises((ValueError, AttributeError, TypeError, OSError)):
        bundle(functools.partial(k3))
