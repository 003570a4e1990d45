"""Panels that no standard widget can draw, by lesson number."""

from __future__ import annotations

from core.ui.lesson_frame import Panel
from core.ui.vote_panel import voting

PANELS: dict[int, Panel] = {6: voting}
