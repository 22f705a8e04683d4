"""Delays and errors of a server, drawn from a hash of the request.

The functions here are pure: they map the seed, the kind of fault, the path and the attempt to a
decision. They use no state, no clock and no `random`.

A random generator would return its numbers in the order in which requests arrive. Two clients, or
one client at two levels of concurrency, would then encounter different faults, and could not be
compared. A hash of the request does not depend on that order.

Each kind of fault has independent draws, so adding a kind does not change the faults of an existing
seed. Delays and errors are drawn here; all other faults are rules, whose kinds are in `kinds` and
whose draws are combined in `fault_plan`.
"""

import re
from dataclasses import dataclass
from hashlib import blake2b
from http import HTTPStatus
from typing import NamedTuple

from .freeze import Freeze
from .rules import Rule

_UNIT = 2.0**-53  # a float has 53 bits of precision: the finest even grid over [0, 1)
_SEED = re.compile(r"-?[0-9]{1,40}")


class RateLimit(NamedTuple):
    """A limit of `rate` requests per second, which `burst` further requests may exceed at once."""

    rate: float
    burst: int = 0


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The behaviour of a server towards its clients.

    `delay` is the minimum and the maximum time before a response, in seconds, drawn uniformly.
    `error_rate` is the share of requests, 0 to 1, that are answered with an error. `rules` define
    the other faults. `bandwidth` is the maximum number of body bytes sent per second. `slots`
    limits the requests that are delayed at the same time; the others wait for them. Requests
    beyond `rate_limit` are refused with 429. A client has at most `max_connections_per_client`
    connections: further ones are closed at once. A connection is closed after
    `requests_per_connection` responses. `tls_delay` is the minimum and the maximum time before a
    TLS handshake is answered. While the server is frozen (`freeze`), it starts no response.
    """

    delay: tuple[float, float] = (0.0, 0.0)
    error_rate: float = 0.0
    rules: tuple[Rule, ...] = ()
    bandwidth: int | None = None
    slots: int | None = None
    rate_limit: RateLimit | None = None
    max_connections_per_client: int | None = None
    requests_per_connection: int | None = None
    tls_delay: tuple[float, float] | None = None
    freeze: Freeze | None = None


class Decision(NamedTuple):
    """The decision about one request: wait `delay` seconds, then respond with `status`, if any."""

    delay: float = 0.0
    status: HTTPStatus | None = None


UNTOUCHED = Decision()


def parse_seed(text: str) -> int:
    """Return `text` as a seed. Raises ValueError if it is not a whole number."""
    # int() alone would accept "1_000" and " 7 ", and would take minutes for a million digits.
    if not _SEED.fullmatch(text):
        raise ValueError(f"{text!r} is not a seed: use a whole number of at most 40 digits")
    return int(text)


def draw(seed: int, kind: str, path: str, attempt: int) -> float:
    """Return a number in [0, 1) that depends only on the four arguments.

    `kind` is the name of a fault, without a space; `attempt` is 1 for the first request for `path`.
    """
    # The path is last because only the path may contain a space, so different arguments never give
    # the same bytes. The hash is blake2b because hash() is salted per process.
    question = f"{seed} {kind} {attempt} {path}".encode()
    digest = blake2b(question, digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) * _UNIT


def decide(behaviour: Behaviour, seed: int, path: str, attempt: int) -> Decision:
    """Return the decision about the given attempt at `path`, which includes the query.

    A request that is answered with an error is delayed too: an overloaded server is slow to fail.
    """
    low, high = behaviour.delay
    if not high and not behaviour.error_rate:  # the fast path, for servers without faults
        return UNTOUCHED
    delay = low + draw(seed, "delay", path, attempt) * (high - low) if high else 0.0
    erred = draw(seed, "error", path, attempt) < behaviour.error_rate
    return Decision(delay, HTTPStatus.IM_A_TEAPOT if erred else None)
