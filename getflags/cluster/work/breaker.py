"""The breaker: a shard whose failures are this machine's or a dead server's is not committed.

Its targets may well be there; a later run tries them again. The function is pure.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

from getflags.core.models import Outcome

#: What the system refuses for lack of something of this machine.
_LOCAL = tuple(
    os.strerror(number)
    for number in (
        errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE,
        errno.ENOMEM, errno.ENETUNREACH, errno.ENETDOWN,
    )
)  # fmt: skip


def doubt(outcomes: Sequence[Outcome]) -> str:
    """Return the reason why the outcomes of a shard do not count; an empty text if they do."""
    failed = [each for each in outcomes if each.failed]
    for each in failed:
        if any(text in each.reason for text in _LOCAL):
            return f"{each.target.label}: {each.reason}"
    asked = [each for each in outcomes if each.requests]
    if asked and all(each.failed and each.code is None for each in asked):
        return f"no server answered; {asked[-1].target.label}: {asked[-1].reason}"
    return ""
