"""The bundled servers of a bench: its own, with faults as wanted, begun anew for each run.

Always started for the bench, on any free ports: one that runs already may behave otherwise, and
somebody else may be asking it. One process for all of them, as ``getflags serve`` has it, because
what some of its options mean depends on which servers there are.
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
from getflags.core.interpreter import running
from getflags.testing.bundled import module

_TIMEOUT = 5.0  # seconds; for a server of ours that has nothing else to do
_USAGE = 2  # what the servers end with where their words make no sense
#: Without anybody's proxies: these servers are on this machine.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class BundledServer:
    """A bundled server that runs. ``root`` is its URL without a path, ``base_url`` its flags'."""

    def __init__(self, label: str, base_url: str) -> None:
        self.label = label
        self.base_url = base_url
        self.root = base_url.removesuffix("/flags")

    def begin_anew(self, seed: int) -> None:
        """Forget all that was asked, and draw faults from this seed. Raises GetflagsError."""
        self._ask(f"/-/reset?seed={seed}", b"")

    def peak(self) -> int:
        """Return the most requests that were in flight. Raises GetflagsError."""
        return int(self._ask("/-/ledger")["peak_in_flight"])

    def _ask(self, path: str, data: bytes | None = None) -> dict[str, Any]:
        try:
            with _DIRECT.open(self.root + path, data, _TIMEOUT) as answer:
                return dict(json.load(answer))
        except (OSError, HTTPException, ValueError) as error:
            raise GetflagsError(f"the server {self.label} does not answer any more") from error


@contextmanager
def prepared(labels: Sequence[str], words: Sequence[str]) -> Iterator[dict[str, BundledServer]]:
    """Start servers, with options in words as ``getflags serve`` takes them; stop them afterwards.

    Raises UsageError with the servers' own sentence where they refuse the words, and GetflagsError
    where they don't start.
    """
    options = ("--port", "0", "--lifeline")
    with (
        tempfile.TemporaryFile() as said,
        running(module(), *labels, *options, *words, errors=said) as (process, _, ready),
    ):
        lines = [ready.readline().decode().split() for _ in labels]
        if not all(lines):
            _refused(process.wait(), said)
        yield {label: BundledServer(label, base_url) for label, base_url in lines}


def _refused(code: int, said: IO[bytes]) -> None:
    """Raise what servers had to say that didn't start."""
    said.seek(0)
    sentence = said.read().decode().strip().partition(": ")[2]
    if code == _USAGE and sentence:
        raise UsageError(sentence)
    raise GetflagsError("the bundled servers did not start")
