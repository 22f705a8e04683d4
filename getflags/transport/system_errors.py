"""Faults for the operating system's errors while connecting, the same for all HTTP libraries."""

from __future__ import annotations

import errno
import os

from getflags.core.errors import Refused, Unreachable

_REFUSED = {errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH}


def message(number: int) -> str:
    """Return the system's message for an ``errno``, in lower case; empty for 0."""
    if number == errno.ECONNREFUSED:
        return "connection refused"
    return os.strerror(number).lower() if number else ""


def no_connection(where: str, number: int, otherwise: str) -> Unreachable:
    """Return the fault for a connection that failed with an ``errno``.

    ``where`` is the start of its message. ``otherwise`` is its reason if the number is 0, because
    the library did not report one.
    """
    kind = Refused if number in _REFUSED else Unreachable
    return kind(where + (message(number) or otherwise))
