"""The ``flag_server`` fixture's options, and a running server as a test sees it.

This module converts keyword arguments to arguments of ``getflags serve``, and queries a running
server. The processes are in ``fork_server``; the fixture itself is in ``pytest_plugin``.
"""

from __future__ import annotations

import os
import re
import socket
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from time import monotonic
from types import MappingProxyType
from typing import Any, Protocol, TypedDict, Unpack
from urllib.parse import urlencode, urlsplit

from getflags.core.errors import GetflagsError
from getflags.core.urls import redact
from getflags.testing import PORTS
from getflags.testing.bundled import HOST, request_json

_TIMEOUT = 10.0  # seconds to wait for a response
_MAX_RESPONSE = 1 << 30  # bytes; a ledger, which has a line for each path, can be large
_PATH = re.compile(r"/[!\"$->@-~]*")  # printable ASCII, without # and ?
_FIELD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t -~\x80-\xff]*")
_OWN_FIELDS = {
    name.lower(): name
    for name in ("Connection", "Content-Length", "Date", "Server", "Transfer-Encoding")
}
_FILES = {"scenario", "directory", "record", "replay"}


class Options(TypedDict, total=False):
    """The keyword arguments of ``flag_server``: the options of ``getflags serve``.

    ========================== ===================================================================
    label                      ``"LOCAL"`` (default, no delays), ``"DELAY"`` or ``"ERROR"``
    seed                       seed of the delays and faults (default: the scenario's, or 0)
    error_rate                 share of requests answered with 418, from 0 to 1
    delay                      seconds before each response: a number, or a minimum and a maximum
    latency                    ``"fixed:S"``, ``"uniform:MIN-MAX"`` or ``"lognormal:MEDIAN,SIGMA"``
    fail_first                 answer the first N requests for each path with 503
    busy_above                 answer with 429 while this number of requests is in flight
    retry_after                seconds in the Retry-After field of a 429
    rate_limit                 answer with 429 beyond this number of requests a second, as nginx
    burst                      requests by which the rate limit may be exceeded (default: 0)
    slots                      requests that are served at the same time, while the others wait
    bandwidth                  bytes per second, as a number or as ``"2M"``
    freeze_every               start no response for a while, every so many seconds
    freeze_for                 how long, in seconds
    max_connections_per_client close further connections of a client at once
    requests_per_connection    close a connection after this number of responses
    fault                      ``"NAME"`` or ``"NAME:PARAM=VALUE,..."``, one or a list of them
    scenario                   a TOML file that defines faults
    directory                  a folder to serve instead of the flags
    record                     a file to record the fault decisions to
    replay                     a recording whose fault decisions to repeat
    tls                        serve https, with a certificate that ``FlagServer.cafile`` verifies
    tls_delay                  seconds before each TLS handshake, as ``delay``; also of ``ledger()``
    ========================== ===================================================================

    An option that is None has no effect.
    """

    label: str
    seed: int | None
    error_rate: float | None
    delay: float | tuple[float, float] | str | None
    latency: str | None
    fail_first: int | None
    busy_above: int | None
    retry_after: int | None
    rate_limit: float | None
    burst: int | None
    slots: int | None
    bandwidth: int | str | None
    freeze_every: float | None
    freeze_for: float | None
    max_connections_per_client: int | None
    requests_per_connection: int | None
    fault: str | Sequence[str] | None
    scenario: str | os.PathLike[str] | None
    directory: str | os.PathLike[str] | None
    record: str | os.PathLike[str] | None
    replay: str | os.PathLike[str] | None
    tls: bool
    tls_delay: float | tuple[float, float] | str | None


