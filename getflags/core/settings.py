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
            auto="threads for up to 100 targets, processes for 1,000 targets or more where there "
            "are more than two processors, else asyncio",
        ),
    ] = "asyncio"  # a library must not start processes unless the program asks for them
    client: Annotated[
        str,
        Option(
            one_of(AUTO, *CLIENTS),
            "the HTTP client: h1 (getflags' own), curl (libcurl: HTTP/2 and SOCKS proxies), httpx",
            auto="h1; curl if the environment names a SOCKS proxy",
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
    headers: Annotated[
        tuple[tuple[str, str], ...],
        Option(accepted.FIELDS, "more header fields, sent only to the target's own origin"),
    ] = ()
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
    max_retry_after: Annotated[
        float,
        Option(
            accepted.SECONDS,
            "longest time, in seconds, that a server may ask to be left alone (Retry-After); if it "
            "asks for more, the target fails",
        ),
    ] = 60.0
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
    proxy: Annotated[
        str | None,
        Option(accepted.TEXT, "proxy for all hosts not in NO_PROXY", usual="the environment's"),
    ] = None
    cacert: Annotated[
        str | None,
        Option(accepted.PATH, "file of certificates to trust", usual="the system's"),
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
    optional = getattr(DEFAULTS, name) is None
    if value is None and optional:
        return None
    kind = OPTIONS[name].range
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
