"""The bundled servers of a bench: started for it, with the requested faults, reset for each run.

A bench always starts its own servers on free ports, because a running server may have other
options or other clients. One process serves all of them, like ``getflags serve``, because the
meaning of some options depends on the set of servers.
"""

from __future__ import annotations

import json
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from typing import IO, Any

from getflags.core.errors import GetflagsError, UsageError
from getflags.testing.bundled import module
from getflags.testing.interpreter import running

_TIMEOUT = 5.0  # seconds for a response; the server is idle between runs
_USAGE = 2  # the exit code of the servers for invalid options
#: An opener that ignores proxy settings, because these servers are on this machine.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class BundledServer:
    """A running bundled server. ``root`` is its URL, ``base_url`` the URL of its flags."""

    def __init__(self, label: str, base_url: str) -> None:
        self.label = label
        self.base_url = base_url
        self.root = base_url.removesuffix("/flags")

    def reset(self, seed: int) -> None:
        """Clear the ledger and restart the faults from this seed. Raises GetflagsError."""
        self._ask(f"/-/reset?seed={seed}", b"")

    def peak(self) -> int:
        """Return the largest number of requests in flight. Raises GetflagsError."""
        return int(self._ask("/-/ledger")["peak_in_flight"])

    def _ask(self, path: str, data: bytes | None = None) -> dict[str, Any]:
        try:
            with _DIRECT.open(self.root + path, data, _TIMEOUT) as answer:
                return dict(json.load(answer))
        except (OSError, HTTPException, ValueError) as error:
            raise GetflagsError(f"the server {self.label} stopped responding") from error


@contextmanager
def prepared(labels: Sequence[str], arguments: Sequence[str]) -> Iterator[dict[str, BundledServer]]:
    """Start servers with these arguments of ``getflags serve``, and stop them afterwards.

    Raises UsageError with the servers' message if they reject an argument, and GetflagsError if
    they do not start.
    """
    options = ("--port", "0", "--lifeline")
    with (
        tempfile.TemporaryFile() as messages,
        running(module(), *labels, *options, *arguments, errors=messages) as (process, _, ready),
    ):
        lines = [ready.readline().decode().split() for _ in labels]
        if not all(lines):
            _raise_error(process.wait(), messages)
        yield {label: BundledServer(label, base_url) for label, base_url in lines}


def _raise_error(code: int, messages: IO[bytes]) -> None:
    """Raise an exception with the error message of servers that did not start."""
    messages.seek(0)
    sentence = messages.read().decode().strip().partition(": ")[2]
    if code == _USAGE and sentence:
        raise UsageError(sentence)
    raise GetflagsError("the bundled servers did not start")
