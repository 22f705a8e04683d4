"""DNS lookups with a timeout, made before a host name is passed to an HTTP library.

A lookup cannot be cancelled. Synchronous httpx waits for it without a timeout; libcurl has a
timeout, but waits for the lookup when its multi handle is closed. So a name is passed to the
library only after the system's resolver has answered for it once, with or without an address. The
lookup runs in a daemon thread, and a request waits for it at most as long as for a connection. If
the resolver never answers, only that thread hangs. If it fails, the library is not asked: libcurl
would report an unknown host.

The addresses of a host are used for a minute; then it is looked up again. Only a limited number of
hosts is remembered, because a program may use any number.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from getflags.core import urls
from getflags.core.errors import Expired, Fault, TimedOut, Unreachable, Unresolved
from getflags.core.models import Network
from getflags.core.resource_limits import start_thread
from getflags.transport.system_errors import not_resolved

_UNKNOWN_FOR = 0.2  # seconds for which an unknown host is not looked up again
_KNOWN_FOR = 60.0  # seconds for which the addresses of a host are used, as in libcurl
_MAX_REMEMBERED = 4096  # origins

#: An address family, and an address with its port, as ``socket.connect`` takes it.
Address: TypeAlias = "tuple[int, tuple[Any, ...]]"


class HostLookups:
    """The DNS lookups that are running or complete; shared by all transports of a process.

    A forked process does not inherit the threads that look names up, and the lock may be held at
    the time of the fork; so the object resets itself in the child.
    """

    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        # Origin → the host's addresses, why it was not found, or None for an IP address; in the
        # order of the first lookups.
        self._complete: dict[str, tuple[Address, ...] | Fault | None] = {}
        self._doubtful: set[str] = set()  # origins whose host will be looked up again
        self._looked_up: dict[str, float] = {}  # origin → when, on the monotonic clock
        self._running: dict[str, _Lookup] = {}  # by origin
        self._lock = threading.Lock()

    def wait_for(self, url: str, seconds: float, within: float | None = None) -> float | None:
        """Wait until the host name in a URL (a target's or a proxy's) has been looked up.

        The wait takes at most ``seconds``, and at most ``within``, the time limit of the whole
        request. Returns the rest of ``within``. An unknown host is not an error here; the library
        reports it. Raises Unresolved if the resolver fails, TimedOut after ``seconds``, Expired
        after ``within``, and Exhausted if no thread can be started.
        """
        if lookup := self._look_up(url):
            wait = _Wait(seconds, within)
            if not lookup.done.wait(wait.seconds):
                raise wait.timed_out()
            return wait.over(lookup.reason)
        return within

    async def await_for(
        self, url: str, seconds: float, within: float | None = None
    ) -> float | None:
        """Do what ``wait_for`` does, without blocking the event loop."""
        if lookup := self._look_up(url):
            import asyncio  # the import takes 30 ms, and a run on threads does not need it

            wait = _Wait(seconds, within)
            done = asyncio.Event()
            lookup.call(partial(asyncio.get_running_loop().call_soon_threadsafe, done.set))
            try:
                await asyncio.wait_for(done.wait(), wait.seconds)
            except TimeoutError:
                raise wait.timed_out() from None
            return wait.over(lookup.reason)
        return within

    def doubt(self, url: str) -> bool:
        """Let the next request look up the host name in a URL again; return whether it was found.

        If the library does not find it, although the system's resolver did, its resolver has
        failed. Other requests may still be about to use the addresses.
        """
        origin = _origin(url)
        with self._lock:
            if origin in self._complete:
                self._doubtful.add(origin)
            return isinstance(self._complete.get(origin), tuple)

    def addresses(self, url: str, host: str, port: int, where: str) -> tuple[Address, ...]:
        """Return the addresses of a URL's host, which was looked up.

        Raises Unreachable, with ``where`` as the start of its message.
        """
        try:
            found = self._complete[_origin(url)]
        except KeyError:  # some thousand other hosts were looked up meanwhile
            raise Unresolved(f"{where}host name not resolved") from None
        if found is None:
            found = _resolve(host, socket.AI_NUMERICHOST)
        if isinstance(found, Fault):
            raise type(found)(f"{where}{found}")
        return tuple((family, (target[0], port, *target[2:])) for family, target in found)

    def _look_up(self, url: str) -> _Lookup | None:
        """Start or join the lookup of a URL's host; return None if there is nothing to wait for."""
        origin = _origin(url)
        if origin in self._complete and origin not in self._doubtful:
            # A retry asks again for an unknown host; the many targets of one don't.
            unknown = isinstance(self._complete.get(origin), Fault)
            age = monotonic() - self._looked_up.get(origin, 0.0)
            if age < (_UNKNOWN_FOR if unknown else _KNOWN_FOR):
                return None
        try:
            host = urlsplit(origin).hostname or ""
        except ValueError:  # an invalid URL, which the library will reject
            host = ""
        if _is_address(host):  # or no host
            with self._lock:
                self._remember(origin, None)
            return None
        with self._lock:
            if origin in self._running:
                return self._running[origin]
            lookup = _Lookup()
            run = partial(self._run, origin, host, lookup)
            start_thread(threading.Thread(target=run, name="getflags lookup", daemon=True))
            self._running[origin] = lookup
            return lookup

    def _run(self, origin: str, host: str, lookup: _Lookup) -> None:
        found = _resolve(host)
        unresolved = isinstance(found, Unresolved)
        with self._lock:
            known = isinstance(self._complete.get(origin), tuple)
            failed = unresolved and not (known and origin not in self._doubtful)
            if failed:
                self._forget(origin)
            elif unresolved:
                self._looked_up[origin] = monotonic()  # the addresses may still be right
            else:
                self._remember(origin, found)
            del self._running[origin]
        lookup.end(str(found) if failed else "")

    def _remember(self, origin: str, found: tuple[Address, ...] | Fault | None) -> None:
        while origin not in self._complete and len(self._complete) >= _MAX_REMEMBERED:
            self._forget(next(iter(self._complete)))
        self._doubtful.discard(origin)
        self._looked_up[origin] = monotonic()
        self._complete[origin] = found

    def _forget(self, origin: str) -> None:
        self._complete.pop(origin, None)
        self._looked_up.pop(origin, None)
        self._doubtful.discard(origin)


