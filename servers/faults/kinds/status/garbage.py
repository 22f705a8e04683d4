"""The fault `garbage`: bytes that are not HTTP."""

from dataclasses import dataclass
from hashlib import shake_128
from http import HTTPStatus

from ....http.responses import Request, Response
from ... import values
from ..interface import Respond, parameter


@dataclass(frozen=True, slots=True)
class Garbage:
    """Send `size` random bytes in place of a response, then close; with 0, only close."""

    size: int = parameter(values.size, "200")

    def answer(self, request: Request, respond: Respond) -> Response:  # noqa: ARG002 - `respond` is not called
        """Return the random bytes, which are the same for every request for one target."""
        garbage = shake_128(request.target.encode()).digest(self.size)
        # The status is never sent, because a response without a head has no status line.
        return Response(HTTPStatus.OK, b"", garbage, last=True)
