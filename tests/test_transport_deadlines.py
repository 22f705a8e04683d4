"""The watchdog: it calls in time, in order, and never after the block has ended."""

from __future__ import annotations

import multiprocessing
import threading
from queue import SimpleQueue

import pytest

from getflags.core.errors import Exhausted
from getflags.transport.deadlines import Watchdog

PATIENCE = 10  # seconds


def test_only_a_block_that_takes_too_long_is_timed_out() -> None:
    watchdog = Watchdog()
    called: SimpleQueue[str] = SimpleQueue()
    with (
        watchdog.limit(PATIENCE, lambda: called.put("late")),
        watchdog.limit(0.05, lambda: called.put("soon")),
    ):
        assert called.get(timeout=PATIENCE) == "soon"
    with watchdog.limit(0.05, lambda: called.put("again")):
        assert called.get(timeout=PATIENCE) == "again"
    assert called.empty()


def test_one_thread_serves_all_and_only_when_it_is_needed() -> None:
    before = threading.active_count()
    watchdog = Watchdog()
    assert threading.active_count() == before
    for _ in range(5):
        with watchdog.limit(PATIENCE, lambda: None):
            assert threading.active_count() == before + 1


def test_nothing_is_called_after_the_block_has_ended() -> None:
    watchdog = Watchdog()
    called: SimpleQueue[str] = SimpleQueue()
    with watchdog.limit(0.05, lambda: called.put("too late")):
        pass
    with watchdog.limit(0.1, lambda: called.put("later")):
        assert called.get(timeout=PATIENCE) == "later"
    assert called.empty()


def test_where_no_thread_can_be_had_the_next_may_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    watchdog = Watchdog()
    with monkeypatch.context() as crowded:
        crowded.setattr(threading.Thread, "start", refuse)
        with pytest.raises(Exhausted), watchdog.limit(PATIENCE, lambda: None):
            pass
    _wait_for(watchdog)


def test_a_forked_process_has_a_watchdog_of_its_own() -> None:
    watchdog = Watchdog()
    calling, done = threading.Event(), threading.Event()

    def on_timeout() -> None:
        calling.set()
        done.wait(PATIENCE)

    with watchdog.limit(0, on_timeout):
        assert calling.wait(PATIENCE)  # the watchdog holds its lock now, which the child inherits
        child = multiprocessing.get_context("fork").Process(target=_wait_for, args=(watchdog,))
        child.start()
        done.set()
    child.join(PATIENCE)
    child.kill()
    assert child.exitcode == 0


def _wait_for(watchdog: Watchdog) -> None:
    called = threading.Event()
    with watchdog.limit(0.05, called.set):
        assert called.wait(PATIENCE)
