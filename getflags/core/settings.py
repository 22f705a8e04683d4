"""The settings of a download: the name, type, default, range and meaning of each.

``Settings`` is their only description. The keyword arguments of ``download`` and ``adownload`` and
the options of the command line are checked against it, and take their defaults and help texts from
it. The command line itself parses texts such as ``500K``.
"""

# Annotations are not deferred in this module, because those of Settings contain the descriptions.
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from getflags.core import accepted
from getflags.core.accepted import AUTO, ValueRange, one_of
from getflags.core.errors import UsageError
from getflags.core.text import brief, closest, quoted
from getflags.core.urls import redact

TYPE_CHECKING = False  # at run time, this would be a cycle: events → models → settings
if TYPE_CHECKING:
    from getflags.core.events import Event

ENGINES = ("sequential", "threads", "asyncio", "processes")
CLIENTS = ("curl", "h1", "httpx")
LOOPS = ("uvloop", "asyncio")
#: Requests in flight at a server that belongs to others, if nobody has chosen a number; browsers
#: open as many connections.
PER_REMOTE_HOST = 6
EXISTS = ("overwrite", "skip", "refresh", "fail")


class Option(NamedTuple):
    """The range of a setting and its meaning.

    ``auto`` is the meaning of the value ``auto``. ``usual`` describes a default of None.
    """

    range: ValueRange
    meaning: str
    auto: str = ""
    usual: str = ""


