"""The fault plan of one request: which rules apply, and how their faults are combined.

The functions here are pure. Each fault has its own module in `kinds`; the state of a server is in
`state`.
"""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from types import MappingProxyType
from typing import NamedTuple

from ..http.body_delivery import Delivery
from ..http.paths import without_query
from ..http.representation import InMemorySource
from ..http.responses import Request, Response, Span, failure
from .draws import UNTOUCHED, Behaviour, Decision, decide, draw
from .kinds.interface import Fault, Respond
from .kinds.registry import FAULTS
from .kinds.status.busy import Busy
from .latency import Latency
from .values import LONGEST_DELAY

BUSY = "busy"


class FaultPlan(NamedTuple):
    """The decision about one request, and the faults of its response, by name."""

    decision: Decision = UNTOUCHED
    faults: Mapping[str, Fault] = MappingProxyType({})

    @property
    def refused(self) -> bool:
        """Whether the request is refused immediately because the server is busy."""
        return BUSY in self.faults


#: The plan of a request beyond the rate limit. nginx does not send Retry-After either.
BEYOND_RATE_LIMIT = FaultPlan(faults=MappingProxyType({BUSY: Busy(retry_after=None)}))


def plan_faults(
    behaviour: Behaviour, seed: int, path: str, attempt: int, in_flight: int
) -> FaultPlan:
    """Return the fault plan for the given attempt at `path`, which is counted in `in_flight`.

    Among the rules for one fault, only the first that applies to the request counts, whether or not
    its draw selects the request. So an exception must precede the general rule. A request that is
    refused because the server is busy gets no other fault and no delay: a busy server refuses
    requests quickly.
    """
    delay, status = decide(behaviour, seed, path, attempt)
    plain_path = without_query(path)
    met: dict[str, Fault] = {}
    decided = set()
    for rule in behaviour.rules:
        if rule.fault in decided or not rule.applies_to(plain_path, attempt, in_flight):
            continue
        decided.add(rule.fault)
        if draw(seed, rule.fault, path, attempt) >= rule.rate:
            continue
        if isinstance(rule.effect, Latency):
            # This is the draw for delays, so uniform:0.5-5 waits exactly as long as a delay of
            # 0.5-5.
            delay += rule.effect.seconds(draw(seed, "delay", path, attempt))
        else:
            met[rule.fault] = rule.effect
    if BUSY in met:
        return FaultPlan(faults={BUSY: met[BUSY]})
    return FaultPlan(Decision(min(delay, LONGEST_DELAY), status), met)


def apply_faults(request: Request, plan: FaultPlan, respond: Respond) -> Response:
    """Return the response with the plan's faults; `respond` returns it without any fault."""
    status = plan.decision.status
    answer = respond if status is None else partial(_failing, status)
    for name in FAULTS:
        if name in plan.faults:
            answer = partial(plan.faults[name].answer, respond=answer)
    return _by_pieces(answer(request))


def _by_pieces(response: Response) -> Response:
    """Return the response in a form that can be sent piece by piece."""
    body = response.body
    if not body:
        return response._replace(delivery=None)
    if isinstance(body, bytes):
        body = Span(InMemorySource(body), 0, len(body))
    return response._replace(body=body, delivery=response.delivery or Delivery())


def _failing(status: HTTPStatus, request: Request) -> Response:
    return failure(status, method=request.method)
