"""The fault `error`: an error status in place of the response."""

from dataclasses import dataclass
from http import HTTPStatus

from ....http.responses import Request, Response, failure
from ...values import error_status
from ..interface import Respond, parameter


@dataclass(frozen=True, slots=True)
class Error:
    """Respond with the error status `status`."""

    status: int = parameter(error_status, "503")

    def answer(self, request: Request, respond: Respond) -> Response:  # noqa: ARG002 - `respond` is not called
        """Return the error response."""
        return failure(HTTPStatus(self.status), method=request.method)
