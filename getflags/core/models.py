"""The values that all packages pass around: frozen and picklable, with hardly any behaviour.

A ``Target`` is a file to download, ``DownloadOptions``, ``Network`` and ``Plan`` are how, and
``Outcome`` and ``ExitStatus`` are the result. Nothing here does I/O or reads a clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, IntEnum
from typing import NamedTuple

from getflags.core.settings import DEFAULTS

Fields = tuple[tuple[str, str], ...]  # header fields, in order


class Exists(Enum):
    """What to do when a file of the target's name is there already."""

    OVERWRITE = "overwrite"  # atomically, once the new one is whole
    SKIP = "skip"  # no request; the file counts as present
    REFRESH = "refresh"  # ask for it only if it changed since (If-Modified-Since)
    FAIL = "fail"  # no request; the target fails


class Checksum(NamedTuple):
    """An expected digest: a ``hashlib`` name and lower-case hex digits."""

    algorithm: str
    hexdigest: str


class Target(NamedTuple):
    """One file to fetch, its name settled.

    ``url`` is ready for the wire (it may hold credentials); ``label`` is what to call the target
    when talking to people (never secrets, never control characters); ``word`` is what the user
    typed. ``name`` is relative to ``folder`` and never leaves it. ``flaw`` is why this target
    can't even be asked for; such a target fails without a request. ``guessed`` marks a country
    code that nobody named by itself (from a letter, or from ``-e``): it may well not exist.
    ``number`` tells the targets of a run apart. A tuple, as is ``Outcome``, because one is made for
    each file, and no frozen value is cheaper.
    """

    number: int
    word: str
    label: str
    url: str
    folder: str
    name: str
    checksum: Checksum | None = None
    guessed: bool = False
    flaw: str = ""

    @property
    def path(self) -> str:
        """Where the file will stand."""
        return f"{self.folder}/{self.name}"


class DownloadOptions(NamedTuple):
    """The options that apply to each target: the user's header fields, limits, existing files.

    ``retries`` is the number of tries after the first; ``salt`` is any text that differs between
    runs. ``max_time`` is in seconds, for one target with all its tries; ``max_filesize`` is in
    bytes. A try fails if its body is slower than ``speed_limit`` bytes a second, averaged over
    ``speed_time`` seconds; 0 means no limit. ``fsync`` flushes each file to the disk.
    """

    headers: Fields = ()
    max_redirs: int = DEFAULTS.max_redirs
    exists: Exists = Exists.OVERWRITE
    retries: int = DEFAULTS.retries
    salt: str = ""
    max_time: float | None = None
    max_filesize: int | None = None
    speed_limit: float = DEFAULTS.speed_limit
    speed_time: float = DEFAULTS.timeout
    fsync: bool = False


class Network(NamedTuple):
    """What a transport must know to connect. Times in seconds, ``limit_rate`` in bytes a second.

    ``proxies`` maps ``http``, ``https`` or ``all`` to a proxy's URL, ``no`` to the hosts that are
    reached directly (the form of the environment's NO_PROXY). ``direct`` holds origins that no
    proxy may stand before: the bundled servers.
    """

    timeout: float = DEFAULTS.timeout
    connect_timeout: float = DEFAULTS.connect_timeout
    proxies: Fields = ()
    direct: tuple[str, ...] = ()
    cacert: str | None = None
    insecure: bool = False
    limit_rate: float | None = None


class Plan(NamedTuple):
    """A whole job: the targets, pulled one by one, and how to fetch them.

    ``targets`` may be a generator of a million: nobody may turn it into a list. ``limit`` is the
    largest number of requests at a time; with ``adaptive``, each server gets as many of them as it
    is worth, which is found out on the way.
    """

    targets: Iterable[Target]
    client: str
    limit: int
    loop: str = DEFAULTS.loop
    rules: DownloadOptions = DownloadOptions()
    network: Network = Network()
    adaptive: bool = False

    @property
    def most(self) -> int | None:
        """How many requests a server may get at a time at most, where that is found out."""
        return self.limit if self.adaptive else None


class OnDisk(NamedTuple):
    """What stands under the final name before the first request.

    ``modified`` is an HTTP date (RFC 9110 section 5.6.7); ``digest`` is in hex, and None where
    the target has no checksum to compare it with.
    """

    modified: str
    size: int
    digest: str | None = None


class ResumeRecord(NamedTuple):
    """The validator of the response that a part file comes from, with its size and coding.

    It is stored beside the part file, so that a later try or run can resume the download.
    """

    validator: str  # an entity tag with its quotes, or an HTTP date
    total: int | None  # bytes, where announced
    coding: str = ""  # Content-Encoding, in lower case


class PartialFile(NamedTuple):
    """The first ``size`` bytes of a file, left by an earlier try or run."""

    size: int
    record: ResumeRecord


class Status(Enum):
    """How a target ended."""

    OK = "ok"  # fetched, checked, in place
    PRESENT = "present"  # it was there, and the rules say that it stays
    NOT_FOUND = "not found"
    FAILED = "failed"


class Outcome(NamedTuple):
    """What became of one target.

    ``reason`` says why, for people, and is empty only for ``OK``. ``code`` is the last HTTP
    status seen; ``size`` the file's bytes. ``unsized`` is true where the server announced no
    length and no checksum was given: a body cut short could not have been told from a whole one
    (RFC 9112 section 6.3, rule 8).
    """

    target: Target
    status: Status
    reason: str = ""
    code: int | None = None
    size: int = 0
    requests: int = 0
    unsized: bool = False

    @property
    def failed(self) -> bool:
        """Whether this target spoils the promise of exit code 0."""
        if self.status is Status.NOT_FOUND:
            return not self.target.guessed
        return self.status is Status.FAILED


class ExitStatus(IntEnum):
    """The exit codes of the command line."""

    OK = 0
    SOME_FAILED = 1
    USAGE = 2
    ALL_FAILED = 3
