"""The policy of a lesson-5 walk: the base model after so many of its gradient steps, and what it holds of whole responses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from core.lm_records import Diverged
from core.policies.transformer import TinyLM
from core.stages.sequences import response_logps
from core.stages.shared import Shared
from core.stages.trace_sft import TraceConfig, step_on, walk_state
from core.stages.walks import HORIZON
from core.stages.world_task import tokenizer

MAX_CODE = 500
Logps = tuple[float, ...]


@dataclass(frozen=True)
class WalkPoint:
    """A walk, and how many of its steps were taken."""

    config: TraceConfig = field(default_factory=lambda: TraceConfig(lr=0.003))
    steps: int = HORIZON

    def pack(self) -> str:
        """The point as a short text for a link."""
        settings = self.config.to_url()
        return urlencode({"steps": self.steps}) + (f"&{settings}" if settings else "")

    def words(self) -> str:
        """The point as a phrase: "after 12 steps of lesson 5's walk on “…” alone"."""
        config = self.config
        company = "alone" if not config.others else f"with {config.others} others"
        steps = "1 step" if self.steps == 1 else f"{self.steps} steps"
        return f"after {steps} of lesson 5's walk on “{config.prompt}” {company}, learning rate {config.lr:g}"


def unpack(code: str) -> WalkPoint | None:
    """What `pack` wrote; the usual walk for an empty text, None for one that cannot be read."""
    if not code:
        return WalkPoint()
    try:
        if len(code) > MAX_CODE:
            return None
        values = dict(parse_qsl(code, keep_blank_values=True))
        steps = int(values.pop("steps"))
        config = TraceConfig.from_url(urlencode(values))
    except (ValueError, KeyError):
        return None
    return WalkPoint(config, steps) if 0 <= steps <= HORIZON and config.others < 64 else None


_policies: Shared[TinyLM] = Shared(8)  # 1.6 MB each
_logps: Shared[Logps] = Shared(256)


def policy(point: WalkPoint) -> TinyLM:
    """The model at a point of a walk. It is shared: copy it before you train it. A walk that breaks down ends there."""
    return _policies.get(point, lambda: _walked(point))


def _walked(point: WalkPoint) -> TinyLM:
    state = walk_state(point.config)
    for _ in range(point.steps):
        if isinstance(next(iter(step_on(state, point.config))), Diverged):
            break
    return state.model.eval().requires_grad_(False)


def walked_logps(point: WalkPoint, prompt: str, responses: Sequence[str]) -> Logps:
    """Log-probability of each whole response to the prompt at a point of a walk, `<end>` included, in nats."""
    texts = tuple(responses)

    def measure() -> Logps:
        return tuple(response_logps(policy(point), tokenizer(), prompt, texts).double().tolist())

    return _logps.get((point, prompt, texts), measure)


def at_hand(point: WalkPoint, prompt: str, responses: Sequence[str]) -> bool:
    """Whether `walked_logps` answers at once."""
    return (point, prompt, tuple(responses)) in _logps or point in _policies
