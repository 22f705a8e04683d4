"""Views are redrawn by time, and not after their end."""

from __future__ import annotations

import os
import threading

import pytest

from getflags.core.events import Event, Finished
from getflags.core.models import Outcome, Status, Target
from getflags.output import redraw
from getflags.output.redraw import redrawn

EVENT = Finished(Outcome(Target(0, "w", "w", "http://h/f", "d", "f"), Status.OK))


class Recorder:
    """A view that records what happens to it."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.redrawn = threading.Semaphore(0)

    def read(self, event: Event) -> None:
        """Record an event."""
        self.calls.append(type(event).__name__)

    def redraw(self) -> None:
        """Record a redraw."""
        self.calls.append("redraw")
        self.redrawn.release()

    def close(self) -> None:
        """Record the end."""
        self.calls.append("close")


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redraw, "INTERVAL", 0.001)


def test_a_view_is_redrawn_while_no_event_arrives() -> None:
    view = Recorder()
    with redrawn(view) as handle:
        handle(EVENT)
        for _ in range(3):
            assert view.redrawn.acquire(timeout=10)
    assert sorted(set(view.calls)) == ["Finished", "close", "redraw"]
    assert view.calls[-1] == "close"


def test_a_view_is_not_redrawn_while_it_handles_an_event() -> None:
    view = Recorder()
    with redrawn(view):
        assert view.redrawn.acquire(timeout=10)
        with redraw._lock:
            before = len(view.calls)
            threading.Event().wait(0.02)
            assert len(view.calls) == before
        assert view.redrawn.acquire(timeout=10)


def test_a_view_is_closed_when_the_run_is_interrupted() -> None:
    view = Recorder()
    with pytest.raises(KeyboardInterrupt), redrawn(view):
        raise KeyboardInterrupt
    assert view.calls[-1] == "close"


def test_a_view_works_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    view = Recorder()
    with redrawn(view) as handle:
        handle(EVENT)
    assert view.calls == ["Finished", "close"]


class Slow(Recorder):
    """A view that is still being drawn when the test continues."""

    def redraw(self) -> None:
        """Take some time."""
        super().redraw()
        threading.Event().wait(0.05)


def test_a_process_that_is_forked_can_use_the_lock() -> None:
    """The fork waits for the end of a drawing: the child has no thread that would unlock."""
    view = Slow()
    with redrawn(view):
        assert view.redrawn.acquire(timeout=10)
        child = os.fork()
        if not child:
            os._exit(0 if redraw._lock.acquire(timeout=1) else 1)
        assert os.waitpid(child, 0)[1] == 0
