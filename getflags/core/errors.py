"""What can go wrong, as a small tree.

Only exceptions live here: no texts for people beyond what the raiser gives, no policy (what is
worth another try is decided elsewhere), no foreign exception (each transport converts those of its
library). A file's failure is *not* an exception for long: it ends as an ``Outcome``.

::

    GetflagsError
    ├── UsageError        the command or the arguments are wrong: nothing was requested (exit 2)
    ├── NotSaved          the disk refused a file
    └── Fault             one request went wrong; the transfer decides what becomes of the file
        ├── Unreachable   no connection: name not resolved, refused, no route, proxy
        ├── TimedOut      connecting or reading took longer than allowed
        ├── Exhausted     the system grants no more threads just now
        ├── Untrusted     TLS failed: never tried again, never downgraded
        ├── Disconnected  the connection broke; ``stale`` where it was an idle one, reused
        ├── Expired       the whole file took longer than allowed: there is no time for more
        ├── Excess        more came than is wanted
        ├── Malformed     what came is not HTTP, or what we were to send is not
        └── Aborted       we ended it ourselves; what came may look whole and is not
"""

from __future__ import annotations


class GetflagsError(Exception):
    """Every error that getflags raises on purpose."""


class UsageError(GetflagsError):
    """The request makes no sense as given; its text is one sentence for the user."""


class NotSaved(GetflagsError):
    """The disk refused; the text is its reason."""


class Fault(GetflagsError):
    """One request went wrong. Its text says what happened and is never empty."""


class Unreachable(Fault):
    """No connection could be made."""


class TimedOut(Fault):
    """The peer was silent for longer than allowed."""


class Exhausted(Fault):
    """The system grants no more threads just now."""


EXPIRED = "the time for the whole file is over"


class Expired(Fault):
    """The time for the whole file is over. ``EXPIRED`` says so."""


class Excess(Fault):
    """More came than is wanted."""


class Untrusted(Fault):
    """TLS could not be set up: the certificate, the protocol or the local store is at fault."""


class Disconnected(Fault):
    """The connection broke before the response was whole.

    ``stale`` is true where no head had come on a connection that had served before: most likely
    the server had closed it between two requests, and a GET may be sent again on a fresh one, even
    where retries are off (RFC 9112 section 9.3.1, RFC 9110 section 9.2.2).
    """

    def __init__(self, message: str, *, stale: bool = False) -> None:
        super().__init__(message)
        self.stale = stale


class Malformed(Fault):
    """The peer's message breaks the protocol, or no message could be made from the request."""


class Aborted(Fault):
    """We ended the request ourselves, from another thread.

    Not a kind of ``Disconnected``: nobody may try again, and a body that ends with the connection
    must not be taken for whole.
    """
