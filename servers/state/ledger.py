"""The ledger of a server: counts of requests and responses, for comparison with a client's counts.

The ledger only counts: it does not depend on faults, HTTP or time.

Every request is opened once and closed once. A request is in flight from the moment it was received
completely until its whole response was handed over for sending. A pipelined request that waits for
the response to the previous one is not open yet. So the client's own count of concurrent requests
is never smaller than the count here, and a `peak_in_flight` above the client's limit is a bug in
the client. A request that is refused because the server is busy (429) does not count as in flight:
the refusal is sent before any other request is processed.

The counts of requests and responses differ by the requests in flight, by those whose client
disconnected before the response, and by those whose response was not HTTP.
"""

from collections import Counter
from collections.abc import Mapping


class Ledger:
    """The counts of one server since its start or its last reset.

    With `refuses`, the number of refused requests is part of the JSON even if it is 0.
    """

    __slots__ = (
        "_attempts",
        "_bytes",
        "_in_flight",
        "_peak",
        "_refused",
        "_requests",
        "_responses",
    )

    def __init__(self, *, refuses: bool = False) -> None:
        self._requests = 0
        self._responses: Counter[int] = Counter()
        self._attempts: dict[str, int] = {}
        self._bytes = 0
        self._in_flight = 0
        self._peak = 0
        self._refused: int | None = 0 if refuses else None

    @property
    def in_flight(self) -> int:
        """The number of requests in flight."""
        return self._in_flight

    @property
    def peak(self) -> int:
        """The largest number of requests that were in flight at once."""
        return self._peak

    def opened(self, path: str) -> int:
        """Count a request for `path`; return the number of this attempt at the path, from 1."""
        self._requests += 1
        attempt = self._attempts.get(path, 0) + 1
        self._attempts[path] = attempt
        self._in_flight += 1
        if self._in_flight > self._peak:  # noqa: PLR1730 - max() would cost more than the rest of this method
            self._peak = self._in_flight
        return attempt

    def refused(self, peak: int) -> None:
        """Count the request opened last as refused; `peak` is the peak without it.

        The request must still be closed. It is counted as in flight until then, which cannot be
        observed, because both happen in one call.
        """
        self._refused = (self._refused or 0) + 1
        self._peak = peak

    def answered(self, status: int) -> None:
        """Count the head of a response with the status `status`."""
        self._responses[status] += 1

    def sent(self, size: int) -> None:
        """Count `size` bytes of a body as handed over for sending."""
        self._bytes += size

    def closed(self) -> None:
        """Count an open request as finished: response complete, or client disconnected."""
        self._in_flight -= 1

    def as_dict(self) -> dict[str, int | Mapping[str, int]]:
        """Return all counts, by their names in the JSON of `/-/ledger`."""
        refused = {} if self._refused is None else {"refused": self._refused}
        return {
            "requests": self._requests,
            "responses": {
                str(status): self._responses[status] for status in sorted(self._responses)
            },
            "attempts": dict(self._attempts),
            "bytes": self._bytes,
            "in_flight": self._in_flight,
            "peak_in_flight": self._peak,
            **refused,
        }
