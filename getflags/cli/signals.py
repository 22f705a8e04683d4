"""Signal handlers for SIGINT (Ctrl-C), SIGTERM, and SIGHUP (a closed terminal).

After a signal, getflags exits with code 130 (SIGINT) or 143 within three seconds, whatever servers
and the resolver do. The first signal raises ``Interrupted`` in the main thread, for an orderly end;
a second signal ends the process at once. Two cases need more than a handler. If the main thread is
blocked in C code (in the resolver), the handler cannot run, so a guard thread receives the signal,
too, and ends the process when the grace period is over. If Python discards the exception (raised in
a finalizer, for example), ``repeat_lost_signals`` raises it again.
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

_GRACE_PERIOD = 2.5  # seconds from the signal to the end of the process
_HANDLER_TIMEOUT = 0.1  # seconds until the handler should have run
_WAKE_SIGNAL = signal.SIGURG  # ignored by default, and not used otherwise
_Handler: TypeAlias = Callable[[int, FrameType | None], Any] | int | None

#: Set when the message about the interrupt was printed: from then on, only the exit is awaited.
reported = threading.Event()


class Interrupted(KeyboardInterrupt):
    """A signal has interrupted the command; ``code`` is the exit code for that signal.

    ``message`` is printed at the end. A command that catches the exception may set it.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number
        self.message = ""


@contextmanager
def handle_signals() -> Iterator[None]:
    """Handle both signals within the block. A signal that is ignored (nohup) stays ignored."""
    previous = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    reported.clear()
    wakeup_reader, wakeup_writer = socket.socketpair()
    wakeup_writer.setblocking(False)  # noqa: FBT003 - the standard library has no keyword
    handler_ran = threading.Event()
    threading.Thread(
        target=_guard, args=(wakeup_reader, handler_ran), name="getflags signals", daemon=True
    ).start()
    descriptor = signal.set_wakeup_fd(wakeup_writer.fileno(), warn_on_full_buffer=False)

    interrupts = tuple(previous)

    def install() -> None:
        for number in interrupts:
            signal.signal(number, _first_handler(wakeup_writer, handler_ran))

    previous[_WAKE_SIGNAL] = signal.signal(_WAKE_SIGNAL, lambda *_: None)
    install()
    try:
        with repeat_lost_signals(Interrupted, install):
            yield
    except Interrupted:
        raise  # the process is about to exit; until then, the guard and the handlers stay active
    except BaseException:
        _restore(previous, descriptor, wakeup_writer)
        raise
    _restore(previous, descriptor, wakeup_writer)


@contextmanager
def hangup_as_sigterm() -> Iterator[None]:
    """Handle SIGHUP (a closed terminal) like SIGTERM within the block, so that it can clean up.

    If SIGHUP is ignored (nohup), it stays ignored.
    """
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        yield
        return
    previous = signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, previous)


@contextmanager
def defer_signals() -> Iterator[None]:
    """Defer both signals until the end of the block, which is a short cleanup.

    The first signal takes effect at the end of the block. If it arrived before the block, a second
    one has no effect. The guard ends the process after the grace period even if the block hangs.
    """
    pending: list[int] = []
    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    deferrable = [number for number, handler in previous.items() if callable(handler)]
    for number in deferrable:
        signal.signal(number, lambda number, _: pending.append(number))
    try:
        yield
    finally:
        for number in deferrable:
            signal.signal(number, previous[number])
        first = previous[signal.Signals(pending[0])] if pending else None
        if callable(first) and first is not _second_handler:
            first(pending[0], None)


def ignore() -> None:
    """Ignore SIGINT and SIGTERM from now on, because the exit code is already decided.

    Python restores the default handlers early in its shutdown, and a second signal would then kill
    the process.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _restore(
    previous: Mapping[signal.Signals, _Handler], descriptor: int, wakeup_writer: socket.socket
) -> None:
    for number, handler in previous.items():
        signal.signal(number, handler)
    signal.set_wakeup_fd(descriptor)
    wakeup_writer.close()


def _guard(wakeup_reader: socket.socket, handler_ran: threading.Event) -> None:
    """End the process after a signal and the grace period; return when the block ends."""
    with wakeup_reader:
        # Python writes the number of every signal that it handles.
        while received := wakeup_reader.recv(1):
            if received[0] in {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}:
                time.sleep(_HANDLER_TIMEOUT)
                if not handler_ran.is_set():
                    _wake_main_thread()
                time.sleep(_GRACE_PERIOD - _HANDLER_TIMEOUT)
                _print_interrupted()
                os._exit(128 + received[0])


def _print_interrupted() -> None:
    """Print the message, unless it was, or standard error is a full pipe: writing would block."""
    if reported.is_set():
        return
    with suppress(OSError, ValueError):
        if select([], [2], [], 0)[1]:  # pragma: no branch - a full pipe is skipped
            os.write(2, b"getflags: interrupted\n")


def _wake_main_thread() -> None:
    """Make the main thread run the handler of a signal that has arrived.

    Python runs handlers between two bytecode instructions of the main thread. If a signal arrives
    after the last instruction before the thread waits for a lock, its handler would not run until
    the wait is over; any other signal ends the wait. The same signal must not be sent again: it
    could arrive just after the handler has run, and count as a second Ctrl-C.
    """
    signal.pthread_kill(threading.main_thread().ident or 0, _WAKE_SIGNAL)


def _first_handler(
    wakeup_writer: socket.socket, handler_ran: threading.Event
) -> Callable[[int, FrameType | None], None]:
    def handler(number: int, frame: FrameType | None) -> None:
        del frame
        handler_ran.set()
        for other in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(other) is not signal.SIG_IGN:
                signal.signal(other, _second_handler)
        # Wake the guard explicitly, because an event loop may have replaced the wakeup descriptor.
        # No thread is started here: the handler may have interrupted the start of a thread.
        wakeup_writer.send(bytes([number]))
        raise Interrupted(number)

    return handler


def _second_handler(number: int, frame: FrameType | None) -> None:
    del frame
    os._exit(128 + number)
