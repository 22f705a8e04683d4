"""The Python API: ``download`` and ``adownload``.

Both build a plan from keyword arguments, run an engine and return a report. They print nothing, and
each setting has the same meaning as on the command line.
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
from getflags.api import configure, credentials
from getflags.core import resource_limits
from getflags.core.accepted import AUTO, fields
from getflags.core.errors import Stopped, UsageError
from getflags.core.events import Event, EventHandler
from getflags.core.models import Checksum, Plan
from getflags.core.settings import Settings, checked
from getflags.engines.early_end import stop_after
from getflags.output import event_log
from getflags.output.summary import Report
from getflags.scheduling import adaptive_concurrency
from getflags.storage import directories
from getflags.targets import resolve
from getflags.targets.list_file import BadInput, Entry, parse_checksum


class SettingsDict(TypedDict, total=False):
    """The settings as keyword arguments, for type checkers. All of them are optional.

    ``Settings`` documents their meanings and defaults (``help(getflags.Settings)``), and values are
    checked against ``Settings``. This class repeats the names because a type checker needs a
    TypedDict to report a misspelt keyword, and because some values are accepted in several forms
    (a ``Path``, a mapping). A test compares the two classes.
    """

    dir: str | os.PathLike[str]
    engine: str
    client: str
    loop: str
    max_req: int | Literal["auto"]
    dedupe: bool
    max_per_host: int | None
    rate_per_host: float | None
    split: int
    min_split_size: int
    exists: str
    verify: bool
    compressed: bool
    force_directories: bool
    cut_dirs: int
    output_template: str | None
    content_disposition: bool
    headers: Mapping[str, str]
    user: str | None
    digest: bool
    oauth2_bearer: str | None
    netrc: bool
    netrc_file: str | os.PathLike[str] | None
    location_trusted: bool
    cookie: str | None
    cookie_jar: str | os.PathLike[str] | None
    timeout: float
    connect_timeout: float
    max_redirs: int
    retries: int
    retry_on: str | Collection[int]
    retry_connrefused: bool
    retry_all_errors: bool
    max_retry_after: float
    max_failures: int | None
    deadline: float | None
    max_time: float | None
    max_filesize: int | None
    limit_rate: float | None
    speed_limit: float
    fsync: bool
    http_version: str | None
    ip_version: int | None
    resolve: list[str] | tuple[str, ...]
    no_private_addresses: bool
    proxy: str | None
    cacert: str | os.PathLike[str] | None
    cert: str | os.PathLike[str] | None
    key: str | os.PathLike[str] | None
    insecure: bool
    base_url: str | None
    keep_outcomes: bool
    emit: EventHandler | None


def download(targets: Iterable[str | Entry], **settings: Unpack[SettingsDict]) -> Report:
    """Download all targets and return a report of their outcomes.

    ``targets`` are URLs, country codes, letters, or ``Entry`` values with a name, a folder, a
    checksum, header fields or mirrors. An iterator is consumed lazily, so there may be millions of
    targets. If a target fails, the report has an ``Outcome`` that says so; no exception is raised.
    If ``max_failures`` or ``deadline`` ends the run early, ``report.stopped`` says so, and targets
    that had not ended have no outcome. ``help(getflags.Settings)`` documents the settings.

    Raises UsageError before any request if a setting is unknown, has a wrong type or is out of
    range, or if an item in a collection of targets is neither a string nor an Entry. An iterator's
    items are checked one by one as they are consumed; exceptions that it raises are passed on. If
    ``logging`` has been imported, each event is logged by the logger ``getflags``.

    If an event loop is running (for example, in a notebook), use ``await adownload(...)`` instead:
    there the asyncio engine raises an error, and all other engines block the loop.
    """
    chosen = checked(settings)
    total = len(targets) if isinstance(targets, Sized) else None
    name = configure.select_engine(chosen, total, _requested(chosen))
    job, report = _prepare(targets, chosen, name, chosen_level="max_req" in settings)
    run = engines.engine(name)
    start = perf_counter()
    try:
        run(job, stop_after(chosen.max_failures, _tee(report, chosen.emit)))
    except Stopped as stop:
        report.stopped = str(stop)
    finally:
        credentials.save_cookies(chosen, job.options)
    report.elapsed = perf_counter() - start
    return report


async def adownload(targets: Iterable[str | Entry], **settings: Unpack[SettingsDict]) -> Report:
    """Download all targets on the running event loop and return a report, as ``download`` does.

    The engine is asyncio; any other except ``auto`` raises UsageError. ``targets`` is consumed on
    the loop's thread, so it must not block. If the task is cancelled, incomplete files are deleted,
    except for those that a later run can resume.
    """
    from getflags.engines.event_loop import arun

    chosen = checked(settings)
    if chosen.engine not in {AUTO, "asyncio"}:
        raise UsageError(
            f"adownload() always uses the asyncio engine; for engine={chosen.engine!r}, run "
            "download() in a thread (asyncio.to_thread)"
        )
    job, report = _prepare(targets, chosen, "asyncio", chosen_level="max_req" in settings)
    start = perf_counter()
    try:
        await arun(job, stop_after(chosen.max_failures, _tee(report, chosen.emit)))
    except Stopped as stop:
        report.stopped = str(stop)
    finally:
        credentials.save_cookies(chosen, job.options)
    report.elapsed = perf_counter() - start
    return report


def _requested(settings: Settings) -> int:
    """Return the maximum concurrency that the settings request."""
    limit = settings.max_req
    return adaptive_concurrency.MAX_LEVEL if isinstance(limit, str) else limit


def _prepare(
    targets: Iterable[str | Entry], settings: Settings, engine: str, *, chosen_level: bool
) -> tuple[Plan, Report]:
    """Return the plan and an empty report. Raises UsageError."""
    entries = resolve.expand(_entries(targets))
    place = configure.place(settings, settings.base_url, read_only=settings.verify)
    report = Report(keep=settings.keep_outcomes)
    if settings.dedupe:
        entries = resolve.Duplicates(place, report.count_duplicate).kept(entries)
    adaptive = settings.max_req == AUTO
    limit = _requested(settings)
    client = transport.resolved(settings.client, settings.http_version)
    granted = resource_limits.max_concurrency(limit, engine, client)
    if granted < limit and not adaptive:
        text = (
            f"max_req={limit} needs more open files than the system allows; using {granted} instead"
        )
        warnings.warn(text, RuntimeWarning, stacklevel=3)
    job = Plan(
        resolve.settle(entries, place),
        client,
        granted,
        settings.loop,
        configure.download_options(settings),
        configure.network(settings),
        adaptive,
        configure.host_limits(settings, chosen_level=chosen_level),
        settings.max_failures,
    )
    transport.client(job.client).check(job.network)
    if not settings.verify:
        directories.make_folder(settings.dir)
    return job, report


def _entries(targets: Iterable[object]) -> Iterator[Entry]:
    """Return the targets as entries, lazily; a collection is checked first. Raises UsageError."""
    if isinstance(targets, (str, bytes, Entry)):
        kind = "string" if isinstance(targets, str) else type(targets).__name__
        raise UsageError(f"targets is a single {kind}; pass a list of targets")
    if not isinstance(targets, Iterable):
        raise UsageError(f"targets is of type {type(targets).__name__}; pass a list of targets")
    if isinstance(targets, Collection):
        for index, item in enumerate(targets):
            if type(item) is not str:  # 0.02 s for a million strings instead of 0.19 s
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
            raise UsageError(
                f"targets[{index}] is an Entry, but one of its fields has a wrong type"
            )
        if item.mirrors:
            _check_mirrors(index, item.mirrors)
        if item.headers:
            item = _with_headers(index, item, item.headers)
        return item if item.checksum is None else _with_checksum(index, item, item.checksum)
    raise UsageError(
        f"targets[{index}] is of type {type(item).__name__}; expected a string or an Entry"
    )


def _with_checksum(index: int, entry: Entry, checksum: Checksum) -> Entry:
    """Return the entry with its checksum in the form that ``Checksum`` documents."""
    if not all(isinstance(text, str) for text in checksum):
        raise UsageError(f"targets[{index}] has a checksum whose fields are not both strings")
    try:
        return entry._replace(checksum=parse_checksum("=".join(checksum)))
    except BadInput as error:
        raise UsageError(f"targets[{index}]: {error}") from None


def _check_mirrors(index: int, mirrors: object) -> None:
    if not isinstance(mirrors, tuple) or not all(isinstance(url, str) for url in mirrors):
        raise UsageError(f"targets[{index}] has mirrors that are not a tuple of strings")


def _with_headers(index: int, entry: Entry, headers: object) -> Entry:
    """Return the entry with its header fields as they are sent."""
    if not isinstance(headers, tuple) or not all(
        isinstance(pair, tuple) and len(pair) == 2  # noqa: PLR2004 - a pair
        for pair in headers
    ):
        raise UsageError(
            f"targets[{index}] has headers that are not a tuple of pairs: (name, value)"
        )
    try:
        return entry._replace(headers=fields(headers))
    except ValueError as error:
        raise UsageError(f"targets[{index}].headers {error}") from None


def _tee(report: Report, emit: EventHandler | None) -> EventHandler:
    """Return an event handler that calls the handlers of the report, the log and the caller."""
    handlers = [each for each in (report.read, event_log.handler(), emit) if each is not None]

    def handle(event: Event) -> None:
        for each in handlers:
            each(event)

    return handle
