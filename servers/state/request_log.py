"""The request log of a server: one line per request."""

from typing import TextIO

from ..faults.values import printable


class RequestLog:
    """The log of the server `label`, written to `file`; several servers may share the file.

    If writing fails, or if there is no file, the server runs without a log.
    """

    def __init__(self, label: str, file: TextIO | None) -> None:
        self._label = label
        self._file = file

    def write(self, method: str, target: str, status: int | None, size: int) -> None:
        """Write a line about a request, after its response was sent or its client disconnected.

        `status` is None if no status line was sent. `size` is the number of body bytes that were
        handed over for sending.
        """
        if self._file is None:
            return
        words = (self._label, method, target, "-" if status is None else int(status), size)
        try:
            self._file.write(printable(" ".join(map(str, words))) + "\n")
            self._file.flush()
        except (OSError, ValueError):  # a closed pipe or a full disk; ValueError: a closed file
            self._file = None
