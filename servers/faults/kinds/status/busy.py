"""The fault `busy`: a 429 response with Retry-After (RFC 6585 section 4)."""

from dataclasses import dataclass
from http import HTTPStatus

from ....http.responses import Request, Response, failure
from ...values import whole_seconds
from ..interface import Respond, parameter


@dataclass(frozen=True, slots=True)
class Busy:
    """Respond with 429 and `retry_after` seconds in the Retry-After field."""

    retry_after: int = parameter(whole_seconds, "1")

    def answer(self, request: Request, respond: Respond) -> Response:  # noqa: ARG002 - `respond` is not called
        """Return the 429 response."""
        response = failure(HTTPStatus.TOO_MANY_REQUESTS, method=request.method)
        return response._replace(head=response.head + b"Retry-After: %d\r\n" % self.retry_after)
