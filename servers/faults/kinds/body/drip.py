"""The fault `drip`: a body that arrives in tiny pieces, with pauses too short for a timeout."""

from dataclasses import dataclass

from ....http.body_delivery import Delivery
from ....http.responses import Request, Response
from ...values import nonzero_size, seconds
from ..interface import Respond, parameter


@dataclass(frozen=True, slots=True)
class Drip:
    """Send `size` bytes of the body every `every` seconds."""

    size: int = parameter(nonzero_size, "1")
    every: float = parameter(seconds, "0.1")

    def answer(self, request: Request, respond: Respond) -> Response:
        """Return the response, to be sent in tiny pieces."""
        response = respond(request)
        delivery = response.delivery or Delivery()
        return response._replace(delivery=delivery._replace(piece=self.size, every=self.every))
