"""The training queue, with generators that take a step only when the test lets them."""

import threading
import time

import pytest

from core.stages.queue import Phase, TrainingQueue


class Steps:
    """A run of `n` records; each one waits for `allow`. Counts how often it was started and whether it was closed."""

    def __init__(self, n: int, free: bool = False, size: int = 0) -> None:
        self.n, self.gate, self.free, self.size = n, threading.Semaphore(0), free, size
        self.started, self.closed = 0, threading.Event()

    def allow(self, n: int = 1) -> None:
        self.gate.release(n)

    def __call__(self):
        self.started += 1
        return self._records()

    def _records(self):
        try:
            for step in range(self.n):
                if not self.free:
                    self.gate.acquire()
                yield (step, b"x" * self.size)
        finally:
            self.closed.set()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def until(condition, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def finish(ticket) -> None:
    until(lambda: ticket.status().over)


def test_two_live_runs_and_the_others_see_their_place():
    queue, runs = TrainingQueue(max_live=2), [Steps(1) for _ in range(4)]
    tickets = [queue.submit(str(i), run) for i, run in enumerate(runs)]
    assert [t.status().phase for t in tickets] == [Phase.RUNNING, Phase.RUNNING, Phase.WAITING, Phase.WAITING]
    assert [t.status().place for t in tickets] == [None, None, 1, 2]
    assert queue.counts() == (2, 2)
    runs[1].allow()
    finish(tickets[1])
    until(lambda: tickets[2].status().phase is Phase.RUNNING)
    assert tickets[3].status().place == 1
    for run in runs:
        run.allow()
    for ticket in tickets:
        finish(ticket)
    assert [t.status().phase for t in tickets] == [Phase.FINISHED] * 4
    assert queue.counts() == (0, 0)


def test_records_arrive_one_by_one():
    queue, run = TrainingQueue(), Steps(3)
    ticket = queue.submit("a", run)
    assert ticket.records() == []
    run.allow()
    until(lambda: ticket.status().n_records == 1)
    run.allow(2)
    finish(ticket)
    assert [record[0] for record in ticket.records()] == [0, 1, 2]
    assert [record[0] for record in ticket.records(2)] == [2]


def test_same_key_is_one_run_with_two_readers():
    queue, run = TrainingQueue(), Steps(2)
    first, second = queue.submit("a", run), queue.submit("a", run)
    run.allow(2)
    finish(first)
    finish(second)
    assert run.started == 1
    assert first.records() == second.records()


def test_finished_run_is_kept_and_not_started_again():
    queue, run = TrainingQueue(), Steps(2, free=True)
    finish(queue.submit("a", run))
    assert queue.kept("a")
    again = queue.submit("a", run)
    assert again.status().phase is Phase.FINISHED
    assert len(again.records()) == 2
    assert run.started == 1


def test_kept_runs_are_limited_in_number_and_the_least_used_goes():
    queue = TrainingQueue(max_kept=2)
    for key in "ab":
        finish(queue.submit(key, Steps(1, free=True)))
    queue.submit("a", Steps(1, free=True))  # used again, so b goes first
    finish(queue.submit("c", Steps(1, free=True)))
    assert [queue.kept(key) for key in "abc"] == [True, False, True]


def test_kept_runs_are_limited_in_size():
    queue = TrainingQueue(max_kept_bytes=25_000)
    for key in "abc":
        finish(queue.submit(key, Steps(1, free=True, size=10_000)))
    assert [queue.kept(key) for key in "abc"] == [False, True, True]


def test_stop_frees_the_place():
    queue, runs = TrainingQueue(max_live=1), [Steps(100), Steps(1)]
    first, second = queue.submit("a", runs[0]), queue.submit("b", runs[1])
    runs[0].allow(3)
    until(lambda: first.status().n_records == 3)
    first.stop()
    assert first.status().phase is Phase.STOPPED
    assert len(first.records()) == 3
    runs[0].allow()  # the step under way is finished, and then the run ends
    assert runs[0].closed.wait(5)
    until(lambda: second.status().phase is Phase.RUNNING)
    assert not queue.kept("a")
    runs[1].allow()
    finish(second)


def test_stop_by_one_of_two_readers_leaves_the_run_to_the_other():
    queue, run = TrainingQueue(), Steps(3)
    first, second = queue.submit("a", run), queue.submit("a", run)
    first.stop()
    run.allow(3)
    finish(second)
    assert second.status().phase is Phase.FINISHED
    assert first.status().phase is Phase.STOPPED
    assert len(second.records()) == 3


def test_a_stopped_waiting_run_never_starts():
    queue, runs = TrainingQueue(max_live=1), [Steps(1), Steps(1), Steps(1)]
    tickets = [queue.submit(str(i), run) for i, run in enumerate(runs)]
    tickets[1].stop()
    assert tickets[2].status().place == 1
    for run in runs:
        run.allow()
    finish(tickets[2])
    assert runs[1].started == 0


def test_closed_tab_loses_its_place_in_the_queue():
    clock = Clock()
    queue, runs = TrainingQueue(max_live=1, patience=10, clock=clock), [Steps(1), Steps(1), Steps(1)]
    tickets = [queue.submit(str(i), run) for i, run in enumerate(runs)]
    clock.now = 8
    tickets[0].status(), tickets[2].status()
    clock.now = 12  # the second has not asked for 12 seconds
    assert tickets[2].status().place == 1
    assert tickets[1].status().phase is Phase.STOPPED
    for run in runs:
        run.allow()
    finish(tickets[2])
    assert runs[1].started == 0


def test_closed_tab_stops_its_live_run():
    clock = Clock()
    queue, run = TrainingQueue(patience=10, clock=clock), Steps(100)
    ticket = queue.submit("a", run)
    run.allow()
    until(lambda: ticket.status().n_records == 1)
    clock.now = 11
    run.allow()
    assert run.closed.wait(5)
    until(lambda: queue.counts() == (0, 0))
    assert ticket.status().phase is Phase.STOPPED


def test_asking_keeps_a_ticket_alive():
    clock = Clock()
    queue, run = TrainingQueue(patience=10, clock=clock), Steps(5)
    ticket = queue.submit("a", run)
    for step in range(5):
        clock.now += 8
        ticket.status()
        run.allow()
        until(lambda step=step: len(ticket.records()) == step + 1)
    finish(ticket)
    assert ticket.status().phase is Phase.FINISHED


def test_bad_settings_end_in_their_sentence():
    def impossible():
        raise ValueError("There is nothing to imitate.")
        yield

    queue = TrainingQueue()
    ticket = queue.submit("a", impossible)
    finish(ticket)
    assert ticket.status().phase is Phase.FAILED
    assert ticket.status().sentence == "There is nothing to imitate."
    assert not queue.kept("a")


def test_a_fault_does_not_block_the_queue(caplog):
    def faulty():
        yield 1
        raise KeyError("fault")

    queue = TrainingQueue(max_live=1)
    ticket, after = queue.submit("a", faulty), queue.submit("b", Steps(1, free=True))
    finish(ticket)
    finish(after)
    assert ticket.status().phase is Phase.FAILED
    assert "fault of the program" in ticket.status().sentence
    assert after.status().phase is Phase.FINISHED


def test_many_readers_in_threads():
    queue, runs = TrainingQueue(max_live=2), {str(i): Steps(20, free=True) for i in range(5)}
    results = []

    def reader(key: str) -> None:
        ticket = queue.submit(key, runs[key])
        finish(ticket)
        results.append((key, len(ticket.records())))

    threads = [threading.Thread(target=reader, args=(str(i % 5),)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(results) == sorted((str(i % 5), 20) for i in range(20))
    assert all(run.started == 1 for run in runs.values())


@pytest.mark.parametrize("settings", [{"max_live": 0}, {"max_kept": -1}, {"patience": 0}, {"patience": float("nan")}])
def test_impossible_settings(settings):
    with pytest.raises(ValueError, match="training queue"):
        TrainingQueue(**settings)
