"""A silence in the middle of a body."""

from dataclasses import dataclass

from ....http.delivery import Delivery
from ....http.responses import Request, Response
from ... import values
from ..base import Respond, length, parameter


@dataclass(frozen=True, slots=True)
class Stall:
    """Send nothing for `seconds`, a day if not said otherwise, `after` so much of the body."""

    after: values.Point = parameter(values.point, "50%")
    seconds: float = parameter(values.seconds, "86400")

    def answer(self, request: Request, respond: Respond) -> Response:
        """Return the answer, with a silence in it."""
        response = respond(request)
        at = self.after.of(length(response))
        if at >= length(response):
            return response  # nothing would be left to wait for
        delivery = response.delivery or Delivery()
        return response._replace(delivery=delivery._replace(stall_at=at, stall_for=self.seconds))
