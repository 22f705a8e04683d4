"""The fault `reset`: a connection that is reset in the middle of a body."""

from dataclasses import dataclass

from ....http.body_delivery import Ending
from ....http.responses import Request, Response
from ...values import BodyPosition, body_position
from ..interface import Respond, body_length, cut_short, parameter


@dataclass(frozen=True, slots=True)
class Reset:
    """Reset the connection (RST) at the position `after` in the body."""

    after: BodyPosition = parameter(body_position, "50%")

    def answer(self, request: Request, respond: Respond) -> Response:
        """Return the response, cut short by a reset."""
        response = respond(request)
        return cut_short(response, self.after.of(body_length(response)), Ending.RESET)
