"""The whole where a part was asked for. It is allowed (RFC 9110 section 14.2), and catches many."""

from dataclasses import dataclass

from ....http.responses import Request, Response
from ..base import Respond


@dataclass(frozen=True, slots=True)
class RangeIgnored:
    """Answer as if there had been no Range field, though Accept-Ranges promises otherwise."""

    def answer(self, request: Request, respond: Respond) -> Response:
        """Return the whole."""
        fields = {name: text for name, text in request.fields.items() if name != "range"}
        return respond(request._replace(fields=fields))
