"""Signals put off: their handlers run at once, what they raise waits until it can be raised safely.

For stretches in which an exception out of nowhere would do harm: a running event loop (tasks left
half done, and uvloop doesn't even let it through) and a C library's callbacks (pycurl prints it and
goes on). Which handlers there are is none of this room's business.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


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