class StartFlagServer(Protocol):
    """The function that the fixture ``flag_server`` returns."""

    def __call__(self, **options: Unpack[Options]) -> FlagServer:
        """Start a server and wait until it listens.

        Raises ValueError for invalid options, and GetflagsError if the server does not start.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ledger:
    """The counts of a server since its start or its last reset.

    ``responses`` counts responses by status, ``attempts`` counts requests by path (including the
    query), and ``bytes`` counts the bytes of bodies. A request is in flight from the moment it is
    received until its whole response has been handed over for sending. ``refused`` counts the
    requests that were answered with 429.
    """

    requests: int
    responses: Mapping[int, int]
    attempts: Mapping[str, int]
    bytes: int
    in_flight: int
    peak_in_flight: int
    refused: int


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request as the server has received it.

    ``headers`` are the header fields as pairs of name and value, with order and case as they were
    sent. ``body`` is at most the first 64 KiB. A test may compare credentials, so nothing is masked
    here; only the text of the object, which pytest shows, has neither fields nor body.
    """

    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the value of a header field, in any case of its name; None if it was not sent.

        The values of repeated fields are joined with a comma (RFC 9110 section 5.3).
        """
        values = [value for each, value in self.headers if each.lower() == name.lower()]
        return ", ".join(values) if values else None

    def __repr__(self) -> str:
        return (
            f"<ReceivedRequest {self.method} {redact(self.target)}: {len(self.headers)} header "
            f"fields, {len(self.body)} bytes>"
        )


@dataclass(frozen=True, slots=True)
class FlagServer:
    """A running server. ``url`` is the base URL of its flags, or of the files of its directory.

    ``cafile`` is the PEM file that a client of an https server must trust.
    """

    url: str
    cafile: str | None = None

    @property
    def root(self) -> str:
        """The URL of the server's root, without a slash at the end."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def url_for(self, path: str) -> str:
        """Return the URL of a path below ``url`` (``br/br.gif``) or, with a slash, below ``root``.

        ``/bytes/N/NAME`` is a file of N bytes with any name.
        """
        return f"{self.root if path.startswith('/') else self.url + '/'}{path}"

    def ledger(self) -> Ledger:
        """Return the server's counts. Raises GetflagsError if the server does not respond.

        Bytes sent to a client are counted immediately; a disconnected client is noticed only when
        the system reports it, a moment later.
        """
        found = self._request("GET /-/ledger")
        responses = {int(status): count for status, count in found["responses"].items()}
        return Ledger(
            found["requests"],
            MappingProxyType(responses),
            MappingProxyType(found["attempts"]),
            found["bytes"],
            found["in_flight"],
            found["peak_in_flight"],
            found.get("refused", 0),
        )

    def requests(self) -> tuple[ReceivedRequest, ...]:
        """Return the last requests as they were received, the oldest first.

        These are the requests that the ledger counts, since the last reset: at most 1,000, and at
        most 4 MiB of targets, header fields and bodies. Older ones are dropped. They may contain
        secrets, which stay in memory: in the server, which ends with the test, and in the test.
        Raises GetflagsError if the server does not respond.
        """
        return tuple(
            ReceivedRequest(
                each["method"],
                each["target"],
                tuple((name, value) for name, value in each["headers"]),
                each["body"].encode("latin-1"),
            )
            for each in self._request("GET /-/requests")["requests"]
        )

    def reset(self, seed: int | None = None) -> None:
        """Forget all requests and set all counts to zero, so that the same faults occur again.

        With a new ``seed``, other faults occur. Raises GetflagsError if the server does not
        respond, or responds with an error.
        """
        self._request("POST /-/reset" + ("" if seed is None else f"?seed={seed}"))

    def add(
        self,
        path: str,
        body: bytes | str = b"",
        *,
        status: int = 200,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    ) -> str:
        """Serve ``body`` at ``path``, which is as in ``url_for``, and return its URL.

        The response replaces any other at that path, also for POST. The server adds a Content-Type
        and, for the status 200, an ETag, Last-Modified and ranges, unless ``headers`` has fields of
        these names. The options of the server apply to it, and a reset keeps it. Raises ValueError
        for a response that cannot be sent, and GetflagsError if the server does not respond.
        """
        url = self.url_for(path)
        fields = list(headers.items() if isinstance(headers, Mapping) else headers)
        pairs = [("path", url.removeprefix(self.root)), ("status", str(status))]
        _check_response(pairs[0][1], status, fields)
        pairs += [("header", f"{name}: {value}") for name, value in fields]
        content = body.encode() if isinstance(body, str) else bytes(body)
        self._request("POST /-/add", "?" + urlencode(pairs), content)
        return url

    def _request(self, request: str, query: str = "", body: bytes = b"") -> Any:
        port = urlsplit(self.url).port
        try:
            with ExitStack() as stack:
                connection = stack.enter_context(
                    socket.create_connection((HOST, port), timeout=_TIMEOUT)
                )
                if self.cafile is not None:
                    from ssl import create_default_context

                    tls = create_default_context(cafile=self.cafile)
                    connection = stack.enter_context(
                        tls.wrap_socket(connection, server_hostname=HOST)
                    )
                return request_json(
                    connection, request + query, monotonic() + _TIMEOUT, _MAX_RESPONSE, body
                )
        except (OSError, ValueError) as error:
            raise GetflagsError(f"{request} at {self.root}: {error}") from error


