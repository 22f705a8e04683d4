"""The actions that a transfer may ask its shell to take, as one closed union of frozen values.

They are tuples because at least three are made for each file, and a tuple is the cheapest frozen
value.
"""

# Annotations are not deferred in this module: typing compiles each one of a NamedTuple that is.
from typing import NamedTuple, TypeAlias

from getflags.core.events import Progressed, Resumed
from getflags.core.models import FetchRecord, Fields, Outcome, ResumeRecord


class Request(NamedTuple):
    """Send a GET request with these header fields, in this order.

    ``url`` holds no credentials. ``time_left`` is the number of seconds in which the response must
    end; None for no limit. ``certified`` says that the server may see the client certificate.
    """

    url: str
    headers: Fields
    time_left: float | None = None
    certified: bool = False


class Refusal(NamedTuple):
    """A response that says that an origin gets too many requests.

    ``pause`` is the time in seconds for which the origin asked, and ``policy`` is the rate limit
    that it announced, in requests a second; None if it named none. ``explicit`` is false if the
    response may have another cause: a 503 that says nothing else. ``own`` is true if the target was
    refused again and again while others were served, so that the cause lies with this target.
    """

    origin: str
    pause: float | None = None
    policy: float | None = None
    explicit: bool = True
    own: bool = False


class Wait(NamedTuple):
    """Start another try after ``seconds``, because this one failed for ``reason``.

    ``refusal`` is set if the origin refused the request because it gets too many. ``overloaded`` is
    true if the failure may be a sign of too many concurrent requests. ``keep_part`` is false if the
    next try must not resume from the part file. ``mirror`` is as in ``events.Retrying``.
    """

    seconds: float
    reason: str
    refusal: Refusal | None = None
    overloaded: bool = False
    keep_part: bool = True
    mirror: str = ""


class Queue(NamedTuple):
    """Start the try again when ``origin`` accepts another request.

    A redirect led to that origin, and requests to it are held back at the moment; or a mirror there
    is asked before the target's first URL. This is not a failed try.
    """

    origin: str


class Install(NamedTuple):
    """Move the part file to the final name: the file is complete and has been checked.

    ``modified`` is the file's Last-Modified in seconds since 1970, or None if unknown. ``record``
    is stored with the file, for a later ``--exists refresh``.
    """

    modified: int | None
    record: FetchRecord | None = None


class Done(NamedTuple):
    """Do nothing more for this target.

    ``keep_part`` is true if a later run may resume from the part file. ``overloaded`` is as in
    ``Wait``.
    """

    outcome: Outcome
    keep_part: bool = False
    overloaded: bool = False


Action: TypeAlias = Request | Wait | Queue | Install | Done


class ProgressStep(NamedTuple):
    """A step in a long body: the event to emit, and the validator to store with the part file.

    ``event`` is None if the last one was emitted just before.
    """

    event: Progressed | Resumed | None
    record: ResumeRecord | None
