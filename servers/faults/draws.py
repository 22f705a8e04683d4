"""What goes wrong, and when: every delay and every error of a server, decided by a hash.

What may live here: pure functions from (seed, kind of fault, path, attempt) to a decision, and
the values that they take and give. What may not: input, output, a clock, `random`, state, and
anything about HTTP beyond a path and a status code.

Why a hash and not a random generator: a generator hands out its numbers in the order of arrival,
so two clients, or one client at two levels of concurrency, would meet different faults and could
not be compared. A hash of what is asked does not know who came first.

Kinds draw independently of each other, so adding one does not move the faults that a seed already
stands for. Delay and error are as old as the servers and stand here; the others are rules, whose
kinds have a file each in `misbehaviour` and are composed in `verdict`.
"""

import re
from dataclasses import dataclass
from hashlib import blake2b
from http import HTTPStatus
from typing import NamedTuple

from .rules import Rule

_UNIT = 2.0**-53  # a float has 53 bits of precision: the finest even grid over [0, 1)
_SEED = re.compile(r"-?[0-9]{1,40}")


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a server treats its clients.

    `delay` is the least and the most time in seconds before an answer, drawn uniformly;
    `error_rate` is the share of requests, 0 to 1, that get an error in place of the answer;
    `rules` say what else goes wrong; `bandwidth` is how many bytes of bodies leave a second;
    `slots` are how many requests are served at a time, while the others wait in line.
    """

    delay: tuple[float, float] = (0.0, 0.0)
    error_rate: float = 0.0
    rules: tuple[Rule, ...] = ()
    bandwidth: int | None = None
    slots: int | None = None


class Decision(NamedTuple):
    """What happens to one request: wait `delay` seconds, then answer `status` if not None."""

    delay: float = 0.0
    status: HTTPStatus | None = None


UNTOUCHED = Decision()


def parse_seed(text: str) -> int:
    """Return the seed written in `text`; raise ValueError if it is no whole number."""
    # int() alone would take "1_000" and " 7 ", and would take minutes over a million digits.
    if not _SEED.fullmatch(text):
        raise ValueError(f"{text!r} is not a seed: give a whole number of at most 40 digits")
    return int(text)


def draw(seed: int, kind: str, path: str, attempt: int) -> float:
    """Return a number in [0, 1), always the same for the same four arguments.

    `kind` names the fault and has no blank in it; `attempt` is 1 for the first request of `path`.
    """
    # The path comes last because it alone may contain anything: no two argument lists look alike.
    # blake2b, because hash() is salted anew in each process.
    question = f"{seed} {kind} {attempt} {path}".encode()
    digest = blake2b(question, digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) * _UNIT


def decide(behaviour: Behaviour, seed: int, path: str, attempt: int) -> Decision:
    """Return what happens to the given attempt at `path` (the request path with its query).

    A request that gets an error waits its delay too: a struggling server is slow to say no.
    """
    low, high = behaviour.delay
    if not high and not behaviour.error_rate:  # the fast path, for servers without faults
        return UNTOUCHED
    delay = low + draw(seed, "delay", path, attempt) * (high - low) if high else 0.0
    erred = draw(seed, "error", path, attempt) < behaviour.error_rate
    return Decision(delay, HTTPStatus.IM_A_TEAPOT if erred else None)
