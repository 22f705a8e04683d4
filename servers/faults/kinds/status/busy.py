"""The fault `busy`: a 429 response, by default with Retry-After (RFC 6585 section 4)."""

from dataclasses import dataclass
from http import HTTPStatus

from ....http.responses import Request, Response, failure
from ...values import whole_seconds_or_none
from ..interface import Respond, parameter


@dataclass(frozen=True, slots=True)
class Busy:
    """Respond with 429 and `retry_after` seconds in the Retry-After field; None omits the field."""

    retry_after: int | None = parameter(whole_seconds_or_none, "1")

    def answer(self, request: Request, respond: Respond) -> Response:  # noqa: ARG002 - `respond` is not called
        """Return the 429 response."""
        response = failure(HTTPStatus.TOO_MANY_REQUESTS, method=request.method)
        if self.retry_after is None:
            return response
        return response._replace(head=response.head + b"Retry-After: %d\r\n" % self.retry_after)
