"""The exceptions of getflags.

This module holds no messages, no policy (``transfer.retry`` decides which faults are retried) and
no exceptions from libraries (each transport translates those). A file's failure is an exception
only until the transfer handles it; then it is an ``Outcome``.

::

    GetflagsError
    ├── UsageError        the command or the arguments are wrong: nothing was requested (exit 2)
    ├── Stopped           the run ends before all targets have ended
    ├── NotSaved          a file could not be written
    └── Fault             a request failed; the transfer decides whether to retry
        ├── Unreachable   no connection: unknown host, no open files, proxy
        │   ├── Refused     connection refused, or no route to the host or its network
        │   ├── Unresolved  the resolver failed, which says nothing about the host name
        │   └── NotPublic   the host has no public address, and no other one may be used
        ├── TimedOut      connecting or reading took longer than allowed
        ├── Exhausted     the system allows no more threads at the moment
        ├── Untrusted     TLS failed: never downgraded
        │   └── BadCertificateFile  certificates or a private key of this system are unusable
        ├── Disconnected  the connection broke; ``stale`` if it was a reused one
        ├── Expired       the deadline of the whole file has passed
        ├── Excess        the body is larger than allowed
        │   └── Overlong    the body is larger than announced
        ├── Malformed     the response is not valid HTTP
        │   └── Unsendable  the request cannot be sent, or a redirect is not followed
        └── Aborted       getflags ended the request; its body may look complete although it is not
"""

from __future__ import annotations


class GetflagsError(Exception):
    """The base class of all errors that getflags raises on purpose."""


class UsageError(GetflagsError):
    """A command or an argument is wrong; the text is one sentence for the user."""


class Stopped(GetflagsError):
    """The run ends before all targets have ended, as the user wants; the text is the reason."""


class NotSaved(GetflagsError):
    """A file could not be written; the text is the system's reason."""


class Fault(GetflagsError):
    """A request failed. The text says what happened and is never empty."""


class Unreachable(Fault):
    """No connection could be made."""


class Refused(Unreachable):
    """The host, or the network on the way to it, refused the connection at once.

    ECONNREFUSED, EHOSTUNREACH or ENETUNREACH, or ECONNRESET and ECONNABORTED before the connection
    was made. Behind a proxy, it is the proxy that is not reached. Unlike other failures to connect,
    this one may pass: a server that restarts refuses connections, or resets those that wait.
    """


class Unresolved(Unreachable):
    """The resolver failed, for example because no name server answered (EAI_AGAIN).

    An unknown host (EAI_NONAME) is only ``Unreachable``.
    """


class NotPublic(Unreachable):
    """The host has no public address, so it was not connected to (``no_private_addresses``)."""


class TimedOut(Fault):
    """The peer was silent, or too slow, for longer than allowed."""


class Exhausted(Fault):
    """The system allows no more threads at the moment."""


class Expired(Fault):
    """The deadline of the whole file has passed."""

    def __init__(self, message: str = "the time for the whole file is over") -> None:
        super().__init__(message)


class Excess(Fault):
    """The body is larger than allowed."""


class Overlong(Excess):
    """The body is larger than announced."""


class Untrusted(Fault):
    """TLS failed, because of a certificate, the protocol or a local file of certificates."""


class BadCertificateFile(Untrusted):
    """A local file of certificates, or of a private key, cannot be used: no server is at fault."""


class Disconnected(Fault):
    """The connection broke before the response was complete.

    ``stale`` is true if the connection had served an earlier request and no response head arrived.
    In that case, the server has most likely closed the idle connection, and a GET may be sent again
    on a new one even if retries are off (RFC 9112 section 9.3.1, RFC 9110 section 9.2.2).
    """

    def __init__(self, message: str, *, stale: bool = False) -> None:
        super().__init__(message)
        self.stale = stale


class Malformed(Fault):
    """The response violates the protocol."""


class Unsendable(Malformed):
    """The request cannot be sent, or a redirect is not followed; a retry changes nothing."""


class Aborted(Fault):
    """Another thread of getflags ended the request.

    It is not a ``Disconnected``: the request must not be retried, and a body that ends with the
    connection must not count as complete.
    """
