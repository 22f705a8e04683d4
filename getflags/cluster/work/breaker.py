"""The breaker: do not commit a shard whose failures may be caused by the worker.

Its targets may well be there; a later run tries them again. The function is pure.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

from getflags.core.models import Outcome

#: What the system refuses for lack of something of this machine.
_LOCAL = tuple(
    os.strerror(number).lower()
    for number in (
        errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE,
        errno.ENOMEM,
    )
)  # fmt: skip
#: What it says without a network, but also of a host that only has addresses of another version.
_UNREACHABLE = tuple(os.strerror(each).lower() for each in (errno.ENETUNREACH, errno.ENETDOWN))
#: The beginning of the reason if no request of a shard had a response.
NO_ANSWER = "no server answered"
#: The same if there was no way to most of its servers, which may have another IP version only.
UNREACHABLE = "most servers cannot be reached"
_ERRORS = 300  # the first status code after those of success


def doubt(outcomes: Sequence[Outcome], *, accept_failures: bool = False) -> str:
    """Return the reason why the outcomes of a shard do not count; an empty text if they do.

    With ``accept_failures``, they count even if no server answered, or most cannot be reached.
    """
    failed = [each for each in outcomes if each.failed]
    for each in failed:
        # After a status code that is an error, the reason may be a server's text.
        if (each.code or 0) < _ERRORS and _has(each, _LOCAL):
            return f"{each.target.label}: {each.reason}"
    asked = [each for each in outcomes if each.requests]
    if accept_failures or not asked:
        return ""
    if all(each.failed and each.code is None for each in asked):
        return f"{NO_ANSWER}; {asked[-1].target.label}: {asked[-1].reason}"
    unreachable = [each for each in failed if each.code is None and _has(each, _UNREACHABLE)]
    if 2 * len(unreachable) > len(asked):
        last = unreachable[-1]
        return f"{UNREACHABLE}; {last.target.label}: {last.reason}"
    return ""


def _has(outcome: Outcome, texts: Sequence[str]) -> bool:
    return any(text in outcome.reason.lower() for text in texts)