def fixed(network: Network, host: str, port: int) -> tuple[Address, ...]:
    """Return the addresses that the user has given for a host and port (``--resolve``)."""
    return tuple(
        (socket.AF_INET6 if ":" in each else socket.AF_INET, (each, port))
        for name, number, addresses in network.resolve
        if (name, number) == (host, port)
        for each in addresses
    )


def is_known(network: Network, url: str) -> bool:
    """Return whether no lookup is needed for the host in a target's or a proxy's URL.

    Raises Unreachable for an address of the IP version that is not to be used: libcurl would
    connect to it.
    """
    if not (network.resolve or network.ip_version):
        return False
    _, host, port = urls.host_and_port(urls.clean(url))
    if _is_address(host) and network.ip_version not in {None, 6 if ":" in host else 4}:
        raise _without(network.ip_version, "")
    return bool(fixed(network, host, port))


def allowed(
    found: tuple[Address, ...], network: Network, url: str, where: str = ""
) -> tuple[Address, ...]:
    """Return those addresses of a URL's host to which a connection may be made.

    They are those of the IP version, and only public ones if ``no_private_addresses`` is set.
    Raises Unreachable if there is none, with ``where`` as the start of its message.
    """
    if network.ip_version is not None:
        family = {4: socket.AF_INET, 6: socket.AF_INET6}[network.ip_version]
        found = tuple(each for each in found if each[0] == family)
        if not found:
            raise _without(network.ip_version, where)
    return _public(found, url) if network.no_private_addresses else found


def _public(found: tuple[Address, ...], url: str) -> tuple[Address, ...]:
    """Return the public ones of a host's addresses. Raises NotPublic if all are others."""
    from getflags.transport import public_addresses  # most runs do not need it

    public = tuple(each for each in found if public_addresses.is_public(each[1][0]))
    if found and not public:
        HOST_LOOKUPS.doubt(url)
        raise public_addresses.refusal(target[0] for _, target in found)
    return public


def _without(version: int | None, where: str) -> Unreachable:
    return Unreachable(f"{where}the host has no IPv{version} address")


def _is_address(host: str) -> bool:
    """Return whether a host is an IP address; also if it is empty."""
    return ":" in host or not host.strip(".0123456789")


def _origin(url: str) -> str:
    return url[: url.find("/", 8)] if "/" in url[8:] else url


def _resolve(host: str, flags: int = 0) -> tuple[Address, ...] | Fault:
    """Look up a host name; return its addresses, or why it was not found."""
    try:
        # As bytes, because the codec for host names that are not ASCII takes 2 ms.
        found = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM, flags=flags)
    except UnicodeError as error:  # not a host name; the library will report it
        return Unreachable(str(error))
    except OSError as error:
        return not_resolved("", error)
    return tuple((family, target) for family, _, _, _, target in found)


class _Lookup:
    """A lookup that is running. ``reason`` is why it failed, if it did."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.reason = ""
        self._calls: list[Callable[[], object]] = []
        self._lock = threading.Lock()

    def call(self, function: Callable[[], object]) -> None:
        """Call a function when the lookup has ended, in any thread."""
        with self._lock:
            if not self.done.is_set():
                self._calls.append(function)
                return
        function()

    def end(self, reason: str) -> None:
        """Wake all that wait for the lookup."""
        self.reason = reason
        with self._lock:
            self.done.set()
        for function in self._calls:
            with suppress(RuntimeError):  # the event loop has been closed meanwhile
                function()


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

    def over(self, reason: str) -> float | None:
        """Return the rest of the request's time limit, in seconds; None if it has no limit.

        ``reason`` is why the lookup failed, if it did. Raises Unresolved.
        """
        if reason:
            raise Unresolved(reason)
        if self._within is None:
            return None
        return max(0.001, self._within - (monotonic() - self._started))


#: One object for the process, because all requests use the same system resolver.
HOST_LOOKUPS = HostLookups()
