"""All effects, in the order of the lessons that stand on them."""

from __future__ import annotations

from core.stages.phenomena.agreement import SYCOPHANCY
from core.stages.phenomena.direct import DRIFT, ITERATIVE, OVERTRAINED
from core.stages.phenomena.effect import Effect
from core.stages.phenomena.feedback import AI_LABELS, CONSTITUTION
from core.stages.phenomena.imitation import SFT_ON_CHOSEN, SFT_WALL
from core.stages.phenomena.leash import BIASED, FRESH_SEEDS, OVER_OPTIMISATION, REFRESH
from core.stages.phenomena.methods import METHODS
from core.stages.phenomena.pretrained import KNOWS
from core.stages.phenomena.rewards import ACCURACY, NOISE_CHAIN

EFFECTS: tuple[Effect, ...] = (
    KNOWS, OVER_OPTIMISATION, FRESH_SEEDS, SFT_WALL, SFT_ON_CHOSEN, ACCURACY, NOISE_CHAIN, BIASED, REFRESH, OVERTRAINED,
    ITERATIVE, DRIFT, CONSTITUTION, AI_LABELS, SYCOPHANCY, METHODS,
)  # fmt: skip


def effect(key: str) -> Effect:
    """The effect of that key. Raises ValueError for another."""
    for found in EFFECTS:
        if found.key == key:
            return found
    raise ValueError(f"There is no effect called “{key}”; the effects are {', '.join(e.key for e in EFFECTS)}.")