class Settings(NamedTuple):
    """The settings of a download, checked and immutable.

    Each is a keyword argument of ``download`` and ``adownload``. A setting that is None by default,
    such as ``max_time``, also accepts None.
    """

    dir: Annotated[str, Option(accepted.PATH, "folder for the files, created if missing")] = (
        "downloaded"
    )
    engine: Annotated[
        str,
        Option(
            one_of(AUTO, *ENGINES),
            f"engine that runs the transfers: {', '.join(ENGINES)}",
            auto="threads for up to 100 targets, processes for 1,000 targets or more with three "
            "processors (10,000 with two) and no --rate-per-host, else asyncio",
        ),
    ] = "asyncio"  # a library must not start processes unless the program asks for them
    client: Annotated[
        str,
        Option(
            one_of(AUTO, *CLIENTS),
            "the HTTP client: h1 (getflags' own), curl (libcurl: HTTP/2 and SOCKS proxies), httpx",
            auto="h1; curl for HTTP/2 or HTTP/3, or if the environment names a SOCKS proxy",
        ),
    ] = AUTO
    loop: Annotated[
        str,
        Option(
            one_of(AUTO, *LOOPS),
            "event loop of the asyncio engine: uvloop, asyncio",
            auto="uvloop where it is installed",
        ),
    ] = AUTO
    max_req: Annotated[
        int | Literal["auto"],
        Option(
            accepted.COUNT_OR_AUTO,
            "maximum number of requests in flight at a time",
            auto="adapted to the goodput of each server during the run",
        ),
    ] = 20  # a compromise, explained in docs/decisions/0003-default-concurrency.md
    dedupe: Annotated[
        bool,
        Option(
            accepted.FLAG,
            "leave out a target if an earlier one has the same URL, name, folder and checksum",
        ),
    ] = False
    max_per_host: Annotated[
        int | None,
        Option(
            accepted.COUNT,
            "maximum number of requests in flight at one server (an origin: scheme, host and port)",
            usual=f"{PER_REMOTE_HOST} at servers beyond this machine if the concurrency is not "
            "chosen, else none",
        ),
    ] = None
    rate_per_host: Annotated[
        float | None,
        Option(accepted.REQUEST_RATE, "maximum number of requests started at one server a second"),
    ] = None
    split: Annotated[
        int,
        Option(
            accepted.COUNT,
            "maximum number of connections that receive one file at a time, if the server can send "
            "parts of it and fewer than max_req requests are in flight; the sequential engine uses "
            "one",
        ),
    ] = 1
    min_split_size: Annotated[
        int,
        Option(
            accepted.COUNT,
            "the least that each connection of a split file receives, in bytes",
            usual="20M",
        ),
    ] = 20 * 1024 * 1024
    exists: Annotated[
        str,
        Option(
            one_of(*EXISTS),
            "what to do if a file with that name exists: overwrite (once the new one is complete), "
            "skip (its content is not checked), refresh (download it only if it changed) or fail",
        ),
    ] = "overwrite"
    verify: Annotated[
        bool,
        Option(
            accepted.FLAG,
            "only compare the files that are there with their checksums; request and write nothing",
        ),
    ] = False
    compressed: Annotated[
        bool,
        Option(
            accepted.FLAG,
            "request compressed files (gzip, deflate) and save them decoded; sizes, limits and "
            "checksums are those of the decoded file, which cannot be resumed or split",
        ),
    ] = False
    force_directories: Annotated[
        bool,
        Option(
            accepted.FLAG,
            "make folders below DIR from the host and the path of each URL, as wget -x does",
        ),
    ] = False
    cut_dirs: Annotated[
        int,
        Option(
            accepted.NATURAL,
            "leave out the first N folders of each URL's path; only with --force-directories or "
            "--output-template",
        ),
    ] = 0
    output_template: Annotated[
        str | None,
        Option(
            accepted.TEXT,
            "path of each file below DIR, with the fields {scheme} {host} {port} {path} {dir} "
            "{name} {stem} {suffix} {query} {n}, such as {host}/{path}",
        ),
    ] = None
    content_disposition: Annotated[
        bool,
        Option(
            accepted.FLAG,
            "let servers choose the files' names (Content-Disposition), without folders; no file "
            "is replaced, but a name that is taken gets a number; skip, refresh and fail then go "
            "by the record of the download, on Linux only",
        ),
    ] = False
    headers: Annotated[
        tuple[tuple[str, str], ...],
        Option(accepted.FIELDS, "more header fields, sent only to the target's own origin"),
    ] = ()
    user: Annotated[
        str | None,
        Option(
            accepted.USER,
            "user name and password (HTTP Basic), sent only to the target's own origin",
        ),
    ] = None
    digest: Annotated[
        bool,
        Option(
            accepted.FLAG,
            "send passwords only as HTTP Digest, never as Basic: for -u, the URL and netrc",
        ),
    ] = False
    oauth2_bearer: Annotated[
        str | None,
        Option(accepted.TOKEN, "OAuth 2.0 bearer token, sent only to the target's own origin"),
    ] = None
    netrc: Annotated[
        bool,
        Option(
            accepted.FLAG,
            "take user names and passwords from ~/.netrc, by the host of each request",
        ),
    ] = False
    netrc_file: Annotated[
        str | None, Option(accepted.PATH, "the same, from this file instead of ~/.netrc")
    ] = None
    location_trusted: Annotated[
        bool,
        Option(
            accepted.FLAG,
            "send credentials and header fields to all servers that redirects lead to, too",
        ),
    ] = False
    cookie: Annotated[
        str | None,
        Option(
            accepted.COOKIE,
            "cookies: NAME=VALUE (several with '; '), sent only to the target's own origin, or a "
            "file to read them from, or '' to begin with none; with a file or '', cookies that "
            "servers set are kept during the run",
        ),
    ] = None
    cookie_jar: Annotated[
        str | None,
        Option(
            accepted.PATH,
            "keep the cookies that servers set, and write all cookies to this file at the end",
        ),
    ] = None
    timeout: Annotated[
        float, Option(accepted.SECONDS, "longest silence on a connection, in seconds")
    ] = 30.0
    connect_timeout: Annotated[
        float, Option(accepted.SECONDS, "longest wait for a connection, in seconds")
    ] = 10.0
    max_redirs: Annotated[
        int, Option(accepted.NATURAL, "maximum number of redirects followed for one target")
    ] = 10
    retries: Annotated[
        int,
        Option(accepted.NATURAL, "maximum number of retries after failures that may be temporary"),
    ] = 3
    retry_on: Annotated[
        tuple[int, ...],
        Option(
            accepted.STATUS_CODES,
            "HTTP status codes that are retried in addition to the usual ones, such as 404,500-599",
        ),
    ] = ()
    retry_connrefused: Annotated[
        bool,
        Option(
            accepted.FLAG,
            "retry a refused connection also if the server has not answered in this run yet",
        ),
    ] = False
    retry_all_errors: Annotated[
        bool,
        Option(
            accepted.FLAG,
            "retry any failure of a server or the network, such as a 404, an unknown host or a TLS "
            "failure, but none that a retry cannot change",
        ),
    ] = False
    max_retry_after: Annotated[
        float,
        Option(
            accepted.SECONDS,
            "longest time, in seconds, that a server may ask to be left alone (Retry-After); if it "
            "asks for more, the target fails",
        ),
    ] = 60.0
    max_failures: Annotated[
        int | None,
        Option(accepted.COUNT, "end the run when this number of targets have failed for good"),
    ] = None
    deadline: Annotated[
        float | None,
        Option(accepted.SECONDS, "end the run after this time, whatever is in flight, in seconds"),
    ] = None
    max_time: Annotated[
        float | None,
        Option(accepted.SECONDS, "longest time for one file, everything included, in seconds"),
    ] = None
    max_filesize: Annotated[
        int | None, Option(accepted.COUNT, "refuse files larger than this, in bytes")
    ] = None
    limit_rate: Annotated[
        float | None,
        Option(accepted.RATE, "rate limit for all transfers together, in bytes a second"),
    ] = None
    speed_limit: Annotated[
        float,
        Option(
            accepted.SPEED,
            "abort (and retry) a transfer slower than this, in bytes a second, averaged over the "
            "timeout; 0: never",
        ),
    ] = 10.0  # as in cargo and git
    fsync: Annotated[
        bool,
        Option(
            accepted.FLAG,
            "flush each file to the disk (fsync) before it counts: it survives a power cut",
        ),
    ] = False
    http_version: Annotated[
        str | None,
        Option(
            accepted.HTTP_VERSION,
            "HTTP version for https:// URLs: 1.1 only, or 2 or 3 where the server speaks it and "
            "an older one elsewhere; 2 and 3 need the curl client; http:// URLs always use 1.1",
            usual="2 with the curl client, else 1.1",
        ),
    ] = None
    ip_version: Annotated[
        int | None, Option(accepted.IP_VERSION, "connect only over one version of IP")
    ] = None
    resolve: Annotated[
        tuple[str, ...],
        Option(
            accepted.ADDRESSES,
            "addresses to use for a host and port instead of looking them up: "
            "HOST:PORT:ADDRESS[,ADDRESS]",
        ),
    ] = ()
    no_private_addresses: Annotated[
        bool,
        Option(
            accepted.FLAG,
            "connect only to public addresses: to none of this machine, a private network, the "
            "link, or the metadata service of a cloud; for lists from strangers; cannot be used "
            "with a proxy",
        ),
    ] = False
    proxy: Annotated[
        str | None,
        Option(accepted.TEXT, "proxy for all hosts not in NO_PROXY", usual="the environment's"),
    ] = None
    cacert: Annotated[
        str | None,
        Option(accepted.PATH, "file of certificates to trust", usual="the system's"),
    ] = None
    cert: Annotated[
        str | None,
        Option(
            accepted.PATH,
            "client certificate, a PEM file, sent only to the target's own origin; may hold its "
            "private key, too",
        ),
    ] = None
    key: Annotated[
        str | None,
        Option(
            accepted.PATH,
            "private key of the client certificate, a PEM file without a password",
            usual="the file of the certificate",
        ),
    ] = None
    insecure: Annotated[
        bool,
        Option(accepted.FLAG, "accept any certificate: anyone may answer in the server's place"),
    ] = False
    base_url: Annotated[
        str | None,
        Option(accepted.MIRROR, "mirror of the flags for country codes: URL/br/br.gif is Brazil's"),
    ] = None
    keep_outcomes: Annotated[
        bool,
        Option(accepted.FLAG, "keep each outcome in the report; False for millions of targets"),
    ] = True
    emit: Annotated[
        Callable[["Event"], None] | None,
        Option(
            accepted.FUNCTION,
            "called with each event, on the caller's thread; must not block or raise",
        ),
    ] = None

    def __repr__(self) -> str:
        """Return the names of the settings that were set: their values may be secrets."""
        given = [name for name, value in self._asdict().items() if value != getattr(DEFAULTS, name)]
        return f"<Settings: {', '.join(given)}>"


