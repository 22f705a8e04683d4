"""The library's front door: ``download`` and ``adownload``.

They turn keyword arguments into a plan, run an engine, and return a report. Nothing is printed, and
no option means anything else than on the command line.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sized
from secrets import token_hex
from time import perf_counter
from typing import Any, Literal, TypedDict, Unpack

from getflags import engines, transport
from getflags.core import resource_limits
from getflags.core.errors import UsageError
from getflags.core.events import Event, EventHandler
from getflags.core.models import (
    AUTO,
    CONNECT_TIMEOUT,
    LIMIT,
    MAX_REDIRS,
    RETRIES,
    SPEED_LIMIT,
    TIMEOUT,
    DownloadOptions,
    Exists,
    Fields,
    Network,
    Plan,
)
from getflags.output import event_log
from getflags.output.summary import Report
from getflags.scheduling import adaptive_concurrency
from getflags.storage import directories
from getflags.targets import resolve
from getflags.targets.list_file import Entry
from getflags.transfer.request import check_field
from getflags.transport import proxies


class Settings(TypedDict, total=False):
    """The keyword arguments of ``download`` and ``adownload``; all have defaults.

    =============== ==========================================================================
    dir             folder for the files, created if missing (``"downloaded"``)
    engine          ``"asyncio"`` (default), ``"sequential"``, ``"threads"``, ``"processes"``,
                    or ``"auto"``: processes for a long list, else asyncio. A library starts no
                    processes unless its caller asks for them.
    client          the HTTP library: ``"curl"`` (default where installed) or ``"httpx"``
    loop            ``"auto"`` (default), ``"uvloop"`` or ``"asyncio"``
    max_req         the largest number of concurrent requests (20), or ``"auto"``: adapt it to
                    each server during the download; capped, with a RuntimeWarning, at what the
                    process's limit on open files allows
    exists          ``"overwrite"`` (default), ``"skip"``, ``"refresh"`` or ``"fail"``
    headers         more header fields; sent to the origin of the given URL only. Fields for
                    ranges, conditions and framing are refused
    timeout         longest silence on a connection, in seconds (30)
    connect_timeout longest wait for a connection, in seconds (10)
    max_redirs      redirects followed for one target (10)
    retries         retries of transient failures, after the first attempt (3)
    max_time        longest time for one file, including retries, in seconds (None)
    max_filesize    refuse larger files, in bytes (None)
    limit_rate      bytes per second over all transfers (None)
    speed_limit     abort a slower transfer, in bytes per second averaged over ``timeout``
                    seconds (10; 0 turns it off)
    fsync           flush each file to the disk (False)
    proxy           one proxy for all targets; default: that of the environment
    cacert          file of certificates to trust, instead of the system's
    insecure        accept any certificate (False)
    base_url        the mirror from which country codes are downloaded; required for codes
    keep_outcomes   keep each outcome in the report (True); False for very long jobs
    emit            called with each event, on the caller's thread; must not block or raise
    =============== ==========================================================================
    """

    dir: str | os.PathLike[str]
    engine: str
    client: str
    loop: str
    max_req: int | Literal["auto"]
    exists: str
    headers: Mapping[str, str]
    timeout: float
    connect_timeout: float
    max_redirs: int
    retries: int
    max_time: float | None
    max_filesize: int | None
    limit_rate: float | None
    speed_limit: float
    fsync: bool
    proxy: str | None
    cacert: str | os.PathLike[str] | None
    insecure: bool
    base_url: str
    keep_outcomes: bool
    emit: EventHandler | None


def download(targets: Iterable[str | Entry], **settings: Unpack[Settings]) -> Report:
    """Download every target and return what became of each.

    ``targets`` are URLs, country codes, letters, or ``Entry`` values with a name, a folder or a
    checksum; an iterator is consumed lazily, so there may be millions. A target's failure is an
    ``Outcome`` in the report, never an exception. Raises UsageError for settings that make no
    sense, before any request, and whatever ``targets`` itself raises. Where ``logging`` is loaded,
    the logger ``getflags`` tells of each event.

    Where an event loop is running (in a notebook, say), await ``adownload``: the asyncio engine
    is refused there, and the other engines block that loop until the download is over.
    """
    job, report = _prepare(targets, settings)
    total = len(targets) if isinstance(targets, Sized) else None
    run = engines.engine(
        engines.suited(settings.get("engine", "asyncio"), total, job.limit, adaptive=job.adaptive)
    )
    start = perf_counter()
    run(job, _tee(report, settings.get("emit")))
    report.elapsed = perf_counter() - start
    return report


async def adownload(targets: Iterable[str | Entry], **settings: Unpack[Settings]) -> Report:
    """Do as ``download`` does, inside the running event loop; always with the asyncio engine.

    ``targets`` is pulled on the loop's thread, so it should not block. Cancelling takes away
    what is half done.
    """
    from getflags.engines.event_loop import arun

    job, report = _prepare(targets, settings)
    start = perf_counter()
    await arun(job, _tee(report, settings.get("emit")))
    report.elapsed = perf_counter() - start
    return report


def _prepare(targets: Iterable[str | Entry], settings: Settings) -> tuple[Plan, Report]:
    """Turn the settings into a plan and an empty report. Raises UsageError."""
    folder = os.fspath(settings.get("dir", "downloaded"))
    wish = settings.get("max_req", LIMIT)
    limit = adaptive_concurrency.MOST if isinstance(wish, str) else wish
    if limit < 1:
        raise UsageError(f"max_req is {limit}; it takes at least 1")
    granted = resource_limits.affordable(limit)
    if granted < limit and wish != AUTO:
        text = f"max_req={limit} needs more open files than the system allows; {granted} it is"
        warnings.warn(text, RuntimeWarning, stacklevel=3)
    if isinstance(targets, str):
        raise UsageError("targets is a single string; it takes a list of them")
    entries = (Entry(item) if isinstance(item, str) else item for item in targets)
    place = resolve.Place(
        settings.get("base_url", ""), folder, directories.real_folder, fold=directories.folds_case()
    )
    job = Plan(
        resolve.settle(resolve.expand(entries), place),
        settings.get("client") or transport.default(),
        granted,
        settings.get("loop", "auto"),
        DownloadOptions(
            headers=_headers(settings.get("headers", {})),
            max_redirs=settings.get("max_redirs", MAX_REDIRS),
            exists=_exists(settings.get("exists", Exists.OVERWRITE.value)),
            retries=settings.get("retries", RETRIES),
            salt=token_hex(4),
            max_time=settings.get("max_time"),
            max_filesize=settings.get("max_filesize"),
            speed_limit=settings.get("speed_limit", SPEED_LIMIT),
            speed_time=settings.get("timeout", TIMEOUT),
            fsync=settings.get("fsync", False),
        ),
        _network(settings),
        wish == AUTO,
    )
    transport.client(job.client).check(job.network)
    directories.make_folder(folder)
    return job, Report(keep=settings.get("keep_outcomes", True))


def _exists(name: str) -> Exists:
    try:
        return Exists(name)
    except ValueError:
        known = ", ".join(one.value for one in Exists)
        raise UsageError(f"exists is {name!r}; it takes {known}") from None


def _headers(fields: Mapping[str, str]) -> Fields:
    for name in fields:
        try:
            check_field(name)
        except ValueError as error:
            raise UsageError(f"headers: {error}") from None
    return tuple(fields.items())


def _network(settings: Settings) -> Network:
    for name in ("timeout", "connect_timeout", "max_time", "max_filesize", "limit_rate"):
        value: Any = settings.get(name)
        if value is not None and not value > 0:
            raise UsageError(f"{name} is {value}; it takes a positive number")
    if settings.get("speed_limit", 0) < 0:
        raise UsageError(f"speed_limit is {settings['speed_limit']}; it takes 0 or more")
    cacert = settings.get("cacert")
    return Network(
        timeout=settings.get("timeout", TIMEOUT),
        connect_timeout=settings.get("connect_timeout", CONNECT_TIMEOUT),
        proxies=proxies.settings(settings.get("proxy"), os.environ),
        cacert=os.fspath(cacert) if cacert else None,
        insecure=settings.get("insecure", False),
        limit_rate=settings.get("limit_rate"),
    )


def _tee(report: Report, emit: EventHandler | None) -> EventHandler:
    """Return one reader for all: the report, the log, and the caller's own."""
    readers = [read for read in (report.read, event_log.reader(), emit) if read is not None]

    def read_all(event: Event) -> None:
        for read in readers:
            read(event)

    return read_all
