"""DNS lookups with a timeout, made before a host name is passed to an HTTP library.

A lookup cannot be cancelled. Synchronous httpx waits for it without a timeout; libcurl has a
timeout, but waits for the lookup when its multi handle is closed. So a name is passed to the
library only after the system's resolver has answered for it once, with or without an address. The
lookup runs in a daemon thread, and a request waits for it at most as long as for a connection. If
the resolver never answers, only that thread hangs.

Host names that were looked up are remembered, up to a limit, because a program may use any number
of hosts; a second lookup does no harm.
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

from getflags.core.errors import Expired, Fault, TimedOut
from getflags.core.resource_limits import start_thread

_MAX_REMEMBERED = 4096  # origins


class HostLookups:
    """The DNS lookups that are running or complete; shared by all transports of a process.

    A forked process does not inherit the threads that look names up, and the lock may be held at
    the time of the fork; so the object resets itself in the child.
    """

    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._complete: dict[str, None] = {}  # origins, the oldest first
        self._running: dict[str, Future[None]] = {}  # by origin
        self._lock = threading.Lock()

    def wait_for(self, url: str, seconds: float, within: float | None = None) -> float | None:
        """Wait until the host name in a URL (a target's or a proxy's) has been looked up.

        The wait takes at most ``seconds``, and at most ``within``, the time limit of the whole
        request. Returns the rest of ``within``. An unknown host is not an error here; the library
        reports it. Raises TimedOut after ``seconds``, Expired after ``within``, and Exhausted if no
        thread can be started.
        """
        if lookup := self._look_up(url):
            wait = _Wait(seconds, within)
            try:
                lookup.result(wait.seconds)
            except TimeoutError:
                raise wait.timed_out() from None
            return wait.left()
        return within

    async def await_for(
        self, url: str, seconds: float, within: float | None = None
    ) -> float | None:
        """Do what ``wait_for`` does, without blocking the event loop."""
        if lookup := self._look_up(url):
            wait = _Wait(seconds, within)
            try:
                await asyncio.wait_for(asyncio.wrap_future(lookup), wait.seconds)
            except TimeoutError:
                raise wait.timed_out() from None
            return wait.left()
        return within

    def _look_up(self, url: str) -> Future[None] | None:
        """Start or join the lookup of a URL's host; return None if there is nothing to wait for."""
        origin = url[: url.find("/", 8)] if "/" in url[8:] else url
        if origin in self._complete:
            return None
        try:
            host = urlsplit(origin).hostname or ""
        except ValueError:  # an invalid URL, which the library will reject
            host = ""
        if ":" in host or not host.strip(".0123456789"):  # an IP address, or no host
            with self._lock:
                self._remember(origin)
            return None
        with self._lock:
            if origin in self._running:
                return self._running[origin]
            lookup: Future[None] = Future()
            # A running future can't be cancelled by one of the requests that wait for it.
            lookup.set_running_or_notify_cancel()
            run = partial(self._run, origin, host, lookup)
            start_thread(threading.Thread(target=run, daemon=True))
            self._running[origin] = lookup
            return lookup

    def _run(self, origin: str, host: str, lookup: Future[None]) -> None:
        with suppress(OSError, UnicodeError):  # the library will get and report the same error
            socket.getaddrinfo(host, None)
        with self._lock:
            self._remember(origin)
            del self._running[origin]
        lookup.set_result(None)

    def _remember(self, origin: str) -> None:
        while len(self._complete) >= _MAX_REMEMBERED:
            del self._complete[next(iter(self._complete))]
        self._complete[origin] = None


class _Wait:
    """A wait for a lookup, limited by a timeout and by the time limit of the whole request."""

    def __init__(self, seconds: float, within: float | None) -> None:
        self.seconds = seconds if within is None else min(seconds, within)
        self._within = within
        self._started = monotonic()

    def timed_out(self) -> Fault:
        """Return the fault to raise when the wait has timed out."""
        if self.seconds == self._within:
            return Expired()
        return TimedOut(f"no answer from the resolver within {self.seconds:g} s")

    def left(self) -> float | None:
        """Return the rest of the request's time limit, in seconds; None if it has no limit."""
        if self._within is None:
            return None
        return max(0.001, self._within - (monotonic() - self._started))


#: One object for the process, because all requests use the same system resolver.
HOST_LOOKUPS = HostLookups()
