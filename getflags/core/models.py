"""The values that all packages share: frozen and picklable, with hardly any behaviour.

A ``Target`` is a file to download, ``DownloadOptions``, ``Network`` and ``Plan`` describe how to
download it, and ``Outcome`` and ``ExitStatus`` are the result. No code in this module does I/O or
reads a clock.
"""

# Annotations are not deferred in this module: typing compiles each one of a NamedTuple that is.
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, IntEnum
from math import inf
from typing import TYPE_CHECKING, NamedTuple, Protocol

from getflags.core import urls
from getflags.core.feed import NoJob
from getflags.core.settings import DEFAULTS

if TYPE_CHECKING:
    from getflags.storage.output_stream import OutputStream
    from getflags.storage.server_names import ServerNames

Fields = tuple[tuple[str, str], ...]  # header fields, in order
#: User names and passwords by host, in the order of the netrc file; ``""`` is its default entry.
Netrc = Mapping[str, Sequence[tuple[str, str]]]
#: A piece of a body. A view is valid only until the function that gets it has returned.
Piece = bytes | memoryview


class Exists(Enum):
    """What to do if a file with the target's name exists."""

    OVERWRITE = "overwrite"  # atomically, once the new file is complete
    SKIP = "skip"  # no request; the file counts as present
    REFRESH = "refresh"  # download it only if it has changed (see transfer.refresh)
    FAIL = "fail"  # no request; the target fails


class Checksum(NamedTuple):
    """An expected digest: a ``hashlib`` name and lower-case hex digits."""

    algorithm: str
    hexdigest: str


