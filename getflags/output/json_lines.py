"""Events as JSON, one object per line, for scripts.

Field names are stable, but new fields may be added. Passwords are left out, because the output is
often written to a log.
"""

from __future__ import annotations

import json
from math import inf
from typing import Any

from getflags.core.events import Adjusted, Event, Progressed, Retrying, Slowed, Started
from getflags.core.models import Target
from getflags.core.urls import redact


def line(event: Event) -> str:
    """Return an event as one line of ASCII text."""
    return json.dumps(_values(event))


def _values(event: Event) -> dict[str, Any]:
    if isinstance(event, Started):
        return {"event": "started", **_target(event.target)}
    if isinstance(event, Progressed):
        target, received, expected = event
        return {
            "event": "progressed",
            **_target(target),
            "received": received,
            "expected": expected,
        }
    if isinstance(event, Retrying):
        target, seconds, reason, origin, asked = event
        waiting = {"seconds": seconds, "reason": reason, "pause": origin or None, "asked": asked}
        return {"event": "retrying", **_target(target), **waiting}
    if isinstance(event, Adjusted):
        return {"event": "adjusted", **event._asdict()}
    if isinstance(event, Slowed):
        return {"event": "slowed", "origin": event.origin, "rate": _finite(event.rate)}
    outcome = event.outcome
    return {
        "event": "finished",
        **_target(outcome.target),
        "status": outcome.status.value,
        "failed": outcome.failed,
        "reason": outcome.reason,
        "code": outcome.code,
        "size": outcome.size,
        "requests": outcome.requests,
        "unsized": outcome.unsized,
        "seconds": round(event.seconds, 6),
    }


def _finite(rate: float) -> float | None:
    return None if rate == inf else round(rate, 3)


def _target(target: Target) -> dict[str, Any]:
    return {
        "index": target.number,
        "target": target.label,
        "url": redact(target.url),
        "path": target.path if target.url else None,
    }
