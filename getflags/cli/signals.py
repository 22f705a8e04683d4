"""Ctrl-C and SIGTERM: an exception first, and the end of the process soon after.

The promise is 130 or 143 within three seconds, whatever the servers and the resolver do. So the
first signal raises ``Interrupted`` where the main thread is, for an orderly end, and the process
ends after a while in any case; a second signal ends it at once. The main thread may be where no
Python runs (in the resolver), so a thread of its own hears of the signal too, and waits. And it may
be where Python loses what is raised, so ``repeat_lost_signals`` sees to it that it is raised again.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from select import select
from types import FrameType
from typing import Any, TypeAlias

from getflags.core.deferred_signals import repeat_lost_signals

_PATIENCE = 2.5  # seconds
_MOMENT = 0.1  # seconds
_Handler: TypeAlias = Callable[[int, FrameType | None], Any] | int | None


class Interrupted(KeyboardInterrupt):
    """A signal came; ``code`` is the exit code that a shell expects of it.

    ``told`` is what to say of it, where somebody on its way knows more than the fact.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number
        self.told = ""


@contextmanager
def handled() -> Iterator[None]:
    """Handle both signals within the block. One that was ignored (nohup) stays ignored."""
    before = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    hears, tells = socket.socketpair()
    tells.setblocking(False)  # noqa: FBT003 - the standard library's form
    heeded = threading.Event()
    threading.Thread(target=_guard, args=(hears, heeded), name="signals", daemon=True).start()
    descriptor = signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False)

    def listen() -> None:
        for number in before:
            signal.signal(number, _first(tells, heeded))

    listen()
    try:
        with repeat_lost_signals(Interrupted, listen):
            yield
    except Interrupted:
        raise  # the process is about to end; until then, guard and second signal stay in force
    except BaseException:
        _restore(before, descriptor, tells)
        raise
    _restore(before, descriptor, tells)


@contextmanager
def hung_up() -> Iterator[None]:
    """Take the end of the terminal for SIGTERM within the block, which has much to tidy up.

    Where it was ignored (nohup), it still is.
    """
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        yield
        return
    before = signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@contextmanager
def put_off() -> Iterator[None]:
    """Let no signal disturb the block, which tidies up and is quick about it.

    The first has its effect at the end. If it has come before, a second one has none any more; the
    guard ends the process when its time is over, whatever holds the block.
    """
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    minded = [number for number, handler in before.items() if callable(handler)]
    for number in minded:
        signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number in minded:
            signal.signal(number, before[number])
        first = before[signal.Signals(came[0])] if came else None
        if callable(first) and first is not _second:
            first(came[0], None)


def _restore(
    before: Mapping[signal.Signals, _Handler], descriptor: int, tells: socket.socket
) -> None:
    for number, handler in before.items():
        signal.signal(number, handler)
    signal.set_wakeup_fd(descriptor)
    tells.close()


def _guard(hears: socket.socket, heeded: threading.Event) -> None:
    """End the process some time after a signal; end with the block where none comes."""
    with hears:
        while heard := hears.recv(1):  # every signal that Python handles is told here
            if heard[0] in {signal.SIGINT, signal.SIGTERM}:
                time.sleep(_MOMENT)
                if not heeded.is_set():
                    _wake_main_thread(heard[0])
                time.sleep(_PATIENCE - _MOMENT)
                _say_so()
                os._exit(128 + heard[0])


def _say_so() -> None:
    """Tell of the end, unless that would take time: a pipe that nobody empties takes for ever."""
    with suppress(OSError, ValueError):
        if select([], [2], [], 0)[1]:  # pragma: no branch - a full pipe holds nobody up
            os.write(2, b"getflags: interrupted\n")


def _wake_main_thread(number: int) -> None:
    """Signal once more.

    Python runs a handler between two instructions of the main thread. A signal that comes after
    the last of them, when the thread is about to wait for a lock, goes unheeded while it waits.
    """
    signal.pthread_kill(threading.main_thread().ident or 0, number)


def _first(
    tells: socket.socket, heeded: threading.Event
) -> Callable[[int, FrameType | None], None]:
    def handler(number: int, frame: FrameType | None) -> None:
        del frame
        heeded.set()
        for other in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(other) is not signal.SIG_IGN:
                signal.signal(other, _second)
        # Once more, for an event loop may have the guard's descriptor. No thread is begun here:
        # the main thread may be in the midst of anything, beginning a thread included.
        tells.send(bytes([number]))
        raise Interrupted(number)

    return handler


def _second(number: int, frame: FrameType | None) -> None:
    del frame
    os._exit(128 + number)
