"""Deferred signals: exceptions of signal handlers, raised later or again so that none is lost.

Some code must not be interrupted by a handler's exception: a running event loop (its tasks would
stay half done, and uvloop does not pass the exception on) and the callbacks of a C library (pycurl
prints the exception and continues), and a file between its creation and the moment that its owner
has stored its descriptor. This module works with any handlers and installs none but
SIGTERM's, in ``exit_on_sigterm``.
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

    ``wake`` is called after an exception, on the main thread and between any two instructions: it
    should make the block end soon. Yield the list of exceptions so far. On any other thread, this
    does nothing, because Python handles signals on the main thread only.
    """
    raised: list[BaseException] = []
    before: dict[int, Callable[[int, FrameType | None], object]] = {}
    over = False

    def postpone(number: int, frame: FrameType | None) -> None:
        try:
            before[number](number, frame)
        except BaseException as effect:
            if (
                over
            ):  # a signal interrupted the end of the block, and this handler is still in place
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
    """Block SIGINT and SIGTERM while a process is started in the block.

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
    signal is therefore raised again after a moment, and at the end of the block at the latest.

    ``kind`` is the class of the exception; its ``code`` is 128 plus the signal's number.
    ``prepare`` is called before the repetition, which uses the system's timer (SIGALRM), because a
    handler cannot start a thread. No other code of the process may use that timer.
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
    """Raise SystemExit in the block at SIGTERM.

    The handler is never removed, because the block is all that the process does.
    """
    signal.signal(signal.SIGTERM, _leave)
    with repeat_lost_signals(SystemExit):
        yield


def _leave(number: int, frame: FrameType | None) -> None:
    del frame
    raise SystemExit(128 + number)
