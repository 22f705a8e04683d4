"""System calls one at a time: whose is next, and who is killed before it, is for the test to say.

For what must hold whatever comes between two system calls of a program: another copy of it, or its
end. Each program runs on a thread of its own, and only ever one of them. The calls are real; a
program that is killed makes none from then on, and its descriptors are closed, as the kernel does.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from getflags.storage import locked_file, part_file
from getflags.storage.records import resume_record

_CALLS = (
    "open close dup unlink replace ftruncate lseek read write fstat lstat chmod utime makedirs"
).split()
_here = threading.local()  # .program: whose thread this is


class Killed(BaseException):
    """What unwinds the thread of a program that is no more."""


class Program:
    """Something that runs up to its next system call each time it is told to."""

    def __init__(self, work: Callable[[], None]) -> None:
        self.over = False
        self.killed = False
        self.descriptors: set[int] = set()
        self._work = work
        self._bug: BaseException | None = None
        self._go, self._paused = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._paused.acquire()

    def step(self) -> None:
        """Let it make one system call."""
        self._go.release()
        self._paused.acquire()
        if self.over:
            self._thread.join()
            for each in self.descriptors:
                os.close(each)
            self.descriptors.clear()
            if self._bug:
                raise self._bug

    def kill(self) -> None:
        """End it before its next system call."""
        self.killed = True
        self.step()

    def pause(self) -> None:
        """Wait for the next turn; called on its own thread, before each system call."""
        if not self.killed:
            self._paused.release()
            self._go.acquire()
        if self.killed:
            raise Killed

    def _run(self) -> None:
        _here.program = self
        try:
            self._work()
        except Killed:
            pass
        except BaseException as bug:  # noqa: BLE001 - raised again, on the test's thread
            self._bug = bug
        self.over = True
        self._paused.release()


def _stepped(real: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **more: Any) -> Any:
        program: Program | None = getattr(_here, "program", None)
        if program is None:
            return real(*args, **more)
        program.pause()
        result = real(*args, **more)
        if real in {os.open, os.dup}:
            program.descriptors.add(result)
        elif real in {os.close, open}:
            program.descriptors.discard(args[0])  # a file object closes it by itself
        return result

    return call


class _Os:
    """The module ``os``, with a pause before each call of a program."""

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        return _stepped(real) if name in _CALLS else real


@contextmanager
def stepping() -> Iterator[None]:
    """Put the pauses between the save layer and the system."""
    with pytest.MonkeyPatch.context() as patch:
        for room in (locked_file, part_file, resume_record):
            patch.setattr(room, "os", _Os())
        patch.setattr(locked_file, "flock", _stepped(fcntl.flock))
        patch.setattr(resume_record, "open", _stepped(open), raising=False)
        yield
