"""What happens to one request, all rules considered.

What may live here: the composition of faults, pure. What may not: what any one of them does, and
the state of a server.
"""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from types import MappingProxyType
from typing import NamedTuple

from ..http.delivery import Delivery
from ..http.paths import without_query
from ..http.representation import Held
from ..http.responses import Request, Response, Span, failure
from .draws import UNTOUCHED, Behaviour, Decision, decide, draw
from .kinds import FAULTS
from .kinds.base import Fault, Respond
from .latency import Latency
from .values import LONGEST_DELAY

BUSY = "busy"


class Verdict(NamedTuple):
    """A decision, and the faults that the answer meets, by name."""

    decision: Decision = UNTOUCHED
    faults: Mapping[str, Fault] = MappingProxyType({})

    @property
    def refused(self) -> bool:
        """Whether the request is sent away at once."""
        return BUSY in self.faults


def judge(behaviour: Behaviour, seed: int, path: str, attempt: int, in_flight: int) -> Verdict:
    """Return what happens to the given attempt at `path`, which is counted in `in_flight`.

    Among the rules for one fault, the first that is meant for the request counts, whether it
    strikes or not: so an exception stands above its rule. A request that is refused because the
    server is busy meets no other fault and no delay: whoever is busy says so quickly.
    """
    delay, status = decide(behaviour, seed, path, attempt)
    place = without_query(path)
    met: dict[str, Fault] = {}
    settled = set()
    for rule in behaviour.rules:
        if rule.fault in settled or not rule.meant_for(place, attempt, in_flight):
            continue
        settled.add(rule.fault)
        if draw(seed, rule.fault, path, attempt) >= rule.rate:
            continue
        if isinstance(rule.effect, Latency):
            # The draw is the delay's: uniform:0.5-5 makes the waits that a delay of 0.5-5 makes.
            delay += rule.effect.seconds(draw(seed, "delay", path, attempt))
        else:
            met[rule.fault] = rule.effect
    if BUSY in met:
        return Verdict(faults={BUSY: met[BUSY]})
    return Verdict(Decision(min(delay, LONGEST_DELAY), status), met)


def spoilt(request: Request, verdict: Verdict, respond: Respond) -> Response:
    """Return the answer to `request` as the faults make it; `respond` gives the honest one."""
    status = verdict.decision.status
    answer = respond if status is None else partial(_failing, status)
    for name in FAULTS:
        if name in verdict.faults:
            answer = partial(verdict.faults[name].answer, respond=answer)
    return _by_pieces(answer(request))


def _by_pieces(response: Response) -> Response:
    """Return the response in the form in which it can be sent a piece at a time."""
    body = response.body
    if not body:
        return response._replace(delivery=None)
    if isinstance(body, bytes):
        body = Span(Held(body), 0, len(body))
    return response._replace(body=body, delivery=response.delivery or Delivery())


def _failing(status: HTTPStatus, request: Request) -> Response:
    return failure(status, method=request.method)
