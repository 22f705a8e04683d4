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
_ERRORS = 300  # the first status code after those of success


def doubt(outcomes: Sequence[Outcome], *, accept_failures: bool = False) -> str:
    """Return the reason why the outcomes of a shard do not count; an empty text if they do.

    With ``accept_failures``, they count even if no server answered.
    """
    failed = [each for each in outcomes if each.failed]
    for each in failed:
        # After a status code that is an error, the reason may be a server's text.
        if (each.code or 0) < _ERRORS and any(text in each.reason for text in _LOCAL):
            return f"{each.target.label}: {each.reason}"
    asked = [each for each in outcomes if each.requests]
    if asked and not accept_failures and all(each.failed and each.code is None for each in asked):
        return f"no server answered; {asked[-1].target.label}: {asked[-1].reason}"
    return ""