OPTIONS: Mapping[str, Option] = {
    name: hint.__metadata__[0] for name, hint in Settings.__annotations__.items()
}
DEFAULTS = Settings()


def described(name: str, default: object = None, usual: str = "", *, auto: bool = True) -> str:
    """Return the meaning of a setting and its default, as a help text.

    ``default`` and ``usual`` replace the setting's own. Without ``auto``, the text does not mention
    the value ``auto``.
    """
    option = OPTIONS[name]
    value = getattr(DEFAULTS, name) if default is None else default
    text = f"{option.meaning}, or {AUTO}: {option.auto}" if auto and option.auto else option.meaning
    if value is False or value == ():
        return text
    shown = f"{value:g}" if isinstance(value, float) else "none" if value is None else value
    return f"{text} (default: {usual or option.usual or shown})"


def checked(given: Mapping[str, object]) -> Settings:
    """Check the settings and return them, with defaults for those not given. Raises UsageError."""
    for name in given:
        if name not in OPTIONS:
            raise UsageError(_unknown(name))
    return Settings(**{name: _accepted(name, value) for name, value in given.items()})


def _accepted(name: str, value: object) -> Any:
    return accept(name, value, OPTIONS[name].range, optional=getattr(DEFAULTS, name) is None)


def accept(name: str, value: object, kind: ValueRange, *, optional: bool = False) -> Any:
    """Return the value of a keyword in the form that is used. Raises UsageError.

    With ``optional``, it may be None.
    """
    if value is None and optional:
        return None
    try:
        return kind.accept(value)
    except ValueError as error:
        if str(error):
            raise UsageError(f"{name} {error}") from None
        allowed = f"{kind.description}, or None" if optional else kind.description
        raise UsageError(f"{name} is {_shown(value)}; it must be {allowed}") from None


def _shown(value: object) -> str:
    """Return a value for display: without a password, and not too long."""
    if isinstance(value, str):
        return quoted(redact(value))
    if isinstance(value, int) and abs(value) >= accepted.TOO_LARGE:
        return brief(hex(value))  # Python refuses to convert thousands of decimal digits
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    return f"of type {type(value).__name__}"


def _unknown(name: str) -> str:
    """Return the error message for an unknown setting, with the most similar name."""
    close = closest(name, OPTIONS)
    hint = f"; did you mean {close}?" if close else f"; the settings are {', '.join(OPTIONS)}"
    return f"there is no setting {quoted(name)}{hint}"


# For help(Settings): plain types in the signature, and the meaning of each field.
Settings.__annotations__ = Settings.__new__.__annotations__ = {
    name: hint.__origin__ for name, hint in Settings.__annotations__.items()
}
for _name, _option in OPTIONS.items():
    getattr(Settings, _name).__doc__ = f"{described(_name)}; must be {_option.range.description}"
