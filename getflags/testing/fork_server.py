"""A process that forks a bundled server within milliseconds, because everything is preloaded.

This module starts that process, requests servers from it, and stops it. The options of a server are
in ``flag_server``. The design is explained in docs/decisions/0011-servers-for-tests.md; the process
itself runs ``servers/app/fork_server.py``.
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

from getflags.core.errors import GetflagsError
from getflags.testing import bundled, interpreter

_PROG = "flag_server"  # the program name in a server's error messages
_READY = re.compile(r"[A-Z]+ (https?://\S+)\n")
_START_TIMEOUT = 30.0  # seconds
_STOP_TIMEOUT = 5.0


class ForkServer:
    """The process that forks servers, for the duration of a ``with`` block.

    It ends when this process ends, even if this process is killed. Raises GetflagsError if it does
    not start, or does not end.
    """

    def __enter__(self) -> Self:
        self._channel, peer_end = socket.socketpair()
        with peer_end:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter, fixed arguments
                interpreter.command(f"{bundled.module()}.app.fork_server"),
                stdin=peer_end.fileno(),
                stdout=subprocess.DEVNULL,
                env=interpreter.environment(),
                start_new_session=True,  # keeps Ctrl-C from the servers
            )
        self._group = process.pid
        if process.wait():  # it exits once everything is loaded, and a forked process takes over
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
                _close_input(channel)
                channel.recv(1)
            except ConnectionError:  # the peer has already exited, without reading a request
                return
            except TimeoutError as late:
                os.killpg(self._group, signal.SIGKILL)
                raise GetflagsError("the process that forks servers did not exit") from late

    @contextmanager
    def server(self, arguments: Sequence[str]) -> Iterator[str]:
        """Start a server with arguments of ``getflags serve``; yield its URL, then stop it.

        The server listens when the block starts. Raises ValueError, with the server's own message,
        if the server refuses the arguments, and GetflagsError if it does not start or does not end.
        Any other output of the server is reported as a RuntimeWarning at the end.
        """
        connection, peer_end = socket.socketpair()
        with connection, connection.makefile(encoding="utf-8", errors="replace") as output:
            connection.settimeout(_START_TIMEOUT)
            try:
                with peer_end:
                    socket.send_fds(self._channel, [b"\0"], [peer_end.fileno()])
                connection.sendall(json.dumps([_PROG, *arguments]).encode() + b"\n")
                url = _url(output)
            except OSError as error:
                raise GetflagsError(f"the bundled server did not start ({error})") from error
            try:
                yield url
            finally:
                _stop(connection, output)


def _url(output: TextIO) -> str:
    """Return the URL from the server's ready line."""
    first = output.readline()
    if ready := _READY.fullmatch(first):
        return ready[1]
    if first.startswith(f"{_PROG}: "):
        raise ValueError(first.removeprefix(f"{_PROG}: ").rstrip())
    raise GetflagsError(f"the bundled server did not start\n{first}{output.read()}")


def _stop(connection: socket.socket, output: TextIO) -> None:
    try:
        _close_input(connection)
        rest = output.read()
    except TimeoutError as error:
        raise GetflagsError("the bundled server did not exit") from error
    if rest:
        warnings.warn(f"the bundled server reported: {rest.rstrip()}", RuntimeWarning, stacklevel=2)


def _close_input(connection: socket.socket) -> None:
    """Signal the end of input to the peer, even if a forked child holds a copy of the socket."""
    connection.settimeout(_STOP_TIMEOUT)
    connection.shutdown(socket.SHUT_WR)
