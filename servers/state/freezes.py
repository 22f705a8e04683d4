"""The freezes of a server, counted from its first request; no response starts during a freeze.

The arithmetic is that of `faults.freeze`; callers pass the time in.
"""

from ..faults.freeze import Freeze


class Freezes:
    """The freezes since the start or the last reset of a server."""

    __slots__ = ("_first", "_freeze")

    def __init__(self, freeze: Freeze) -> None:
        self._freeze = freeze
        self._first: float | None = None  # when the first request arrived

    def postponed(self, delay: float, now: float) -> float:
        """Return a response's delay in seconds, extended if the server is frozen at its end."""
        if self._first is None:
            self._first = now
        return delay + self._freeze.left(now + delay - self._first)
