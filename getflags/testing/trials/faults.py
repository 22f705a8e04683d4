"""The faults of a trial, by name, as options of a bundled server.

With a standard fault, a client that requests each file three times can download all of them, except
for the redirect loops, which never end, and the rate limit, which it must wait for. A wrong range
can only follow a broken connection, so the faults of ranges begin with one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from getflags.core.errors import UsageError
from getflags.core.text import closest, quoted
from getflags.testing.flag_server import Options

NO_FAULT = "none"
_CUT = "truncate:first=1"
STANDARD: Mapping[str, Options] = {
    NO_FAULT: {},
    "truncate": {"fault": "truncate:rate=0.5,first=2"},
    "stall": {"fault": "stall:first=1,match=*1.bin"},  # one file of ten
    "drip": {"fault": "drip:size=10000,every=0.1,rate=0.3"},
    "reset": {"fault": "reset:rate=0.5,first=2"},
    "busy": {"fault": "busy:rate=0.5,first=2"},
    "busy-no-retry-after": {"fault": "busy:retry-after=none,rate=0.5,first=2"},
    "rate-limit": {"rate_limit": 5, "burst": 2},
    "error": {"fault": "error:first=1"},
    "range-wrong": {"fault": [_CUT, "range-wrong:first=2"]},
    "range-ignored": {"fault": [_CUT, "range-ignored"]},
    "etag-changes": {"fault": [_CUT, "etag-changes:if-range=ignored"]},
    "redirect-loop": {"fault": "redirect-loop:match=*[13579].bin"},
    "wrong-length": {"fault": "wrong-length:rate=0.5,first=2"},
    "garbage": {"fault": "garbage:rate=0.5,first=2"},
}
_OTHERS = ("latency",)  # only with parameters


def confirms(fault: str) -> bool:
    """Return whether the server confirms by its responses that a complete file is complete.

    With a Content-Length that is too large, it does not: a client that reports a failure, although
    all bytes are there, is right.
    """
    return fault.partition(":")[0] != "wrong-length"


def select(names: Iterable[str]) -> dict[str, Options]:
    """Return the options of each fault; without names, those of the standard set.

    A name of the standard set stands for its options. Everything else, ``NAME:PARAM=VALUE,...``, is
    a fault as in ``getflags serve --fault``, whose parameters the server checks. Raises UsageError.
    """
    return {name: _options(name) for name in names} or dict(STANDARD)


def _options(text: str) -> Options:
    if text in STANDARD:
        return STANDARD[text]
    name = text.partition(":")[0]
    if name not in STANDARD and name not in _OTHERS:
        known = [*STANDARD, *_OTHERS]
        near = closest(name, known)
        raise UsageError(
            f"--fault: {quoted(text)} is not a fault: use {', '.join(known)}"
            + (f"; did you mean {near}?" if near else "")
        )
    return {"fault": text}
