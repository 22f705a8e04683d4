"""The fault `redirect-loop`: a redirect to the same URL."""

from dataclasses import dataclass
from http import HTTPStatus
from string import punctuation
from urllib.parse import quote

from ....http.responses import Request, Response, head
from ...values import redirect_status
from ..interface import Respond, parameter


@dataclass(frozen=True, slots=True)
class RedirectLoop:
    """Respond with the redirect status `status` and the target itself as Location."""

    status: int = parameter(redirect_status, "302")

    def answer(self, request: Request, respond: Respond) -> Response:  # noqa: ARG002 - `respond` is not called
        """Return the redirect."""
        status = HTTPStatus(self.status)
        # A Location that starts with two slashes would be read as a host name (RFC 3986 section
        # 4.2), and the redirect must not lead to another host.
        location = "/" + quote(request.target.lstrip("/"), safe=punctuation)
        return Response(status, head(status, {"Location": location, "Content-Length": 0}))
