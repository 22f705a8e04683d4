"""The fault `stall`: a pause in the middle of a body."""

from dataclasses import dataclass

from ....http.body_delivery import Delivery
from ....http.responses import Request, Response
from ... import values
from ..interface import Respond, body_length, parameter


@dataclass(frozen=True, slots=True)
class Stall:
    """Send nothing for `seconds` (by default a day) at the position `after` in the body."""

    after: values.BodyPosition = parameter(values.body_position, "50%")
    seconds: float = parameter(values.seconds, "86400")

    def answer(self, request: Request, respond: Respond) -> Response:
        """Return the response, with a pause in its body."""
        response = respond(request)
        at = self.after.of(body_length(response))
        if at >= body_length(response):
            return response  # no bytes would follow the pause
        delivery = response.delivery or Delivery()
        return response._replace(delivery=delivery._replace(stall_at=at, stall_for=self.seconds))
