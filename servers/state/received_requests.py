"""The last requests of a server as they were sent, so that a test can look at them.

Their header fields and bodies may contain secrets: only a server that ends with the program that
started it keeps them, in memory, and only its ``/-/requests`` returns them.
"""

from collections import deque

from ..http.responses import Request

MOST_REQUESTS = 1000
MOST_BYTES = 4 * 1024 * 1024  # of methods, targets, header fields and bodies


class ReceivedRequests:
    """The last requests: at most MOST_REQUESTS of them, and at most MOST_BYTES in all."""

    def __init__(self) -> None:
        self._requests: deque[tuple[Request, int]] = deque()
        self._size = 0

    def add(self, request: Request) -> None:
        """Add a request, and drop the oldest ones beyond the limits."""
        fields = sum(len(name) + len(value) for name, value in request.received)
        size = len(request.method) + len(request.target) + fields + len(request.body)
        self._requests.append((request, size))
        self._size += size
        while len(self._requests) > MOST_REQUESTS or self._size > MOST_BYTES:
            self._size -= self._requests.popleft()[1]

    def as_dict(self) -> dict[str, object]:
        """Return the requests, the oldest first, by their names in the JSON of `/-/requests`."""
        return {
            "requests": [
                {
                    "method": request.method,
                    "target": request.target,
                    "headers": request.received,
                    "body": request.body.decode("latin-1"),
                }
                for request, _ in self._requests
            ]
        }
