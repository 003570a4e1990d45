"""Evaluates a folder of reference cases: every key of every case's outputs is compared with what our code gives.

A case is a JSON file (see `Case`). Its adapter takes the decoded inputs and returns the outputs, nested as in the file.
Left out of the comparison are only metrics named `logits/*` and fields that are evidence, not targets:
`brute_force_*`, `other_peers`, `cross_checks*`. A missing key, another shape, a crash, or an algorithm without an
adapter is a failure; only a case that is marked optional may be skipped, and only for want of an adapter.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Adapter = Callable[[dict[str, Any]], Mapping[str, Any]]

NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
FLOAT32_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Failure:
    """One difference: where, what we gave, what the case holds, and the limit |ours - theirs| had to keep."""

    key: str
    ours: str
    theirs: str
    tolerance: str

    def __str__(self) -> str:
        return f"{self.key}: ours {self.ours}, theirs {self.theirs}, tolerance {self.tolerance}"


@dataclass(frozen=True)
class Outcome:
    """What became of one case: `status` is passed, failed or skipped."""

    case_id: str
    status: str
    failures: tuple[Failure, ...] = ()
    reason: str = ""


def load_cases(folder: Path) -> list[tuple[Path, Any]]:
    """All cases of a folder in the order of their names. An unreadable file comes back as its exception."""
    cases: list[tuple[Path, Any]] = []
    for path in sorted(folder.glob("*.json")):
        try:
            cases.append((path, json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError) as error:
            cases.append((path, error))
    return cases


def decode(value: Any) -> Any:
    """The value with the strings for non-finite numbers turned into floats, at any depth."""
    if isinstance(value, str):
        return NON_FINITE.get(value, value)
    if isinstance(value, list):
        return [decode(x) for x in value]
    if isinstance(value, dict):
        return {k: decode(x) for k, x in value.items()}
    return value


def evaluate(name: str, case: Any, adapters: Mapping[str, Adapter]) -> Outcome:
    """Runs one case. `name` is used where the case has no id of its own."""
    if isinstance(case, Exception):
        return Outcome(name, "failed", reason=f"the file cannot be read: {case}")
    if not isinstance(case, dict) or not {"algorithm", "inputs", "outputs", "tolerance"} <= case.keys():
        return Outcome(name, "failed", reason="not a case: algorithm, inputs, outputs or tolerance is missing")
    case_id, algorithm = case.get("id", name), case["algorithm"]
    if algorithm not in adapters:
        if case.get("optional") is True:
            return Outcome(case_id, "skipped", reason=f"optional, and there is no adapter for {algorithm}")
        return Outcome(case_id, "failed", reason=f"there is no adapter for {algorithm}")
    wanted = dict(_targets(decode(case["outputs"])))
    if not wanted:
        return Outcome(case_id, "failed", reason="the case holds nothing to compare")
    try:
        ours = adapters[algorithm](decode(case["inputs"]))
        failures = tuple(
            failure
            for key, want in wanted.items()
            for failure in _compare(key, _at(ours, key), want, *_tolerance(case, ".".join(key)))
        )
    except Exception as error:  # a crash of an adapter is a failure of its case, whatever was raised
        return Outcome(case_id, "failed", reason=f"{type(error).__name__}: {error}")
    return Outcome(case_id, "failed" if failures else "passed", failures)


def run(folder: Path, adapters: Mapping[str, Adapter], write: Callable[[str], None] = print) -> int:
    """Evaluates the folder and writes a report. Returns the exit code: 0 only if there are cases and none failed."""
    if not folder.is_dir():
        write(f"There is no folder {folder}.")
        write("0 passed, 0 failed, 0 skipped")
        return 2
    outcomes = [evaluate(path.stem, case, adapters) for path, case in load_cases(folder)]
    for outcome in outcomes:
        if outcome.status == "skipped":
            write(f"SKIPPED {outcome.case_id}: {outcome.reason}")
        elif outcome.status == "failed":
            lines = [outcome.reason] if outcome.reason else []
            for line in lines + [str(failure) for failure in outcome.failures]:
                write(f"FAILED {outcome.case_id}: {line}")
    if not outcomes:
        write(f"The folder {folder} holds no cases.")
    counts = {status: sum(o.status == status for o in outcomes) for status in ("passed", "failed", "skipped")}
    write(", ".join(f"{count} {status}" for status, count in counts.items()))
    if not outcomes:
        return 2
    return 1 if counts["failed"] else 0


def _targets(outputs: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(path, value) of every output that is compared. An empty dictionary must be there too."""
    for key, value in outputs.items():
        if key == "other_peers" or key.startswith(("brute_force_", "cross_checks")):
            continue
        if path[-1:] == ("metrics",) and key.startswith("logits/"):
            continue
        if isinstance(value, dict) and value:
            yield from _targets(value, (*path, key))
        else:
            yield (*path, key), value


