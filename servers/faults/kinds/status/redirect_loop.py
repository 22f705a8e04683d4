"""A redirection to where the client already is."""

from dataclasses import dataclass
from http import HTTPStatus
from string import punctuation
from urllib.parse import quote

from ....http.responses import Request, Response, head
from ...values import redirect_status
from ..base import Respond, parameter


@dataclass(frozen=True, slots=True)
class RedirectLoop:
    """Answer `status` with a Location that is the target itself."""

    status: int = parameter(redirect_status, "302")

    def answer(self, request: Request, respond: Respond) -> Response:  # noqa: ARG002 - not asked
        """Return the redirection."""
        status = HTTPStatus(self.status)
        # A target that begins with two slashes would be read as a host. None of ours does so and
        # is served, but it must not send anybody elsewhere either (RFC 3986 section 4.2).
        place = "/" + quote(request.target.lstrip("/"), safe=punctuation)
        return Response(status, head(status, {"Location": place, "Content-Length": 0}))
