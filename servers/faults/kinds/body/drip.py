"""A body that comes in drops: never silent for long, and never done."""

from dataclasses import dataclass

from ....http.delivery import Delivery
from ....http.responses import Request, Response
from ...values import seconds, some
from ..base import Respond, parameter


@dataclass(frozen=True, slots=True)
class Drip:
    """Send `size` bytes `every` so many seconds."""

    size: int = parameter(some, "1")
    every: float = parameter(seconds, "0.1")

    def answer(self, request: Request, respond: Respond) -> Response:
        """Return the answer, in drops."""
        response = respond(request)
        delivery = response.delivery or Delivery()
        return response._replace(delivery=delivery._replace(piece=self.size, every=self.every))
