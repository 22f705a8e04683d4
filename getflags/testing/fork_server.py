"""Servers in a few milliseconds each, from a process that has loaded all that they need.

What may live here: starting that process, asking it for servers, and their end. What may not:
what a server is told (``flag_server``), and pytest. Why there is such a process is told in
docs/decisions/0011-servers-for-tests.md; its other half is ``servers/app/fork_server.py``.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TextIO

from getflags.core import interpreter
from getflags.core.errors import GetflagsError
from getflags.testing import bundled

_PROG = "flag_server"  # the name under which a server refuses its words
_READY = re.compile(r"[A-Z]+ (https?://\S+)\n")
_START_TIMEOUT = 30.0  # seconds
_STOP_TIMEOUT = 5.0


class ForkServer:
    """That process, while the ``with`` block lasts. When we die, however we die, it ends.

    Beginning raises GetflagsError if it does not start, the end if it does not end by itself.
    """

    def __enter__(self) -> Self:
        self._channel, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
                interpreter.command(f"{bundled.module()}.app.fork_server"),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=interpreter.environment(),
                start_new_session=True,  # Ctrl-C is for us; we end the servers when we are done
            )
        self._group = process.pid
        if process.wait():  # it ends when all is loaded, and leaves another one of its group
            self._channel.close()
            raise GetflagsError("the process that forks servers did not start")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._channel as channel:
            try:
                _hang_up(channel)
                channel.recv(1)
            except ConnectionError:  # gone already, with a request unread
                return
            except TimeoutError as late:
                os.killpg(self._group, signal.SIGKILL)
                raise GetflagsError("the process that forks servers does not end") from late

    @contextmanager
    def server(self, words: Sequence[str]) -> Iterator[str]:
        """Lend a server that takes the words of ``getflags serve``; yield the URL of what it has.

        It listens when the block begins, and is gone when it ends. Raises ValueError, its text the
        server's own sentence, if it refuses the words; GetflagsError if it does not start or does
        not end. What else it has to say is a RuntimeWarning at the end.
        """
        line, theirs = socket.socketpair()
        with line, line.makefile(encoding="utf-8", errors="replace") as heard:
            line.settimeout(_START_TIMEOUT)
            try:
                with theirs:
                    socket.send_fds(self._channel, [b"\0"], [theirs.fileno()])
                line.sendall(json.dumps([_PROG, *words]).encode() + b"\n")
                url = _url(heard)
            except OSError as error:
                raise GetflagsError(f"the bundled server did not start ({error})") from error
            try:
                yield url
            finally:
                _end(line, heard)


def _url(heard: TextIO) -> str:
    """Wait for the line that says where a server listens."""
    first = heard.readline()
    if ready := _READY.fullmatch(first):
        return ready[1]
    if first.startswith(f"{_PROG}: "):
        raise ValueError(first.removeprefix(f"{_PROG}: ").rstrip())
    raise GetflagsError(f"the bundled server did not start\n{first}{heard.read()}")


def _end(line: socket.socket, heard: TextIO) -> None:
    try:
        _hang_up(line)
        rest = heard.read()
    except TimeoutError as error:
        raise GetflagsError("the bundled server does not end") from error
    if rest:
        warnings.warn(f"the bundled server said: {rest.rstrip()}", RuntimeWarning, stacklevel=2)


def _hang_up(line: socket.socket) -> None:
    """Tell the other end that nothing more will come; a copy that a fork of ours holds, too."""
    line.settimeout(_STOP_TIMEOUT)
    line.shutdown(socket.SHUT_WR)
