"""A run is computed as far as somebody has looked, never twice, also when several ask at once."""

import threading
import time

from core.stages.trajectory import Trajectory


class Counted:
    """A source that notes how often it was asked, and whether two threads were inside at once."""

    def __init__(self, length):
        self.length, self.made, self.inside, self.clashes = length, 0, 0, 0

    def __iter__(self):
        return self

    def __next__(self):
        self.inside += 1
        self.clashes += self.inside > 1
        time.sleep(0.001)
        self.inside -= 1
        if self.made == self.length:
            raise StopIteration
        self.made += 1
        return self.made


def test_nothing_is_computed_before_it_is_asked_for():
    source = Counted(10)
    run = Trajectory(source)
    assert source.made == run.computed == 0
    assert run.upto(3) == (1, 2, 3)
    assert source.made == run.computed == 3


def test_what_was_computed_is_kept():
    source = Counted(10)
    run = Trajectory(source)
    first = run.upto(5)
    assert run.upto(2) == first[:2]
    assert run.upto(5) == first
    assert source.made == 5


def test_a_run_that_ends_by_itself_gives_what_there_is_and_says_so():
    source = Counted(4)
    run = Trajectory(source)
    assert not run.ended
    assert run.upto(60) == (1, 2, 3, 4)
    assert run.ended
    assert run.upto(60) == (1, 2, 3, 4)
    assert source.made == 4


def test_threads_that_ask_at_once_get_the_same_steps_and_none_is_made_twice():
    source = Counted(1000)
    run = Trajectory(source)
    answers = {}
    threads = [threading.Thread(target=lambda n=n: answers.update({n: run.upto(n)})) for n in range(5, 45, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answers[n] == tuple(range(1, n + 1)) for n in range(5, 45, 5))
    assert source.made == 40
    assert source.clashes == 0


def test_asking_for_nothing_gives_nothing():
    assert Trajectory(Counted(3)).upto(0) == ()
