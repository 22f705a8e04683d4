"""Bytes that are not HTTP."""

from dataclasses import dataclass
from hashlib import shake_128
from http import HTTPStatus

from ....http.responses import Request, Response
from ... import values
from ..base import Respond, parameter


@dataclass(frozen=True, slots=True)
class Garbage:
    """Send `size` bytes of noise in place of head and body, and close; with 0, only close."""

    size: int = parameter(values.size, "200")

    def answer(self, request: Request, respond: Respond) -> Response:  # noqa: ARG002 - not asked
        """Return the noise: the same for the same target."""
        noise = shake_128(request.target.encode()).digest(self.size)
        # The status is never sent: a response without a head has none.
        return Response(HTTPStatus.OK, b"", noise, last=True)