_MISSING = object()


def _at(outputs: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        if not isinstance(outputs, Mapping) or key not in outputs:
            return _MISSING
        outputs = outputs[key]
    return outputs


def _tolerance(case: dict[str, Any], key: str) -> tuple[float, float]:
    """(rtol, atol) of an output; what was float32 in the peer gets at least 1e-6."""
    rtol, atol = float(case["tolerance"]["rtol"]), float(case["tolerance"]["atol"])
    if key in (case.get("float32_outputs") or ()):
        return max(rtol, FLOAT32_TOLERANCE), max(atol, FLOAT32_TOLERANCE)
    return rtol, atol


def _compare(path: tuple[str, ...], got: Any, want: Any, rtol: float, atol: float) -> Iterator[Failure]:
    key = ".".join(path)
    limit = f"{atol:g} + {rtol:g} * |theirs|"
    if got is _MISSING:
        yield Failure(key, "nothing", _short(want), "the key must be there")
        return
    if want is None or isinstance(want, (str, dict)):
        if got != want:
            yield Failure(key, _short(got), _short(want), "equal")
        return
    if _is_ragged(want):
        if not isinstance(got, Sequence) or len(got) != len(want):
            yield Failure(key, _short(got), _short(want), "the same number of rows")
            return
        for row, (ours, theirs) in enumerate(zip(got, want, strict=True)):
            yield from _compare((*path, str(row)), ours, theirs, rtol, atol)
        return
    try:
        ours, theirs = _array(got), _array(want)
    except (TypeError, ValueError):
        yield Failure(key, _short(got), _short(want), "numbers of the same shape")
        return
    if ours.shape != theirs.shape:
        yield Failure(key, f"shape {list(ours.shape)}", f"shape {list(theirs.shape)}", "the same shape")
        return
    if ours.size == 0:
        return
    excess = np.atleast_1d(_excess(ours, theirs, rtol, atol))
    if (excess > 0).any():
        worst = np.unravel_index(int(excess.argmax()), excess.shape)
        place = f"{list(map(int, worst))}" if theirs.ndim else ""
        wrong = f" ({int((excess > 0).sum())} of {excess.size} differ)" if theirs.ndim else ""
        ours_there, theirs_there = np.atleast_1d(ours)[worst], np.atleast_1d(theirs)[worst]
        yield Failure(f"{key}{place}", repr(float(ours_there)), repr(float(theirs_there)), limit + wrong)


def _excess(ours: np.ndarray, theirs: np.ndarray, rtol: float, atol: float) -> np.ndarray:
    """How far each element lies beyond its tolerance; above 0 = wrong. NaN only matches NaN, inf only the same inf."""
    with np.errstate(invalid="ignore"):
        beyond = np.abs(ours - theirs) - (atol + rtol * np.abs(theirs))
    finite = np.isfinite(ours) & np.isfinite(theirs)
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    return np.where(finite, beyond, np.where(same, -math.inf, math.inf))


def _array(value: Any) -> np.ndarray:
    """Numbers of any container as float64. Raises TypeError or ValueError for anything else, None included."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise TypeError("not a number")
    return array.astype(np.float64)


def _is_ragged(value: Any) -> bool:
    """True for a list that is no rectangular array of numbers."""
    if not isinstance(value, list):
        return False
    try:
        return np.asarray(value).dtype.kind not in "fiub" and len(value) > 0
    except ValueError:
        return True


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
