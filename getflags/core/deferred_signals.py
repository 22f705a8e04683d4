"""Deferred signals: an exception of a handler is raised later, or again if Python discarded it.

Some code must not be interrupted by a handler's exception: a running event loop (its tasks would be
left half done, and uvloop does not pass the exception on), the callbacks of a C library (pycurl
prints the exception and continues), and the creation of a file until its descriptor has been
stored. This module works with any handlers; the only one that it installs is for SIGTERM, in
``exit_on_sigterm``.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_REDELIVERY_DELAY = 0.05  # seconds


@contextmanager
def signals_deferred(wake: Callable[[], object]) -> Iterator[list[BaseException]]:
    """Defer the exceptions of the SIGINT and SIGTERM handlers to the end of the block.

    ``wake`` is called after an exception, on the main thread and between any two instructions; it
    should make the block end soon. Yield the list of exceptions so far. On any other thread,
    signals are not deferred, because Python handles signals on the main thread only.
    """
    raised: list[BaseException] = []
    before: dict[int, Callable[[int, FrameType | None], object]] = {}
    over = False

    def postpone(number: int, frame: FrameType | None) -> None:
        try:
            before[number](number, frame)
        except BaseException as effect:
            if over:  # a signal interrupted the end of the block, before the handler was removed
                raise
            raised.append(effect)
            wake()

    try:
        if threading.current_thread() is threading.main_thread():
            for number in (int(signal.SIGINT), int(signal.SIGTERM)):
                handler = signal.getsignal(number)
                if callable(handler):
                    before[number] = handler
                    signal.signal(number, postpone)
        yield raised
    finally:
        try:
            for number, handler in before.items():
                if signal.getsignal(number) is postpone:  # unless the handler has replaced itself
                    signal.signal(number, handler)
        finally:
            over = True
        if raised:
            raise raised[0]


@contextmanager
def signals_blocked() -> Iterator[None]:
    """Block SIGINT and SIGTERM during a block that starts a process.

    Without this, a signal could arrive before the parent has stored the new process, or reach the
    child before it is ready. The child must call ``unblock_signals``.
    """
    with signals_deferred(lambda: None):
        before = _mask(signal.SIG_BLOCK)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def unblock_signals() -> None:
    """Unblock the signals in a process that was started within ``signals_blocked``."""
    _mask(signal.SIG_UNBLOCK)


def _mask(how: int) -> set[int | signal.Signals]:
    return signal.pthread_sigmask(how, {signal.SIGINT, signal.SIGTERM})


@contextmanager
def repeat_lost_signals(
    kind: type[BaseException], prepare: Callable[[], object] = lambda: None
) -> Iterator[None]:
    """Repeat a signal in the block if Python has lost the exception that its handler raised.

    A handler runs between any two instructions of the main thread. If it raises in a destructor, a
    weakref callback or a generator that is being finalized, Python only prints the exception. The
    signal is therefore raised again shortly afterwards, at the latest at the end of the block.

    ``kind`` is the class of the exception; its ``code`` is 128 plus the signal's number.
    ``prepare`` is called before the repetition, which uses the system's timer (SIGALRM), because a
    handler cannot start a thread. No other code in the process may use that timer.
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
        signal.setitimer(signal.ITIMER_REAL, _REDELIVERY_DELAY)

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
def exit_on_sigterm() -> Iterator[None]:
    """Raise SystemExit in the block on SIGTERM.

    The handler is never removed, because the process does nothing after the block.
    """
    signal.signal(signal.SIGTERM, _leave)
    with repeat_lost_signals(SystemExit):
        yield


def _leave(number: int, frame: FrameType | None) -> None:
    del frame
    raise SystemExit(128 + number)