def _check_response(path: str, status: int, fields: Iterable[tuple[str, str]]) -> None:
    """Raise ValueError for a response that a server cannot send."""
    if not _PATH.fullmatch(path):
        raise ValueError(f"{path!r} is not a path: use the characters of URLs, without a query")
    if path.startswith("/-/"):
        raise ValueError(f"{path!r} belongs to the server: use a path outside of /-/")
    if not 200 <= status <= 599:  # noqa: PLR2004 - the statuses of final responses
        raise ValueError(f"{status} is not a status: use one from 200 to 599")
    for name, value in fields:
        if name.lower() in _OWN_FIELDS:
            raise ValueError(f"the server sends {_OWN_FIELDS[name.lower()]} itself: leave it out")
        if not _FIELD.fullmatch(f"{name}: {value}"):
            raise ValueError(f"{f'{name}: {value}'!r} is not a header field: use NAME: VALUE")


def arguments(options: Options, cafile: str | None) -> list[str]:
    """Return the arguments of ``getflags serve`` for ``options``; the system chooses the port.

    ``cafile`` is the path to write the certificate of an https server to. Raises ValueError for an
    unknown option; values are checked by the server.
    """
    for name in options.keys() - Options.__annotations__.keys():
        known = ", ".join(Options.__annotations__)
        raise ValueError(f"flag_server has no option {name!r}; its options are {known}")
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    label = given.pop("label", "LOCAL")
    if label.upper() not in PORTS:
        raise ValueError(f"{label!r} is not a bundled server: use {', '.join(PORTS)}")
    converted = ["--port=0", "--lifeline", "--keep-requests"]
    if given.pop("tls", False):
        converted += ["--tls", f"--ca-out={cafile}"]
    if "seed" not in given and not _sets_seed(given.get("scenario")):
        converted.append("--seed=0")  # tests should be reproducible
    for name, value in given.items():
        option = name.replace("_", "-")
        converted += [f"--{option}={text}" for text in _texts(name, value)]
    return [label, *converted]


def _sets_seed(scenario: str | os.PathLike[str] | None) -> bool:
    """Return whether a scenario file sets a seed; an unreadable file counts as one that does not.

    The server reports the error in the file.
    """
    if scenario is None:
        return False
    try:
        return "seed" in tomllib.loads(Path(scenario).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False


def _texts(name: str, value: Any) -> list[str]:
    if name == "fault":
        return [value] if isinstance(value, str) else list(value)
    if name in _FILES:
        # The process that forks servers may have a different working directory from the test's.
        return [str(Path(value).absolute()) if value else ""]
    if isinstance(value, (tuple, list)):
        return ["-".join(map(_text, value))]
    return [_text(value)]


def _text(value: object) -> str:
    """Return a value as text; a float has no exponent: 0.00001, not 1e-05."""
    return f"{Decimal(float.__repr__(value)):f}" if isinstance(value, float) else str(value)
