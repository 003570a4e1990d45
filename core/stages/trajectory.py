"""A run that is computed as far as somebody has looked, and never twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

Step = TypeVar("Step")


class Trajectory(Generic[Step]):
    """Steps of a generator, kept. Safe to share between threads: whoever asks for more computes it, others wait for it."""

    def __init__(self, steps: Iterator[Step]) -> None:
        self._source = steps
        self._steps: list[Step] = []
        self._ended = False
        self._lock = threading.Lock()

    def upto(self, n: int) -> tuple[Step, ...]:
        """The first `n` steps; fewer only if the run ended by itself."""
        if len(self._steps) < n and not self._ended:
            with self._lock:
                while len(self._steps) < n and not self._ended:
                    step = next(self._source, None)
                    if step is None:
                        self._ended = True
                    else:
                        self._steps.append(step)
        return tuple(self._steps[:n])

    @property
    def computed(self) -> int:
        """How many steps exist already."""
        return len(self._steps)

    @property
    def ended(self) -> bool:
        """Whether the run ended by itself."""
        return self._ended
