"""The request log of a server: one line per request."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

from ..faults.values import printable
from .masking import without_secrets


def _now() -> datetime:
    return datetime.now(UTC)


class RequestLog:
    """The log of the server `label`, written to `file`; several servers may share the file.

    If writing fails, or if there is no file, the server runs without a log. `now` returns the time.
    """

    def __init__(self, label: str, file: TextIO | None, now: Callable[[], datetime] = _now) -> None:
        self._label = label
        self._file = file
        self._now = now

    def write(  # noqa: PLR0917 - the columns of a line
        self,
        client: str,
        method: str,
        target: str,
        status: int | None,
        size: int,
        seconds: float | None,
    ) -> None:
        """Write a line about a request, after its response was sent or its client disconnected.

        `status` is None if no status line was sent. `size` is the number of body bytes that were
        handed over for sending, and `seconds` is the time since the request was received, or None
        if it was invalid. Header fields are not logged, and secrets in the target are hidden.
        """
        if self._file is None:
            return
        words = (
            self._now().isoformat(timespec="milliseconds"),
            self._label,
            client,
            method,
            without_secrets(target),
            "-" if status is None else int(status),
            size,
            "-" if seconds is None else f"{seconds:.3f}",
        )
        try:
            self._file.write(printable(" ".join(map(str, words))) + "\n")
            self._file.flush()
        except (OSError, ValueError):  # a closed pipe or a full disk; ValueError: a closed file
            self._file = None


def address_text(address: tuple[object, ...] | None) -> str:
    """Return the address of a socket as ``HOST:PORT``, or ``-`` if the client is gone."""
    if not address:
        return "-"
    host, port = str(address[0]), address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
