"""The service behind all connections of one server: it turns a request into a response.

This module holds the state that all connections of a server share, and passes each request to the
code that answers it. Queues, timers and transports are in `connection`.
"""

from typing import Protocol

from ..content import added, resources
from ..content.resources import Contents
from ..faults.fault_plan import apply_faults
from ..http.bandwidth import SharedBandwidth
from ..http.common_headers import CommonHeaders
from ..http.paths import without_query
from ..http.recording_parser import RecordingParser
from ..http.request_parser import RequestParser
from ..http.responses import Request, Response, failure
from ..state.client_connections import ClientConnections
from ..state.request_log import RequestLog
from ..state.server_state import CountedRequest, ServerState
from . import control


class Connection(Protocol):
    """The part of a connection that a service uses."""

    def abort(self) -> None:
        """Close the connection at once, even if a response is being sent."""
        ...


class Service:
    """The state and content that all connections to one server share.

    With a `log`, each request is logged when it ends. `observes` is whether requests are logged or
    kept.
    """

    def __init__(
        self, state: ServerState, contents: Contents, log: RequestLog | None = None
    ) -> None:
        self.state = state
        self.contents = contents
        self.log = log
        self._parser = RequestParser if state.received is None else RecordingParser
        self._keeps_body = control.ADD.encode() if state.private else None
        self.observes = log is not None or state.received is not None
        self.common_headers = CommonHeaders()
        self.connections: set[Connection] = set()
        bandwidth = state.behaviour.bandwidth
        self.bandwidth = None if bandwidth is None else SharedBandwidth(bandwidth)
        most = state.behaviour.max_connections_per_client
        self.clients = None if most is None else ClientConnections(most)

    def parser(self) -> RequestParser:
        """Return the parser of a new connection."""
        return self._parser(self._keeps_body)

    def answer(self, request: Request, counted: CountedRequest | None) -> Response:
        """Return the response to a request; `counted` is its entry in the ledger, if any."""
        if counted is None:
            if request.target.startswith(control.PREFIX):
                return control.answer(self.state, request)
            return self.respond(request)
        _, (_, status), plan, attempt = counted
        if plan is not None:
            return apply_faults(request._replace(attempt=attempt), plan, self.respond)
        if status is not None:
            return failure(status, method=request.method)
        return self.respond(request, attempt)

    def respond(self, request: Request, attempt: int = 0) -> Response:
        """Return the response to a request for content, without any fault.

        The number of the attempt is `attempt` or, if that is 0, in the request.
        """
        state = self.state
        if state.added and (found := state.added.get(without_query(request.target))):
            return added.answer(found, request)
        return resources.answer(self.contents, state.label, request, attempt or request.attempt)
