"""Ctrl-C and SIGTERM: an exception first, and the end of the process soon after.

The promise is 130 or 143 within three seconds, whatever the servers and the resolver do. So the
first signal raises ``Interrupted`` where the main thread is, for an orderly end, and starts a
timer that ends the process in any case; a second signal ends it at once.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeAlias

_PATIENCE = 2.5  # seconds
_Handler: TypeAlias = Callable[[int, FrameType | None], Any] | int | None


class Interrupted(KeyboardInterrupt):
    """A signal came; ``code`` is the exit code that a shell expects of it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


@contextmanager
def handled() -> Iterator[None]:
    """Handle both signals within the block. One that was ignored (nohup) stays ignored."""
    before = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    for number in before:
        signal.signal(number, _first)
    try:
        yield
    except Interrupted:
        raise  # the process is about to end; until then, a second signal ends it at once
    except BaseException:
        _restore(before)
        raise
    _restore(before)


def _restore(before: Mapping[signal.Signals, _Handler]) -> None:
    for number, handler in before.items():
        signal.signal(number, handler)


def _first(number: int, frame: FrameType | None) -> None:
    del frame
    for other in (signal.SIGINT, signal.SIGTERM):
        signal.signal(other, _second)
    interrupted = Interrupted(number)
    timer = threading.Timer(_PATIENCE, os._exit, [interrupted.code])
    timer.daemon = True
    timer.start()
    raise interrupted


def _second(number: int, frame: FrameType | None) -> None:
    del frame
    os._exit(128 + number)
