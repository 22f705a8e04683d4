"""The events of a run, as one closed union of frozen values.

Engines pass them to one function, an ``EventHandler``: the progress display, the report and the
JSON output are handlers. The events are tuples because at least one is made for each file, and a
tuple is the cheapest frozen, picklable value. The handlers decide how to present them to the user.
"""

# Annotations are not deferred in this module: typing compiles each one of a NamedTuple that is.
from collections.abc import Callable
from math import inf
from typing import NamedTuple, TypeAlias

from getflags.core.models import Outcome, Target
from getflags.core.text import printable


class Started(NamedTuple):
    """The first try of a target has started. It may turn out that no request is needed.

    In the processes engine, the target has been sent to a worker, which may be busy with others.
    """

    target: Target


class Progressed(NamedTuple):
    """A part of a body has arrived: ``received`` of ``expected`` bytes so far.

    It is emitted every 256 KiB, but at most ten times a second, and while bytes arrive, about once
    a second.

    ``expected`` is None if the server announced no length.
    """

    target: Target
    received: int
    expected: int | None


class Resumed(NamedTuple):
    """The server continues a part file, of which an earlier try or run has left ``offset`` bytes.

    ``expected`` is the size of the whole file in bytes. The event follows the first bytes received.
    """

    target: Target
    offset: int
    expected: int | None


class Retrying(NamedTuple):
    """A try has failed, and the next one follows in ``seconds`` at the earliest.

    ``origin`` is set if that server refuses requests because there are too many, so that requests
    for its other targets are held back, too. ``asked`` is true if the server named the time.
    ``mirror`` is the URL that is tried next, for display, if it is another one than before.
    """

    target: Target
    seconds: float
    reason: str
    origin: str = ""
    asked: bool = False
    mirror: str = ""


class Finished(NamedTuple):
    """The outcome of a target is known. Exactly one such event is emitted for each target.

    ``seconds`` is the time since its first try started, including retries and waits.
    """

    outcome: Outcome
    seconds: float = 0.0


class Adjusted(NamedTuple):
    """With ``-m auto``, the concurrency of an origin has changed to ``level``."""

    origin: str
    level: int
    reason: str


class Slowed(NamedTuple):
    """The rate of requests to an origin has changed after a refusal.

    ``rate`` is in requests a second; it is ``inf`` if the rate turned out not to be the cause, so
    that there is no limit any more.
    """

    origin: str
    rate: float

    def __str__(self) -> str:
        """Return the message about the event."""
        if self.rate == inf:
            return f"{printable(self.origin)}: no rate limit any more"
        return f"{printable(self.origin)}: {self.rate:.3g} requests a second at most"


Event: TypeAlias = Started | Resumed | Progressed | Retrying | Finished | Adjusted | Slowed

#: A function that is called with each event, on the caller's thread. It must not block, nor raise
#: anything but Stopped.
EventHandler: TypeAlias = Callable[[Event], None]
