"""A connection that breaks."""

from dataclasses import dataclass

from ....http.delivery import Ending
from ....http.responses import Request, Response
from ...values import Point, point
from ..base import Respond, length, parameter, stopped


@dataclass(frozen=True, slots=True)
class Reset:
    """Reset the connection (RST) `after` so much of the body."""

    after: Point = parameter(point, "50%")

    def answer(self, request: Request, respond: Respond) -> Response:
        """Return the answer, cut short."""
        response = respond(request)
        return stopped(response, self.after.of(length(response)), Ending.RESET)
