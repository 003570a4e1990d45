"""The training queue of the process: a few live runs at most, everybody else sees their place.

A run is any generator of records. Two readers who ask for the same key share one run; a finished run is kept, so that a
room on the same settings trains once. A reader who stops asking (a closed tab) is forgotten after a while, and a run
without readers is stopped. Knows nothing of any screen.
"""

from __future__ import annotations

import logging
import pickle
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import torch

Start = Callable[[], Iterator[Any]]


class Phase(StrEnum):
    """Where a run stands."""

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class Status:
    """What a reader sees: the `place` in the queue while waiting (1 is next), and a sentence if the run failed."""

    phase: Phase
    place: int | None
    n_records: int
    sentence: str | None = None

    @property
    def over(self) -> bool:
        """Whether no further record will come."""
        return self.phase in (Phase.FINISHED, Phase.STOPPED, Phase.FAILED)


@dataclass(eq=False)
class _Run:
    key: str
    start: Start
    phase: Phase = Phase.WAITING
    records: list[Any] = field(default_factory=list)
    n_bytes: int = 0
    sentence: str | None = None
    readers: dict[Ticket, float] = field(default_factory=dict)  # reader -> when it last asked


class Ticket:
    """One reader's hold on a run. Ask `status` regularly; a ticket that is not asked for a while is forgotten."""

    def __init__(self, queue: TrainingQueue, run: _Run) -> None:
        self._queue, self._run = queue, run
        self._left_at: int | None = None  # number of records when this reader pressed stop

    @property
    def key(self) -> str:
        """The key of the run."""
        return self._run.key

    def status(self) -> Status:
        """Where the run stands now. Asking keeps the ticket alive."""
        if self._left_at is not None:
            return Status(Phase.STOPPED, None, self._left_at)
        return self._queue._status(self, self._run)

    def records(self, first: int = 0) -> list[Any]:
        """The records from number `first` (from 0) that exist by now. Asking keeps the ticket alive."""
        n = self.status().n_records
        return self._run.records[first:n]

    def stop(self) -> None:
        """Give the run up. It goes on if somebody else reads it; otherwise it stops after its present step."""
        if not self.status().over:
            self._left_at = self._queue._leave(self, self._run)


class TrainingQueue:
    """Admits `max_live` runs at a time, first come first served, each in a thread of its own with one torch thread.

    Args:
        max_live: runs that train at the same time.
        max_kept: finished runs that are kept, the least recently used going first.
        max_kept_bytes: and how large they may be together.
        patience: seconds after which a reader that does not ask is forgotten.
        clock: for tests.
    """

    def __init__(
        self,
        max_live: int = 2,
        max_kept: int = 24,
        max_kept_bytes: int = 80_000_000,
        patience: float = 20.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if max_live < 1 or max_kept < 0 or max_kept_bytes < 0 or not patience > 0:
            raise ValueError("A training queue needs at least one live run, and no negative limits.")
        self._max_live, self._max_kept, self._max_bytes = max_live, max_kept, max_kept_bytes
        self._patience, self._clock = patience, clock
        self._lock = threading.RLock()
        self._waiting: list[_Run] = []
        self._live: list[_Run] = []
        self._kept: OrderedDict[str, _Run] = OrderedDict()

    def submit(self, key: str, start: Start) -> Ticket:
        """Ask for the run with this key. `start` makes its generator; it is called only if the run is not there yet."""
        with self._lock:
            self._forget_the_absent()
            run = self._kept.get(key)
            if run is not None:
                self._kept.move_to_end(key)
            else:
                run = next((r for r in (*self._live, *self._waiting) if r.key == key and r.readers), None)
            if run is None:
                run = _Run(key, start)
                self._waiting.append(run)
            ticket = Ticket(self, run)
            run.readers[ticket] = self._clock()
            self._admit()
            return ticket

    def kept(self, key: str) -> bool:
        """Whether a finished run with this key is there."""
        with self._lock:
            return key in self._kept

    def counts(self) -> tuple[int, int]:
        """Live runs and waiting runs."""
        with self._lock:
            self._forget_the_absent()
            self._admit()
            return len(self._live), len(self._waiting)

    def _status(self, ticket: Ticket, run: _Run) -> Status:
        with self._lock:
            # A ticket that was forgotten meanwhile is taken back if somebody else has kept the run alive.
            if run.readers:
                run.readers[ticket] = self._clock()
            self._forget_the_absent()
            self._admit()
            place = self._waiting.index(run) + 1 if run in self._waiting else None
            return Status(run.phase, place, len(run.records), run.sentence)

    def _leave(self, ticket: Ticket, run: _Run) -> int:
        """Take the reader off the run. Returns how many records there are at that moment."""
        with self._lock:
            run.readers.pop(ticket, None)
            self._forget_the_absent()
            self._admit()
            return len(run.records)

    def _forget_the_absent(self) -> None:
        """Drop readers that have not asked for too long, and waiting runs without readers. Called under the lock."""
        latest = self._clock() - self._patience
        for run in (*self._live, *self._waiting):
            for ticket in [t for t, asked in run.readers.items() if asked < latest]:
                del run.readers[ticket]
        for run in [r for r in self._waiting if not r.readers]:
            self._waiting.remove(run)
            run.phase = Phase.STOPPED

    def _admit(self) -> None:
        """Start waiting runs while there is room. Called under the lock."""
        while self._waiting and len(self._live) < self._max_live:
            run = self._waiting.pop(0)
            run.phase = Phase.RUNNING
            self._live.append(run)
            threading.Thread(target=self._work, args=(run,), name=f"run-{run.key}", daemon=True).start()

    def _work(self, run: _Run) -> None:
        torch.set_num_threads(1)
        phase, sentence = Phase.FINISHED, None
        records: Iterator[Any] | None = None
        try:
            records = run.start()
            for record in records:
                size = len(pickle.dumps(record, pickle.HIGHEST_PROTOCOL))
                with self._lock:
                    run.records.append(record)
                    run.n_bytes += size
                    self._forget_the_absent()
                    if not run.readers:
                        phase = Phase.STOPPED
                        break
        except ValueError as error:
            phase, sentence = Phase.FAILED, str(error)
        except Exception:
            logging.getLogger(__name__).exception("A run failed.")
            phase, sentence = Phase.FAILED, "The run ended by a fault of the program; the log has the details."
        finally:
            close = getattr(records, "close", None)
            if close is not None:
                close()
            with self._lock:
                run.phase, run.sentence = phase, sentence
                self._live.remove(run)
                if phase is Phase.FINISHED:
                    self._keep(run)
                self._forget_the_absent()
                self._admit()

    def _keep(self, run: _Run) -> None:
        """Keep a finished run, and let the least recently used ones go. Called under the lock."""
        run.readers.clear()
        self._kept[run.key] = run
        while self._kept and (
            len(self._kept) > self._max_kept or sum(r.n_bytes for r in self._kept.values()) > self._max_bytes
        ):
            self._kept.popitem(last=False)
