"""An alarm clock for threads: in time, in order, and never too late."""

from __future__ import annotations

import multiprocessing
import threading
from queue import SimpleQueue

import pytest

from getflags.core.errors import Exhausted
from getflags.transport.deadlines import Watchdog

MAX_RETRY_AFTER = 10  # seconds


def test_who_takes_too_long_is_barked_at_and_nobody_else() -> None:
    dog = Watchdog()
    barks: SimpleQueue[str] = SimpleQueue()
    with (
        dog.limit(MAX_RETRY_AFTER, lambda: barks.put("late")),
        dog.limit(0.05, lambda: barks.put("soon")),
    ):
        assert barks.get(timeout=MAX_RETRY_AFTER) == "soon"
    with dog.limit(0.05, lambda: barks.put("again")):
        assert barks.get(timeout=MAX_RETRY_AFTER) == "again"
    assert barks.empty()


def test_one_thread_serves_all_and_only_when_it_is_needed() -> None:
    before = threading.active_count()
    dog = Watchdog()
    assert threading.active_count() == before
    for _ in range(5):
        with dog.limit(MAX_RETRY_AFTER, lambda: None):
            assert threading.active_count() == before + 1


def test_nobody_is_barked_at_after_leaving() -> None:
    dog = Watchdog()
    barks: SimpleQueue[str] = SimpleQueue()
    with dog.limit(0.05, lambda: barks.put("too late")):
        pass
    with dog.limit(0.1, lambda: barks.put("later")):
        assert barks.get(timeout=MAX_RETRY_AFTER) == "later"
    assert barks.empty()


def test_where_no_thread_can_be_had_the_next_may_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    dog = Watchdog()
    with monkeypatch.context() as crowded:
        crowded.setattr(threading.Thread, "start", refuse)
        with pytest.raises(Exhausted), dog.limit(MAX_RETRY_AFTER, lambda: None):
            pass
    _wait_for(dog)


def test_a_process_that_was_forked_has_a_dog_of_its_own() -> None:
    dog = Watchdog()
    barking, quiet = threading.Event(), threading.Event()

    def bark() -> None:
        barking.set()
        quiet.wait(MAX_RETRY_AFTER)

    with dog.limit(0, bark):
        assert barking.wait(
            MAX_RETRY_AFTER
        )  # the dog has its lock now, of which the child gets a copy
        child = multiprocessing.get_context("fork").Process(target=_wait_for, args=(dog,))
        child.start()
        quiet.set()
    child.join(MAX_RETRY_AFTER)
    child.kill()
    assert child.exitcode == 0


def _wait_for(dog: Watchdog) -> None:
    barked = threading.Event()
    with dog.limit(0.05, barked.set):
        assert barked.wait(MAX_RETRY_AFTER)
