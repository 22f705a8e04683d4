"""The truth about what a server was asked and what it answered, to check a client's story by.

What may live here: counting. What may not: input, output, a clock, faults, HTTP.

Every request is opened once and closed once. In flight means: received whole, and its answer not
yet handed over for sending in full. A request that waits on a connection for the answer to the
one before it (pipelining) is not yet open. So a client's own count of requests under way is never
smaller than the count here, and a `peak_in_flight` above the client's limit is the client's fault.
A request that is refused because the server is busy (429) does not count as in flight: it is
answered in the turn that it came in, before anybody else is looked at.

Requests and responses differ by those in flight, those whose client left before the answer, and
those whose answer was not HTTP.
"""

from collections import Counter
from collections.abc import Mapping


class Ledger:
    """Counts of one server, from its start or its last reset.

    `refuses` says that it is one that may refuse requests, so that how many is worth a line.
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
        """How many requests are in flight."""
        return self._in_flight

    @property
    def peak(self) -> int:
        """How many have been in flight at most."""
        return self._peak

    def opened(self, path: str) -> int:
        """Count a request for `path` and return which attempt at that path it is, from 1."""
        self._requests += 1
        attempt = self._attempts.get(path, 0) + 1
        self._attempts[path] = attempt
        self._in_flight += 1
        if self._in_flight > self._peak:  # noqa: PLR1730 - max() would cost more than the rest
            self._peak = self._in_flight
        return attempt

    def refused(self, peak: int) -> None:
        """Count the request that was just opened as refused; `peak` is that of the others.

        Like every other it is to be closed; that it is still open is seen by nobody until then.
        """
        self._refused = (self._refused or 0) + 1
        self._peak = peak

    def answered(self, status: int) -> None:
        """Count the head of a response, which carries `status`."""
        self._responses[status] += 1

    def sent(self, size: int) -> None:
        """Count `size` bytes of a body as handed over for sending."""
        self._bytes += size

    def closed(self) -> None:
        """Count an open request as over: answered in full, or its client is gone."""
        self._in_flight -= 1

    def as_dict(self) -> dict[str, int | Mapping[str, int]]:
        """Return all counts under the names that the JSON of `/-/ledger` has."""
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
