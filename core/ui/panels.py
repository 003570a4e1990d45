"""Panels that no standard widget can draw, by lesson number."""

from __future__ import annotations

from core.ui.lesson_frame import Panel
from core.ui.live_panel import relay_live
from core.ui.own_prompt_panel import own_prompt
from core.ui.rating_panel import rating
from core.ui.vote_panel import voting

PANELS: dict[int, Panel] = {1: own_prompt, 3: relay_live, 4: rating, 6: voting}
