"""Events and the summary as JSON, one object per line, for scripts.

Field names are stable, but new fields may be added. Passwords are left out, because the output is
often written to a log.
"""

from __future__ import annotations

import json
from math import inf
from typing import Any

from getflags.core.events import Adjusted, Event, Progressed, Resumed, Retrying, Slowed, Started
from getflags.core.models import Status, Target
from getflags.core.urls import redact
from getflags.output.summary import Report


def line(event: Event) -> str:
    """Return an event as one line of ASCII text."""
    return json.dumps(_values(event))


def planned(target: Target) -> str:
    """Return a target of a dry run as one line of ASCII text."""
    return json.dumps({"event": "planned", **_target(target), "reason": target.flaw})


def summary(report: Report, exit_code: int, folder: str) -> str:
    """Return the summary of a run as one line of ASCII text."""
    values = {
        "event": "summary",
        "counts": {each.value: report.counts[each] for each in Status},
        "unchecked": report.unchecked,
        "duplicates": report.duplicates,
        "bytes": report.bytes,
        "resumed": report.resumed,
        "seconds": round(report.elapsed, 6),
        "stopped": report.stopped or None,
        "exit_code": exit_code,
        "dir": folder,
    }
    return json.dumps(values)


def _values(event: Event) -> dict[str, Any]:
    if isinstance(event, Started | Resumed | Progressed):
        target, *_ = event
        values = event._asdict()
        del values["target"]
        return {"event": type(event).__name__.lower(), **_target(target), **values}
    if isinstance(event, Retrying):
        target, seconds, reason, origin, asked, mirror = event
        waiting = {"seconds": seconds, "reason": reason, "pause": origin or None, "asked": asked}
        return {"event": "retrying", **_target(target), **waiting, "mirror": mirror or None}
    if isinstance(event, Adjusted):
        return {"event": "adjusted", **event._asdict()}
    if isinstance(event, Slowed):
        return {"event": "slowed", "origin": event.origin, "rate": _finite(event.rate)}
    outcome = event.outcome
    return {
        "event": "finished",
        **_target(outcome.target),
        "path": outcome.path if outcome.target.url else None,
        "status": outcome.status.value,
        "failed": outcome.failed,
        "reason": outcome.reason,
        "code": outcome.code,
        "size": outcome.size,
        "requests": outcome.requests,
        "unsized": outcome.unsized,
        "note": outcome.note,
        "resumed": outcome.resumed,
        "mirror": outcome.mirror or None,
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
