"""A limit on the open connections of each client, by its address."""

from collections import Counter


class ClientConnections:
    """The open connections of each client, at most `limit` of them."""

    __slots__ = ("_limit", "_open")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: Counter[str] = Counter()

    def admits(self, client: str) -> bool:
        """Count a connection of `client`; return False, and count nothing, beyond the limit."""
        if self._open[client] >= self._limit:
            return False
        self._open[client] += 1
        return True

    def ended(self, client: str) -> None:
        """Count the end of a connection that was admitted."""
        self._open[client] -= 1
        if not self._open[client]:
            del self._open[client]
