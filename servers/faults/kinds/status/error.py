"""A failure in place of the answer."""

from dataclasses import dataclass
from http import HTTPStatus

from ....http.responses import Request, Response, failure
from ...values import error_status
from ..base import Respond, parameter


@dataclass(frozen=True, slots=True)
class Error:
    """Answer `status`."""

    status: int = parameter(error_status, "503")

    def answer(self, request: Request, respond: Respond) -> Response:  # noqa: ARG002 - not asked
        """Return the failure."""
        return failure(HTTPStatus(self.status), method=request.method)
