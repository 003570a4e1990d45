"""Results that a room shares: kept up to a number, and computed once however many ask for the same at the same time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class Shared(Generic[Kept]):
    """The `most` least recently forgotten results by key. Safe to share between threads.

    The first to ask computes; whoever asks meanwhile waits for that one. A computation that raises is not kept: each of
    those who waited then tries for itself.
    """

    def __init__(self, most: int) -> None:
        if most < 1:
            raise ValueError("A cache must have room for one result at least.")
        self._most = most
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._making: dict[Hashable, threading.Event] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """The result of a key; `make` computes it where it is not there."""
        while True:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
                others = self._making.get(key)
                if others is None:
                    done = self._making[key] = threading.Event()
            if others is not None:
                others.wait()
                continue
            try:
                found = make()
                with self._lock:
                    self._kept[key] = found
                    while len(self._kept) > self._most:
                        self._kept.popitem(last=False)
                return found
            finally:
                with self._lock:
                    del self._making[key]
                done.set()

    def __contains__(self, key: Hashable) -> bool:
        """Whether the result is there, so that `get` answers at once."""
        with self._lock:
            return key in self._kept

    def clear(self) -> None:
        """Forget everything that is kept."""
        with self._lock:
            self._kept.clear()
