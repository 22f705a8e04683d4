"""``--failed-out``: the targets that failed, as a list that ``-i`` takes.

Written beside its final name and moved there at the end, because the list that is being read may be
the very same file.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from getflags.errors import UsageError
from getflags.events import Emit, Event, Finished
from getflags.inputfile import unparse
from getflags.plan import entry_again
from getflags.text import quoted


@contextmanager
def list_failures(name: str, default_folder: str) -> Iterator[Emit]:
    """Yield a reader of events that writes the list. Raises UsageError if it can't be made."""
    path = Path(name)
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "Is a directory")
        descriptor, temporary = tempfile.mkstemp(prefix=".getflags-", dir=path.parent)
    except OSError as error:
        raise UsageError(f"cannot write {quoted(name)}: {error.strerror}") from None
    with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123 - a descriptor

        def read(event: Event) -> None:
            if isinstance(event, Finished) and event.outcome.failed:
                file.write(unparse(entry_again(event.outcome.target, default_folder)))
                file.flush()

        try:
            yield read
        finally:  # also when interrupted: what failed until then is known
            os.chmod(temporary, 0o666 & ~_umask())  # noqa: PTH101 - mkstemp makes it private
            os.replace(temporary, path)  # noqa: PTH105


def _umask() -> int:
    """Return the process's umask, which can only be read by setting it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
