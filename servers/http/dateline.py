"""The end of every head: the fields that belong to the connection, made once a second.

What may live here: Server, Date, Connection, and the clock that the Date needs. What may not: any
field that depends on what was asked.
"""

import time
from collections.abc import Callable

from .validators import http_date

SERVER = "getflags-servers"  # how our servers call themselves, in heads and in `/-/about`


class Dateline:
    """The closing fields of a head. `clock` gives seconds since 1970."""

    __slots__ = ("_clock", "_closing", "_lasting", "_second")

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._second = -1
        self._lasting = self._closing = b""

    def fields(self, *, last: bool) -> bytes:
        """Return the closing fields and the blank line. `last` announces the connection's end."""
        second = int(self._clock())
        if second != self._second:
            self._second = second
            common = f"Server: {SERVER}\r\nDate: {http_date(second)}\r\n"
            self._lasting = f"{common}\r\n".encode()
            self._closing = f"{common}Connection: close\r\n\r\n".encode()
        return self._closing if last else self._lasting
