"""Printing a benchmark's figures beside its committed baseline, and saving a new one with --save."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path

HERE = Path(__file__).parent


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(name: str, figures: dict[str, float], goals: dict[str, float], how: str) -> None:
    """Print each figure with its baseline and, where there is one, its goal ("at most"); save them if asked to."""
    path = HERE / f"{name}.json"
    before = json.loads(path.read_text(encoding="utf-8"))["figures"] if path.exists() else {}
    print(f"{name}: {how}")
    for key, value in figures.items():
        goal = goals.get(key)
        verdict = "" if goal is None else f"   goal ≤ {goal:g}: {'reached' if value <= goal else 'MISSED'}"
        known = f"   baseline {before[key]:.3g}" if key in before else ""
        print(f"  {key:<28}{value:>10.3f}{known}{verdict}")
    if "--save" in sys.argv:
        load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
        machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}{load}"
        kept = {"how": how, "machine": machine, "goals": goals, "figures": {k: round(v, 4) for k, v in figures.items()}}
        path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"  saved as {path.relative_to(HERE.parents[1])}")