class Target(NamedTuple):
    """One file to fetch, with its final name.

    ``number`` identifies a target within a run. ``word`` is the user's argument as given; ``label``
    is its form for display, without secrets and control characters. ``url`` can be requested as it
    is and may contain credentials. ``name`` is relative to ``folder`` and stays inside it.
    ``guessed`` marks a country code that was expanded from a letter or from ``-e``, and which may
    therefore not exist. ``flaw`` is the reason why the target cannot be requested; such a target
    fails without a request. ``where`` is then the list and the line that it is from, such as
    ``urls.txt:3``. ``headers`` are its own header fields. ``named`` is true if the user has chosen
    the name. ``mirrors`` are further URLs of the same file, in the order in which they are tried.
    ``unread`` is true if the flaw is that its line, or an option, could not be read: what the list
    says about it, such as its checksum, is then not known.

    It is a tuple, as is ``Outcome``, because one is made for each file, and a tuple is the cheapest
    frozen value.
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
    where: str = ""
    headers: Fields = ()
    named: bool = False
    mirrors: tuple[str, ...] = ()
    unread: bool = False

    def __repr__(self) -> str:
        """Return what may be shown: the URL can have secrets, and a notebook prints any value."""
        return f"<Target {self.number}: {self.label} -> {self.path}>"

    @property
    def path(self) -> str:
        """The path of the file."""
        return f"{self.folder}/{self.name}"


class CookieStore(Protocol):
    """The cookies of a run; ``api.cookies`` implements it."""

    def header(self, url: str) -> str:
        """Return the value of Cookie for a request; empty if there are none."""
        ...

    def received(self, url: str, lines: Iterable[str]) -> None:
        """Store what the Set-Cookie fields of a response say."""
        ...


class Credentials(NamedTuple):
    """The user's credentials that are not in a URL; ``transfer.authentication`` says who gets them.

    ``authorization`` is the value of a header field, for each target's own origin. ``netrc`` is
    None if no netrc file is used. ``trusted`` is whether every other origin that a redirect leads
    to gets the credentials and header fields of the target's own origin. ``cookie`` is the user's
    own value of Cookie, also for that origin. ``cookies`` is None if none are kept. ``digest`` is
    a random text if passwords are sent only as HTTP Digest, else empty. ``certificate`` is whether
    there is a client certificate (see ``Network``), which is for each target's own origin, too.
    """

    authorization: str = ""
    netrc: Netrc | None = None
    trusted: bool = False
    cookie: str = ""
    cookies: CookieStore | None = None
    digest: str = ""
    certificate: bool = False

    def __repr__(self) -> str:
        """Return no secret."""
        return "<Credentials>"


class DownloadOptions(NamedTuple):
    """The options that apply to each target: the user's header fields, limits, existing files.

    ``retries`` is the number of tries after the first; ``salt`` is any text that differs between
    runs. ``retry_on`` are the status codes that are retried in addition to the usual ones;
    ``retry_connrefused`` is true if refused connections are retried from the first, and
    ``retry_all_errors`` if all failures of servers and the network are retried. A target fails if a
    server asks for a longer wait than ``max_retry_after`` seconds. ``max_time`` is in seconds,
    for one target with all its tries; ``deadline`` is the end of the run on the monotonic clock,
    which all processes of a system share. ``max_filesize`` is in bytes. A try fails if its body is
    slower than ``speed_limit`` bytes a second, averaged over ``speed_time`` seconds; 0 means no
    limit. ``fsync`` flushes each file to the disk. With ``verify``, nothing is requested: existing
    files are compared with their checksums. ``output`` is the stream for the only target of a run,
    in place of its file; only the sequential and the threads engine have it. ``credentials`` is
    None if none were given. At most ``split`` connections receive one file, each of them at least
    ``min_split_size`` bytes. ``server_names`` is None unless servers may choose the files' names.
    With ``compressed``, bodies are decoded before they get to a transfer, and no file is resumed.
    """

    headers: Fields = ()
    max_redirs: int = DEFAULTS.max_redirs
    exists: Exists = Exists.OVERWRITE
    retries: int = DEFAULTS.retries
    max_retry_after: float = DEFAULTS.max_retry_after
    salt: str = ""
    retry_on: tuple[int, ...] = ()
    retry_connrefused: bool = False
    retry_all_errors: bool = False
    max_time: float | None = None
    deadline: float | None = None
    max_filesize: int | None = None
    speed_limit: float = DEFAULTS.speed_limit
    speed_time: float = DEFAULTS.timeout
    fsync: bool = False
    verify: bool = False
    output: "OutputStream | None" = None
    credentials: Credentials | None = None
    split: int = DEFAULTS.split
    min_split_size: int = DEFAULTS.min_split_size
    server_names: "ServerNames | None" = None
    compressed: bool = False

    def __repr__(self) -> str:
        """Return no header field, which may be a secret."""
        shown = {**self._asdict(), "headers": [name for name, _ in self.headers]}
        return f"<DownloadOptions: {shown}>"


class Network(NamedTuple):
    """The connection options. Times are in seconds, ``limit_rate`` is in bytes a second.

    ``proxies`` maps ``http``, ``https`` or ``all`` to a proxy's URL, and ``no`` to the hosts that
    are reached directly (in the syntax of NO_PROXY). ``direct`` contains the origins that must
    never be reached through a proxy: the bundled servers. ``ip_version`` is 4 or 6, or None for
    both. ``resolve`` has the addresses of some hosts and ports, which are not looked up. ``cert``
    and ``key`` are the files of the client certificate and its private key; the key is in the first
    file if there is only one. ``http_version`` is 1.1, 2 or 3, or None for the client's usual one.
    With ``no_private_addresses``, connections are made only to public addresses.
    """

    timeout: float = DEFAULTS.timeout
    connect_timeout: float = DEFAULTS.connect_timeout
    proxies: Fields = ()
    direct: tuple[str, ...] = ()
    cacert: str | None = None
    insecure: bool = False
    limit_rate: float | None = None
    ip_version: int | None = None
    resolve: tuple[tuple[str, int, tuple[str, ...]], ...] = ()
    cert: str | None = None
    key: str | None = None
    http_version: str | None = None
    no_private_addresses: bool = False


class Allowance(NamedTuple):
    """What one origin may be asked for; ``inf`` if it has no limit.

    ``max_in_flight`` is the largest number of requests in flight, ``rate`` the largest number of
    requests started in a second.
    """

    max_in_flight: float = inf
    rate: float = inf


NO_LIMIT = Allowance()


class HostLimits(NamedTuple):
    """The limits of each origin that the user has set, or that hold by default.

    ``max_in_flight`` and ``rate`` are as in ``Allowance``; None for no limit. With ``only_remote``,
    the first does not hold for the servers of this machine.
    """

    max_in_flight: int | None = None
    only_remote: bool = False
    rate: float | None = None

    def at(self, origin: str) -> Allowance:
        """Return the limits of an origin; an empty one belongs to targets without a request."""
        if not origin:
            return NO_LIMIT
        spared = self.max_in_flight is None or (self.only_remote and urls.is_loopback(origin))
        return Allowance(inf if spared else self.max_in_flight or inf, self.rate or inf)


class Plan(NamedTuple):
    """A run: the targets, pulled one by one, and how to fetch them.

    ``targets`` may be a generator of a million targets, so it must not be turned into a list. It
    may also be ``Arriving``: then it yields NO_JOB while its next target has not arrived.
    ``limit`` is the largest number of requests in flight. With ``adaptive``, the concurrency of
    each server is adapted to its goodput during the run, within ``host_limits``.
    Workers of the processes engine end at ``max_failures`` failures of their own; who runs an
    engine counts all failures (see ``engines.early_end``).
    """

    targets: Iterable[Target | NoJob]
    client: str
    limit: int
    loop: str = DEFAULTS.loop
    options: DownloadOptions = DownloadOptions()
    network: Network = Network()
    adaptive: bool = False
    host_limits: HostLimits = HostLimits()
    max_failures: int | None = None

    @property
    def max_level(self) -> int | None:
        """The highest level of adaptive concurrency; None unless adaptive."""
        return (
            min(self.limit, self.host_limits.max_in_flight or self.limit) if self.adaptive else None
        )


class FetchRecord(NamedTuple):
    """What a file was downloaded from, as stored with the file.

    ``source`` is a hash of URLs, ``etag`` is the response's entity tag or empty, and ``modified``
    is its Last-Modified in seconds since 1970, or None. If servers may choose the files' names,
    ``url_hash`` is that of the target's URL, and ``name`` the one that the server gave, or empty.
    """

    source: str
    etag: str
    modified: int | None
    url_hash: str = ""
    name: str = ""


class OnDisk(NamedTuple):
    """The file that exists under the target's name before the first request.

    ``modified`` is its date in seconds since 1970. ``digest`` is in hex; it is None if the target
    has no checksum to compare it with. ``record`` is None if there is none of its download.
    ``name`` is as ``saved_as`` in ``Outcome``.
    """

    modified: int
    size: int
    digest: str | None = None
    record: FetchRecord | None = None
    name: str = ""


class ResumeRecord(NamedTuple):
    """The validator, size and coding of the response from which a part file was written.

    It is stored beside the part file, so that a later try or run can resume the download. ``name``
    is the one that the server gave the file, because the rest of it may come without a name.
    """

    validator: str  # an entity tag with its quotes, or an HTTP date
    total: int | None  # bytes; None if the server announced no length
    coding: str = ""  # Content-Encoding, in lower case
    name: str = ""


class Gap(NamedTuple):
    """Missing bytes of a file: from ``first`` up to, not including, ``end``."""

    first: int
    end: int


class PartialFile(NamedTuple):
    """The first ``size`` bytes of a file, left by an earlier try or run.

    If several connections have received the file, there may be others: all but those in ``gaps``,
    the first of which begins at ``size``. ``mirror`` is set, and ``size`` is 0, if that mirror has
    left the file; it is then requested first.
    """

    size: int
    record: ResumeRecord
    gaps: tuple[Gap, ...] = ()
    mirror: str = ""

    @property
    def kept(self) -> int:
        """The number of bytes that are there."""
        if not self.gaps:
            return self.size
        return (self.record.total or 0) - sum(gap.end - gap.first for gap in self.gaps)

    def end(self, total: int) -> int:
        """Return where the bytes end that are to be requested, of a file with ``total`` bytes."""
        return self.gaps[0].end if self.gaps else total


class Status(Enum):
    """The possible results of a target."""

    OK = "ok"  # fetched, checked and installed
    PRESENT = "present"  # the file existed and was kept
    NOT_FOUND = "not found"
    FAILED = "failed"

    __hash__ = object.__hash__  # that of Enum is slower, and each outcome is counted by its status


class Outcome(NamedTuple):
    """The result of one target.

    ``reason`` is for display and is empty only for ``OK``. ``code`` is the last HTTP status code,
    and ``size`` is the file's size in bytes. ``unsized`` is true if the server announced no length
    and the target has no checksum: a truncated body could not have been distinguished from a
    complete one (RFC 9112 section 6.3, rule 8). ``resumed`` is the number of bytes of the file that
    an earlier run had left. ``note`` says what the file system refused although the file is right,
    for display. ``saved_as`` is the file's name, relative to the target's folder; it is empty
    unless a server has chosen another name than the target's. ``mirror`` is the mirror that the
    file is from, for display; it is empty if that is the target's first URL.
    """

    target: Target
    status: Status
    reason: str = ""
    code: int | None = None
    size: int = 0
    requests: int = 0
    unsized: bool = False
    resumed: int = 0
    note: str = ""
    saved_as: str = ""
    mirror: str = ""

    @property
    def path(self) -> str:
        """The path of the file, with the name that the server chose, if it did."""
        return f"{self.target.folder}/{self.saved_as or self.target.name}"

    @property
    def failed(self) -> bool:
        """Whether this target prevents exit code 0."""
        if self.status is Status.NOT_FOUND:
            return not self.target.guessed
        return self.status is Status.FAILED


class ExitStatus(IntEnum):
    """The exit codes of the command line."""

    OK = 0
    SOME_FAILED = 1
    USAGE = 2
    ALL_FAILED = 3
