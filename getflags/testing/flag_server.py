"""A bundled server in the hands of a test: what it is told, and what it tells.

What may live here: from keyword arguments to the words of ``getflags serve``, and a server as a
value that can be asked. What may not: processes (in ``fork_server``), and pytest.
"""

from __future__ import annotations

import os
import socket
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from time import monotonic
from types import MappingProxyType
from typing import Any, Protocol, TypedDict, Unpack
from urllib.parse import urlsplit

from getflags.core.errors import GetflagsError
from getflags.testing.bundled import HOST, PORTS, asked

_PATIENCE = 10.0  # seconds for an answer of our own server's
_MOST = 1 << 30  # bytes of it: a ledger is as long as there are paths
_FILES = {"scenario", "directory", "record", "replay"}


class Options(TypedDict, total=False):
    """The keyword arguments of ``flag_server``: the options of ``getflags serve``.

    ============== ===========================================================================
    label          whose habits it has: ``"LOCAL"`` (default, no delays), ``"DELAY"``, ``"ERROR"``
    seed           what is drawn by chance is drawn from this (what the scenario says, or 0)
    error_rate     share of requests answered with 418, from 0 to 1
    delay          seconds before each answer: a number, or the least and the most
    latency        ``"fixed:S"``, ``"uniform:MIN-MAX"`` or ``"lognormal:MEDIAN,SIGMA"``
    fail_first     answer 503 to so many first requests for each path
    busy_above     answer 429 to what comes while so many are in flight
    retry_after    seconds in the Retry-After field of those
    slots          how many requests are served at a time, while the others wait in line
    bandwidth      bytes a second, as a number or as ``"2M"``
    fault          ``"NAME"`` or ``"NAME:PARAM=VALUE,..."``, one or a list of them
    scenario       a TOML file that says what goes wrong
    directory      a folder to serve in place of the flags
    record         a file that is to tell what was done to whom, as it happens
    replay         such a file, to have it done again
    tls            speak https, with a certificate that ``FlagServer.cafile`` vouches for
    ============== ===========================================================================

    An option that is None is as good as left out.
    """

    label: str
    seed: int | None
    error_rate: float | None
    delay: float | tuple[float, float] | str | None
    latency: str | None
    fail_first: int | None
    busy_above: int | None
    retry_after: int | None
    slots: int | None
    bandwidth: int | str | None
    fault: str | Sequence[str] | None
    scenario: str | os.PathLike[str] | None
    directory: str | os.PathLike[str] | None
    record: str | os.PathLike[str] | None
    replay: str | os.PathLike[str] | None
    tls: bool


class StartFlagServer(Protocol):
    """What the fixture ``flag_server`` gives."""

    def __call__(self, **options: Unpack[Options]) -> FlagServer:
        """Start a server and return it when it listens. Raises ValueError, GetflagsError."""
        ...


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a server has seen since its start or its last reset.

    ``responses`` counts by status, ``attempts`` by path (with its query, as it was asked for),
    ``bytes`` are those of bodies. In flight is a request that has come and whose answer has not
    yet been handed over in full. ``refused`` are those answered 429.
    """

    requests: int
    responses: Mapping[int, int]
    attempts: Mapping[str, int]
    bytes: int
    in_flight: int
    peak_in_flight: int
    refused: int


@dataclass(frozen=True, slots=True)
class FlagServer:
    """A server that runs. ``url`` is where its flags are, or the files of its directory.

    ``cafile`` is the PEM to trust, for one that speaks https.
    """

    url: str
    cafile: str | None = None

    @property
    def root(self) -> str:
        """The URL of the server itself, without a slash at the end."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def url_for(self, path: str) -> str:
        """Return the URL of a path below ``url`` (``br/br.gif``) or, with a slash, ``root``.

        ``/bytes/N/NAME`` is a file of N bytes, under any name.
        """
        return f"{self.root if path.startswith('/') else self.url + '/'}{path}"

    def ledger(self) -> Ledger:
        """Return what it has seen. Raises GetflagsError if it does not answer.

        It knows what a client has had from it at once, and that a client has left when the
        system tells it, a moment later.
        """
        found = self._asked("GET /-/ledger")
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

    def reset(self, seed: int | None = None) -> None:
        """Begin to count anew, attempts too, so that the same faults come again.

        With another seed, others. Raises GetflagsError if it does not answer, or not to this.
        """
        self._asked("POST /-/reset" + ("" if seed is None else f"?seed={seed}"))

    def _asked(self, request: str) -> Any:
        port = urlsplit(self.url).port
        try:
            with ExitStack() as stack:
                connection = stack.enter_context(
                    socket.create_connection((HOST, port), timeout=_PATIENCE)
                )
                if self.cafile is not None:
                    from ssl import create_default_context

                    tls = create_default_context(cafile=self.cafile)
                    connection = stack.enter_context(
                        tls.wrap_socket(connection, server_hostname=HOST)
                    )
                return asked(connection, request, monotonic() + _PATIENCE, _MOST)
        except (OSError, ValueError) as error:
            raise GetflagsError(f"{request} at {self.root}: {error}") from error


def words(options: Options, cafile: str | None) -> list[str]:
    """Return the words that tell ``getflags serve`` what ``options`` say; the port is any free one.

    ``cafile`` is where the certificate of one that speaks https is to be written. Raises ValueError
    for an option that there is not; whether a value makes sense is for the server to say.
    """
    for name in options.keys() - Options.__annotations__.keys():
        known = ", ".join(Options.__annotations__)
        raise ValueError(f"flag_server has no option {name!r}; it takes {known}")
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    label = given.pop("label", "LOCAL")
    if label.upper() not in PORTS:
        raise ValueError(f"there is no bundled server {label!r}; there are {', '.join(PORTS)}")
    found = ["--port=0", "--lifeline"]
    if given.pop("tls", False):
        found += ["--tls", f"--ca-out={cafile}"]
    if "seed" not in given and not _names_a_seed(given.get("scenario")):
        found.append("--seed=0")  # a test ought to go the same way each time
    for name, value in given.items():
        option = name.replace("_", "-")
        found += [f"--{option}={text}" for text in _texts(name, value)]
    return [label, *found]


def _names_a_seed(scenario: str | os.PathLike[str] | None) -> bool:
    """Return whether a scenario brings a seed of its own; if it can't be read, it does not.

    What is wrong with it then is for the server to say.
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
        # Whoever forks the servers stands where the tests were begun.
        return [str(Path(value).absolute()) if value else ""]
    if isinstance(value, (tuple, list)):
        return ["-".join(map(_text, value))]
    return [_text(value)]


def _text(value: object) -> str:
    """Return a number as people write it: 0.00001, not 1e-05."""
    return f"{Decimal(float.__repr__(value)):f}" if isinstance(value, float) else str(value)
