"""Events as records of the logger ``getflags``, for programs that use the library.

A reader of events, like the report. What went well is logged at DEBUG, because there may be a
million of it. Retries, failures and changes of level are logged at INFO. Nothing is logged higher:
whether a failed file deserves a warning is for the caller to decide, who has the report. Records
hold labels, never URLs, so no password and no control character reaches a log.
"""

from __future__ import annotations

import sys

from getflags.core.events import Adjusted, Event, EventHandler, Finished, Retrying, Started
from getflags.core.models import Status
from getflags.core.text import brief

_FINE = {Status.OK, Status.PRESENT}


def reader() -> EventHandler | None:
    """Return a reader that logs events, or None where ``logging`` is not loaded.

    A program that has not loaded it has no handler for a record either, and loading it would add
    10 ms to the start.
    """
    if "logging" not in sys.modules:
        return None
    import logging

    logger = logging.getLogger("getflags")
    if not logger.handlers:  # without one, logging would print warnings by itself
        logger.addHandler(logging.NullHandler())

    def read(event: Event) -> None:
        if not logger.isEnabledFor(logging.INFO):
            return  # the usual case: 0.3 µs an event, where its text would cost 2
        if isinstance(event, Started):
            logger.debug("%s: started", event.target.label)
        elif isinstance(event, Retrying):
            target, seconds, reason, _ = event
            logger.info("%s: retrying in %.1f s: %s", target.label, seconds, brief(reason))
        elif isinstance(event, Adjusted):
            origin, number, reason = event
            logger.info("%s: %d at a time: %s", brief(origin), number, brief(reason))
        elif isinstance(event, Finished):
            target, status, reason, *_ = event.outcome
            level = logging.DEBUG if status in _FINE else logging.INFO
            logger.log(level, "%s: %s (%s)", target.label, status.value, brief(reason) or "whole")

    return read
