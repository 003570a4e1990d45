"""Panels that no standard widget can draw, by lesson number."""

from __future__ import annotations

from core.ui.diagram_panel import ordering
from core.ui.imitation_panel import imitation_live_run
from core.ui.lens_panel import lens_live
from core.ui.lesson_frame import Panel
from core.ui.live_panel import relay_live
from core.ui.live_run import Offer
from core.ui.own_prompt_panel import own_demonstration, own_prompt
from core.ui.rating_panel import rating
from core.ui.vote_panel import voting

PANELS: dict[int, Panel] = {1: own_prompt, 3: relay_live, 4: rating, 5: own_demonstration, 6: voting, 9: ordering}
OFFERS: dict[int, Offer] = {2: imitation_live_run, 8: lens_live}
