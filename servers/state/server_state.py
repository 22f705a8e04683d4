"""The state of one server: its identity, its behaviour, its counts.

This module has the state that requests change, and its two views under `/-/`. Sockets, HTTP and
content are elsewhere.
"""

from collections.abc import Callable
from time import monotonic
from typing import NamedTuple

from ..content.added import AddedResponse
from ..faults.draws import Behaviour, Decision, decide, draw
from ..faults.fault_plan import BEYOND_RATE_LIMIT, FaultPlan, plan_faults
from ..http.common_headers import SERVER
from .freezes import Freezes
from .leaky_bucket import LeakyBucket
from .ledger import Ledger
from .received_requests import ReceivedRequests
from .recording import RecordWriter, Replay
from .slots import Slots

VERSION = 1  # version of the JSON under `/-/`; incremented for an incompatible change


class CountedRequest(NamedTuple):
    """The ledger that counts a request, and the decision about the request.

    If `plan` is None, the request gets at most a delay and an error, and its response is sent on
    the fast path. `attempt` numbers the requests for its target, from 1.
    """

    ledger: Ledger
    decision: Decision
    plan: FaultPlan | None = None
    attempt: int = 0


class ServerState:
    """The state of a server, without its sockets. `label` is its name: LOCAL, DELAY or ERROR.

    A `private` server ends with the program that started it, so other programs must not use it.
    With `keep_requests`, it keeps the last requests as they were sent.
    `record` receives the decisions. With `replay`, the decisions come from a recording instead of
    the behaviour and the seed. `clock` returns seconds; only the rate limit depends on it.
    """

    def __init__(
        self,
        label: str,
        behaviour: Behaviour,
        seed: int,
        *,
        private: bool = False,
        keep_requests: bool = False,
        record: RecordWriter | None = None,
        replay: Replay | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.label = label
        self.private = private
        self.behaviour = behaviour
        self.seed = seed
        self._record = record
        self._replay = replay
        self._clock = clock
        self._bucket = _bucket(behaviour)
        self._handshakes = 0
        self._freezes = _freezes(behaviour)
        self._slots = _slots(behaviour)
        # Servers without these options use the fast path, because they are used to measure clients.
        self._has_options = bool(
            behaviour.rules
            or behaviour.bandwidth is not None
            or behaviour.slots is not None
            or behaviour.rate_limit is not None
            or record
            or replay
        )
        self.ledger = Ledger(refuses=self._has_options)
        self.received = ReceivedRequests() if keep_requests else None
        self.added: dict[str, AddedResponse] = {}  # by path; a reset keeps them

    def tls_delay(self) -> float:
        """Return the delay of the next TLS handshake, in seconds, drawn by its number."""
        low, high = self.behaviour.tls_delay or (0.0, 0.0)
        self._handshakes += 1
        return low + draw(self.seed, "tls-delay", "", self._handshakes) * (high - low)

    def count_request(self, target: str) -> CountedRequest | None:
        """Count a request and decide on its faults; return None if it is not counted.

        The page at `/` and everything under `/-/` are not counted and have no faults: inspecting a
        server must not change its counts.
        """
        if target == "/" or target.startswith(("/-/", "/?")):
            return None
        if self._has_options:
            return self._count_and_plan(target)
        attempt = self.ledger.opened(target)
        decision = decide(self.behaviour, self.seed, target, attempt)
        return CountedRequest(self.ledger, decision, None, attempt)

    def _count_and_plan(self, target: str) -> CountedRequest:
        ledger, peak = self.ledger, self.ledger.peak
        attempt = ledger.opened(target)
        if self._replay is not None:
            plan = self._replay.plan(self.label, target, attempt)
        elif self._bucket is not None and not self._bucket.admits(self._clock()):
            plan = BEYOND_RATE_LIMIT
        else:
            plan = plan_faults(self.behaviour, self.seed, target, attempt, ledger.in_flight)
        if plan.refused:
            ledger.refused(peak)
        if self._record is not None:
            self._record.decided(self.label, target, attempt, plan)
        plain = not plan.faults and self.behaviour.bandwidth is None
        return CountedRequest(ledger, plan.decision, None if plain else plan, attempt)

    def delay(self, counted: CountedRequest, now: float) -> float:
        """Return the seconds until the response to a request may begin; a refusal needs no slot."""
        delay = counted.decision.delay
        if self._slots is not None and not (counted.plan and counted.plan.refused):
            delay = self._slots.reserve(delay, now)
        return delay if self._freezes is None else self._freezes.postponed(delay, now)

    def reset(self, seed: int | None = None) -> None:
        """Start a new ledger, free the slots, and use the new seed if one is given.

        The rate limit's bucket is emptied.
        Freezes are counted from the next request. Requests in flight stay in the old ledger, so the
        new one starts at zero.
        """
        self.ledger = Ledger(refuses=self._has_options)
        self._bucket = _bucket(self.behaviour)
        self._handshakes = 0
        if self.received is not None:
            self.received = ReceivedRequests()
        self._freezes = _freezes(self.behaviour)
        self._slots = _slots(self.behaviour)
        if self._record is not None:
            self._record.reset(self.label)
        if seed is not None:
            self.seed = seed

    def about(self) -> dict[str, object]:
        """Return the identity and the settings of this server, which distinguish it from others."""
        more: dict[str, object] = {}
        if self._has_options:
            limit = self.behaviour.rate_limit
            more = {
                "rules": [each.as_dict() for each in self.behaviour.rules],
                "bandwidth": self.behaviour.bandwidth,
                "slots": self.behaviour.slots,
                "rate_limit": limit.rate if limit else None,
                "burst": limit.burst if limit else None,
                "replay": self._replay is not None,
            }
        behaviour = self.behaviour
        if behaviour.max_connections_per_client is not None:
            more["max_connections_per_client"] = behaviour.max_connections_per_client
        if behaviour.requests_per_connection is not None:
            more["requests_per_connection"] = behaviour.requests_per_connection
        if behaviour.tls_delay is not None:
            more["tls_delay"] = behaviour.tls_delay
        if behaviour.freeze is not None:
            more["freeze_every"], more["freeze_for"] = behaviour.freeze
        return {
            "server": SERVER,
            "version": VERSION,
            "label": self.label,
            "seed": self.seed,
            "delay": self.behaviour.delay,
            "error_rate": self.behaviour.error_rate,
            "private": self.private,
            **more,
        }

    def about_and_counts(self) -> dict[str, object]:
        """Return the result of `about` and all counts."""
        return {**self.about(), **self.ledger.as_dict()}


def _bucket(behaviour: Behaviour) -> LeakyBucket | None:
    return None if behaviour.rate_limit is None else LeakyBucket(behaviour.rate_limit)


def _slots(behaviour: Behaviour) -> Slots | None:
    return None if behaviour.slots is None else Slots(behaviour.slots)


def _freezes(behaviour: Behaviour) -> Freezes | None:
    return None if behaviour.freeze is None else Freezes(behaviour.freeze)
