"""One server as its connections see it: a request goes in, a response comes out.

What may live here: what all connections of a server share, and the way from a request to whoever
answers it. What may not: turns, timers and transports (in `connection`).
"""

from typing import Protocol

from ..content import resources
from ..content.resources import Contents
from ..faults.decision import spoilt
from ..http.bandwidth import Line
from ..http.dateline import Dateline
from ..http.responses import Request, Response, failure
from ..state.server import Admission, Origin
from ..state.slots import Slots
from . import control


class Connection(Protocol):
    """What a service asks of a connection: to end."""

    def abort(self) -> None:
        """End the connection at once, whatever is under way."""
        ...


class Service:
    """What all connections to one server share."""

    def __init__(self, origin: Origin, served: Contents) -> None:
        self.origin = origin
        self.served = served
        self.dateline = Dateline()
        self.connections: set[Connection] = set()
        bandwidth = origin.behaviour.bandwidth
        self.line = None if bandwidth is None else Line(bandwidth)
        slots = origin.behaviour.slots
        self.slots = None if slots is None else Slots(slots)

    def answer(self, request: Request, admission: Admission | None) -> Response:
        """Return the answer to a request that was admitted in this way."""
        if admission is None:
            if request.target.startswith(control.PREFIX):
                return control.answer(self.origin, request)
            return self.respond(request)
        _, (_, status), verdict, attempt = admission
        if verdict is not None:
            return spoilt(request._replace(attempt=attempt), verdict, self.respond)
        if status is not None:
            return failure(status, method=request.method)
        return resources.answer(self.served, self.origin.label, request)

    def respond(self, request: Request) -> Response:
        """Return the honest answer to a request for something served."""
        return resources.answer(self.served, self.origin.label, request)
