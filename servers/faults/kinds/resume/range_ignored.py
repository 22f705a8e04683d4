"""The fault `range-ignored`: the whole file in response to a range request.

RFC 9110 section 14.2 allows this, but many clients do not expect it.
"""

from dataclasses import dataclass

from ....http.responses import Request, Response
from ..interface import Respond


@dataclass(frozen=True, slots=True)
class RangeIgnored:
    """Ignore the Range field, although Accept-Ranges announces support for it."""

    def answer(self, request: Request, respond: Respond) -> Response:
        """Return the response with the whole file."""
        fields = {name: text for name, text in request.fields.items() if name != "range"}
        return respond(request._replace(fields=fields))
