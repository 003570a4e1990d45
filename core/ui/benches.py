"""Workbenches of several steps above a lesson's lab, by lesson number."""

from __future__ import annotations

from core.ui.lesson_frame import Bench
from core.ui.pipeline.bench import workbench

BENCHES: dict[int, Bench] = {14: workbench}
