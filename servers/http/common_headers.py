"""Header fields that do not depend on the request: Server, Date and Connection.

They are formatted once per second, not once per response.
"""

import time
from collections.abc import Callable

from .validators import http_date

SERVER = "getflags-servers"  # the value of the Server field, also in `/-/about`


class CommonHeaders:
    """The final header fields of every response. `clock` returns seconds since 1970."""

    __slots__ = ("_clock", "_closing", "_lasting", "_second")

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._second = -1
        self._lasting = self._closing = b""

    def fields(self, *, last: bool) -> bytes:
        """Return the fields and the blank line after them; `last` adds `Connection: close`."""
        second = int(self._clock())
        if second != self._second:
            self._second = second
            common = f"Server: {SERVER}\r\nDate: {http_date(second)}\r\n"
            self._lasting = f"{common}\r\n".encode()
            self._closing = f"{common}Connection: close\r\n\r\n".encode()
        return self._closing if last else self._lasting
