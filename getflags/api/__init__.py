"""The library's front door: ``download`` and ``adownload``.

They turn keyword arguments into a plan, run an engine, and return a report. Nothing is printed, and
no option means anything else than on the command line.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sized
from itertools import count
from time import perf_counter
from types import NoneType
from typing import Literal, TypedDict, Unpack

from getflags import engines, transport
from getflags.api import configure
from getflags.core import resource_limits
from getflags.core.accepted import AUTO
from getflags.core.errors import UsageError
from getflags.core.events import Event, EventHandler
from getflags.core.models import Checksum, Plan
from getflags.core.settings import Settings, checked
from getflags.output import event_log
from getflags.output.summary import Report
from getflags.scheduling import adaptive_concurrency
from getflags.storage import directories
from getflags.targets import resolve
from getflags.targets.list_file import Entry


class SettingsDict(TypedDict, total=False):
    """The settings as keyword arguments, for type checkers: all may be left out.

    What each means, and its default, stands in ``Settings`` (``help(getflags.Settings)``); the
    values are checked against it, not against this. Its names can't be taken from there: a type
    checker needs a TypedDict to see a misspelt keyword, and some values may be given in forms that
    ``Settings`` doesn't keep (a ``Path``, a mapping). A test compares the two.
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
    base_url: str | None
    keep_outcomes: bool
    emit: EventHandler | None


def download(targets: Iterable[str | Entry], **settings: Unpack[SettingsDict]) -> Report:
    """Download every target and return what became of each.

    ``targets`` are URLs, country codes, letters, or ``Entry`` values with a name, a folder or a
    checksum; an iterator is consumed lazily, so there may be millions. A target's failure is an
    ``Outcome`` in the report, never an exception. The settings are those of
    ``help(getflags.Settings)``.

    Raises UsageError before any request if a setting is unknown, has a wrong type or is out of
    range, or if something in a collection of targets is neither text nor an Entry (in an iterator,
    when its turn comes); and whatever ``targets`` itself raises. Where ``logging`` is loaded, the
    logger ``getflags`` logs each event.

    Where an event loop is running (in a notebook, say), await ``adownload``: the asyncio engine
    is refused there, and the other engines block that loop until the download is over.
    """
    chosen, job, report = _prepare(targets, settings)
    total = len(targets) if isinstance(targets, Sized) else None
    run = engines.engine(engines.select(chosen.engine, total, job.limit, adaptive=job.adaptive))
    start = perf_counter()
    run(job, _tee(report, chosen.emit))
    report.elapsed = perf_counter() - start
    return report


async def adownload(targets: Iterable[str | Entry], **settings: Unpack[SettingsDict]) -> Report:
    """Do as ``download`` does, inside the running event loop; always with the asyncio engine.

    ``targets`` is pulled on the loop's thread, so it should not block. Cancelling takes away
    what is half done.
    """
    from getflags.engines.event_loop import arun

    chosen, job, report = _prepare(targets, settings)
    start = perf_counter()
    await arun(job, _tee(report, chosen.emit))
    report.elapsed = perf_counter() - start
    return report


def _prepare(
    targets: Iterable[str | Entry], given: Mapping[str, object]
) -> tuple[Settings, Plan, Report]:
    """Return the checked settings, the plan and an empty report. Raises UsageError."""
    settings = checked(given)
    entries = _entries(targets)
    adaptive = settings.max_req == AUTO
    limit = (
        adaptive_concurrency.MAX_LEVEL if isinstance(settings.max_req, str) else settings.max_req
    )
    granted = resource_limits.max_concurrency(limit)
    if granted < limit and not adaptive:
        text = f"max_req={limit} needs more open files than the system allows; {granted} it is"
        warnings.warn(text, RuntimeWarning, stacklevel=3)
    job = Plan(
        resolve.settle(resolve.expand(entries), configure.place(settings, settings.base_url)),
        transport.resolved(settings.client),
        granted,
        settings.loop,
        configure.rules(settings),
        configure.network(settings),
        adaptive,
    )
    transport.client(job.client).check(job.network)
    directories.make_folder(settings.dir)
    return settings, job, Report(keep=settings.keep_outcomes)


def _entries(targets: Iterable[object]) -> Iterator[Entry]:
    """Return the targets as entries, pulled one by one; a collection is checked first.

    Raises UsageError.
    """
    if isinstance(targets, (str, bytes, Entry)):
        kind = "string" if isinstance(targets, str) else type(targets).__name__
        raise UsageError(f"targets is a single {kind}; it takes a list of them")
    if not isinstance(targets, Iterable):
        raise UsageError(f"targets is of type {type(targets).__name__}; it takes a list")
    if isinstance(targets, Collection):
        for index, item in enumerate(targets):
            if type(item) is not str:  # 0.02 s for a million of them, not 0.19
                _entry(index, item)
    return map(_entry, count(), targets)


def _entry(index: int, item: object) -> Entry:
    if isinstance(item, str):
        return Entry(item)
    if isinstance(item, Entry):
        texts = (item.word, item.out, item.folder)
        if not all(isinstance(text, str) for text in texts) or not isinstance(
            item.checksum, (Checksum, NoneType)
        ):
            raise UsageError(f"targets[{index}] is an Entry with a field of a wrong type")
        return item
    raise UsageError(
        f"targets[{index}] is of type {type(item).__name__}; it takes text or an Entry"
    )


def _tee(report: Report, emit: EventHandler | None) -> EventHandler:
    """Return one reader for all: the report, the log, and the caller's own."""
    readers = [read for read in (report.read, event_log.reader(), emit) if read is not None]

    def read_all(event: Event) -> None:
        for read in readers:
            read(event)

    return read_all
