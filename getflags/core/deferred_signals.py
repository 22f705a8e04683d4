"""Signals put off, and none lost: what a handler raises is raised where it can be, and will be.

For stretches in which an exception out of nowhere would do harm: a running event loop (tasks left
half done, and uvloop doesn't even let it through) and a C library's callbacks (pycurl prints it and
goes on). Which handlers there are is none of this room's business.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_MOMENT = 0.05  # seconds


@contextmanager
def postponed(wake: Callable[[], object]) -> Iterator[list[BaseException]]:
    """Put off what the handlers of SIGINT and SIGTERM raise until the block's end.

    ``wake`` is called when something was raised, on the main thread and in the midst of anything:
    it should make the block end soon. Yields what was raised so far. On other threads, where no
    signal is ever handled, it does nothing.
    """
    raised: list[BaseException] = []
    before: dict[int, Callable[[int, FrameType | None], object]] = {}

    def postpone(number: int, frame: FrameType | None) -> None:
        try:
            before[number](number, frame)
        except BaseException as effect:  # noqa: BLE001 - raised again below
            raised.append(effect)
            wake()

    if threading.current_thread() is threading.main_thread():
        for number in (int(signal.SIGINT), int(signal.SIGTERM)):
            handler = signal.getsignal(number)
            if callable(handler):
                before[number] = handler
                signal.signal(number, postpone)
    try:
        yield raised
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is postpone:  # else the handler has put another in place
                signal.signal(number, handler)
        if raised:
            raise raised[0]


@contextmanager
def blocked() -> Iterator[None]:
    """Start a process in the block: no signal comes between it and our knowing of it.

    Nor does one come to the process while it is half made; it has to call ``unblock``.
    """
    with postponed(lambda: None):
        before = _mask(signal.SIG_BLOCK)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def unblock() -> None:
    """Let signals come to a process that was started in a block of ``blocked``."""
    _mask(signal.SIG_UNBLOCK)


def _mask(how: int) -> set[int | signal.Signals]:
    return signal.pthread_sigmask(how, {signal.SIGINT, signal.SIGTERM})


@contextmanager
def never_lost(
    kind: type[BaseException], prepare: Callable[[], object] = lambda: None
) -> Iterator[None]:
    """Raise in the block what a signal's handler has raised, once more where Python loses it.

    A handler runs between any two instructions of the main thread. In a destructor, a weakref's
    callback or a generator that is finalized, Python only prints what is raised, and goes on. So
    the signal comes again in a moment, when the main thread is elsewhere; or what was lost is
    raised at the block's end, if that is sooner.

    ``kind`` has a ``code``: 128 and the signal's number. ``prepare`` is called before the signal
    comes again. The system's timer brings it, for no thread can be begun where a handler runs; so
    this is for a process of our own, where nobody else uses that timer.
    """
    lost: list[Any] = []
    before = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        if not isinstance(unraisable.exc_value, kind):
            before(unraisable)
            return
        lost.append(unraisable.exc_value)
        prepare()
        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, _MOMENT)

    def ring(*_: object) -> None:
        number = lost[0].code - 128
        lost.clear()
        signal.raise_signal(number)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before
        if lost:
            signal.setitimer(signal.ITIMER_REAL, 0)
    if lost:
        raise lost[0]


@contextmanager
def leaving() -> Iterator[None]:
    """Leave the block at SIGTERM, by SystemExit.

    The block is all that this process does, so the handler stays until its end.
    """
    signal.signal(signal.SIGTERM, _leave)
    with never_lost(SystemExit):
        yield


def _leave(number: int, frame: FrameType | None) -> None:
    del frame
    raise SystemExit(128 + number)
