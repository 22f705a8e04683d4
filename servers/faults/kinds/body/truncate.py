"""The fault `truncate`: a connection that is closed before the end of a body."""

from dataclasses import dataclass

from ....http.body_delivery import Ending
from ....http.responses import Request, Response
from ...values import BodyPosition, body_position
from ..interface import Respond, body_length, cut_short, parameter


@dataclass(frozen=True, slots=True)
class Truncate:
    """Close the connection in an orderly way (FIN) at the position `after` in the body."""

    after: BodyPosition = parameter(body_position, "50%")

    def answer(self, request: Request, respond: Respond) -> Response:
        """Return the response, cut short by a close."""
        response = respond(request)
        return cut_short(response, self.after.of(body_length(response)), Ending.CLOSE)
