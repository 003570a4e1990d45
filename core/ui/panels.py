"""Panels that no standard widget can draw, by lesson number."""
from __future__ import annotations

from core.ui.lesson_frame import Panel

PANELS: dict[int, Panel] = {}
