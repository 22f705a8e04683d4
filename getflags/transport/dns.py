"""Host names, looked up in good time before a library does it.

Nothing ends a look-up but the resolver itself. httpx's blocking half waits for it without a limit,
and libcurl, which has one, waits all the same when a multi handle is closed. So a name goes to a
library only when the resolver has answered for it once, yes or no; who waits for that here waits as
long as for a connection, and what hangs is a thread that nobody waits for.

The names that were answered for are remembered, but only so many: a program may meet any number of
hosts in its life, and to ask once more does no harm.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from time import monotonic
from urllib.parse import urlsplit

from getflags.core.errors import EXPIRED, Expired, Fault, TimedOut
from getflags.transport.deadlines import start

_MOST = 4096  # names that are remembered


class Names:
    """What names the resolver has answered for; shared by all wires of a process.

    A process that is forked has none of the threads that look names up, and the lock as it was
    just then, held perhaps; so it begins anew there.
    """

    def __init__(self) -> None:
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._answered: dict[str, None] = {}  # the one remembered longest comes first
        self._asked: dict[str, Future[None]] = {}
        self._lock = threading.Lock()

    def wait_for(self, url: str, seconds: float, within: float | None = None) -> float | None:
        """Wait until the name in a URL (a target's or a proxy's) is answered for.

        For at most so many seconds, or TimedOut is raised, and Expired where that is because all
        has to happen ``within`` less. Returns what is left of that. That there is no such host is
        an answer, too, and the library's to tell. Raises Exhausted where nobody can be sent to ask.
        """
        if answer := self._ask(url):
            patience = _Patience(seconds, within)
            try:
                answer.result(patience.seconds)
            except TimeoutError:
                raise patience.lost() from None
            return patience.left()
        return within

    async def await_for(
        self, url: str, seconds: float, within: float | None = None
    ) -> float | None:
        """As ``wait_for``."""
        if answer := self._ask(url):
            patience = _Patience(seconds, within)
            try:
                await asyncio.wait_for(asyncio.wrap_future(answer), patience.seconds)
            except TimeoutError:
                raise patience.lost() from None
            return patience.left()
        return within

    def _ask(self, url: str) -> Future[None] | None:
        place = url[: url.find("/", 8)] if "/" in url[8:] else url
        if place in self._answered:
            return None
        try:
            host = urlsplit(place).hostname or ""
        except ValueError:  # it is the library's to refuse
            host = ""
        if ":" in host or not host.strip(".0123456789"):  # an address, or nothing at all
            with self._lock:
                self._remember(place)
            return None
        with self._lock:
            if place in self._asked:
                return self._asked[place]
            answer: Future[None] = Future()
            answer.set_running_or_notify_cancel()  # who gives up must not take it from the others
            look_up = partial(self._look_up, place, host, answer)
            start(threading.Thread(target=look_up, daemon=True))
            self._asked[place] = answer
            return answer

    def _look_up(self, place: str, host: str, answer: Future[None]) -> None:
        with suppress(OSError, UnicodeError):  # it will meet the library, too
            socket.getaddrinfo(host, None)
        with self._lock:
            self._remember(place)
            del self._asked[place]
        answer.set_result(None)

    def _remember(self, place: str) -> None:
        while len(self._answered) >= _MOST:
            del self._answered[next(iter(self._answered))]
        self._answered[place] = None


class _Patience:
    """How long to wait for an answer, with the limit of the whole request in mind."""

    def __init__(self, seconds: float, within: float | None) -> None:
        self.seconds = seconds if within is None else min(seconds, within)
        self._within = within
        self._began = monotonic()

    def lost(self) -> Fault:
        """Return the fault that the wait ends with."""
        if self.seconds == self._within:
            return Expired(EXPIRED)
        return TimedOut(f"no answer from the resolver within {self.seconds:g} s")

    def left(self) -> float | None:
        """Return what is left for the request itself."""
        if self._within is None:
            return None
        return max(0.001, self._within - (monotonic() - self._began))


#: The resolver is the system's, and so is what is known of it.
NAMES = Names()
