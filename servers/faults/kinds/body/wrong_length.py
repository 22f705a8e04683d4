"""The fault `wrong-length`: a Content-Length that differs from the length of the body."""

from dataclasses import dataclass

from ....http.responses import Request, Response
from ...values import signed_size
from ..interface import Respond, body_length, header_value, parameter, with_header


@dataclass(frozen=True, slots=True)
class WrongLength:
    """Announce `by` bytes more than are sent, or fewer if `by` is negative.

    If more bytes are announced, the connection is closed after the body; otherwise clients would
    wait for ever. If fewer are announced, the connection stays open, and the excess bytes arrive
    where the client expects the next response.
    """

    by: int = parameter(signed_size, "1")

    def answer(self, request: Request, respond: Respond) -> Response:
        """Return the response with a wrong Content-Length."""
        response = respond(request)
        size = body_length(response)
        if header_value(response, "Content-Length") is None or not size:
            return response  # without a body, the length cannot be wrong
        last = response.last or self.by > 0
        return with_header(response, "Content-Length", max(0, size + self.by))._replace(last=last)
