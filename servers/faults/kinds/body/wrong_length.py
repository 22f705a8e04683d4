"""A Content-Length that is not the length of the content."""

from dataclasses import dataclass

from ....http.responses import Request, Response
from ...values import shift
from ..base import Respond, length, parameter, replaced, value_of


@dataclass(frozen=True, slots=True)
class WrongLength:
    """Announce `by` bytes more than are sent, or fewer if it is negative.

    More: the connection closes after what there is, or else a client would wait for ever. Fewer:
    it stays open, and what is too much stands where the next answer should begin.
    """

    by: int = parameter(shift, "1")

    def answer(self, request: Request, respond: Respond) -> Response:
        """Return the answer with the wrong length."""
        response = respond(request)
        size = length(response)
        if value_of(response, "Content-Length") is None or not size:
            return response  # no body that a length could be wrong about
        last = response.last or self.by > 0
        return replaced(response, "Content-Length", max(0, size + self.by))._replace(last=last)
