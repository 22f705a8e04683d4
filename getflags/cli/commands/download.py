"""The download command, which ``getflags`` runs if the arguments name no other command.

All options and targets of the command line are checked before the first request.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from time import perf_counter
from typing import NamedTuple

from getflags import engines, testing, transport
from getflags.api import configure
from getflags.cli import COMMANDS
from getflags.cli.display import Screen
from getflags.cli.lists.arriving_targets import ArrivingTargets
from getflags.cli.lists.failed_list import FailedList, list_rest
from getflags.cli.lists.target_source import read_arriving, read_targets
from getflags.cli.options import checks
from getflags.cli.options import download as download_options
from getflags.cli.options.download import Options
from getflags.cli.signals import Interrupted
from getflags.core.accepted import AUTO
from getflags.core.errors import GetflagsError, UsageError
from getflags.core.events import Event, EventHandler
from getflags.core.feed import Feed, NoJob
from getflags.core.models import ExitStatus, Plan, Target
from getflags.core.resource_limits import worker_count
from getflags.core.settings import Settings
from getflags.core.text import counted, printable, quoted
from getflags.core.urls import origin, redact
from getflags.output import summary
from getflags.output.estimate import Total
from getflags.storage import directories
from getflags.targets import filenames, resolve
from getflags.targets.filenames import PART_PREFIX
from getflags.targets.list_file import Entry


def main(arguments: list[str]) -> int:
    """Download the targets and return the exit code. Raises UsageError."""
    options = download_options.parse(arguments)
    screen = Screen(options)
    result = summary.Report(keep=False)
    try:
        with _read_targets(options) as (targets, feed):
            code: int = ExitStatus.OK
            if not targets and feed is None:
                screen.info("Nothing to do: the list contains no targets.")
            else:
                _check(options, targets)
                with _site(options, targets, screen) as site:
                    code = _run(_Job(options, targets, feed, site), screen, result)
    except Interrupted as stop:
        stop.message = f"interrupted; {counted(result.arrived, 'file')} complete"
        stop.message += _continuation(options, result)
        screen.summary(result, stop.code)
        raise
    screen.summary(result, code)
    return code


@contextmanager
def _read_targets(options: Options) -> Iterator[tuple[resolve.Listing, Feed[Entry] | None]]:
    """Read the targets, and the beginning of a list that has not ended. Raises UsageError."""
    if options.out is None and options.checksum is None:
        with read_arriving(options, options.limit, COMMANDS) as targets:
            yield targets
    else:  # they are for a single target, so the list must end
        with read_targets(options, options.limit, COMMANDS) as listing:
            yield listing, None


def _continuation(options: Options, result: summary.Report) -> str:
    """Return how to continue an interrupted run, if another run would not start all over again."""
    again = "; run the same command again"
    if result.arrived and options.settings.exists in {"overwrite", "fail"}:
        return f"{again} with --exists skip to continue"
    from pathlib import Path

    parts = Path(options.settings.dir).glob(f"{PART_PREFIX}*.json")
    return f"{again} to continue" if result.arrived or any(parts) else ""


class _Site(NamedTuple):
    """The source of the flags. The origins in ``direct`` are never reached through a proxy."""

    base_url: str = ""
    direct: tuple[str, ...] = ()


class _Job(NamedTuple):
    """The options, the targets, those still to come, and the source of the flags."""

    options: Options
    targets: resolve.Listing
    feed: Feed[Entry] | None
    site: _Site

    @property
    def noun(self) -> str:
        """The noun for a target: ``file`` or ``flag``."""
        return "flag" if self.total is not None and not self.targets.urls else "file"

    @property
    def total(self) -> int | None:
        """The number of targets; None if the list has not ended."""
        return len(self.targets) if self.feed is None else None

    @property
    def labels(self) -> list[str]:
        """The labels of all targets, or only the first and last if there are many."""
        total = len(self.targets)
        shown = range(total) if total <= summary.FEW else (0, total - 1)
        return [resolve.label(self.targets[index].word) for index in shown]


def _check(options: Options, targets: resolve.Listing) -> None:
    """Check combinations of options and targets. Raises UsageError."""
    settings = options.settings
    total = len(targets)
    for name, value in (("-o", options.out), ("--checksum", options.checksum)):
        if value is not None and total > 1:
            if not (options.targets or options.input_files or options.every or options.all):
                raise UsageError(f"{name} needs a target, and none was given")
            raise UsageError(f"{name} takes a single target, but there are {total:,}")
    if options.out is not None:
        try:
            filenames.checked(options.out)
        except filenames.BadName as error:
            raise UsageError(f"-o {quoted(options.out)}: {error}") from None
    if total == 1 and not options.input_files:  # in a list, the other targets are downloaded
        place = _place(options, testing.REMOTE)
        (target,) = resolve.settle([_with_options(targets[0], options)], place)
        if target.flaw:
            raise UsageError(f"{quoted(target.label)} cannot be fetched: {target.flaw}")
    checks.mirror(options)
    engines.select(settings.engine, total, 1, adaptive=settings.max_req == AUTO)
    transport.client(settings.client).check(configure.network(settings))
    directories.make_folder(settings.dir)


def _place(options: Options, base_url: str) -> resolve.Place:
    """Return the mirror of the flags and the places of files. No target may be the failed list."""
    place = configure.place(options.settings, base_url)
    if options.failed_out is None:
        return place
    return place._replace(failed_out=os.path.realpath(options.failed_out))


@contextmanager
def _site(options: Options, targets: resolve.Listing, screen: Screen) -> Iterator[_Site]:
    """Print and yield the source of the flags; start a bundled server if necessary."""
    if not targets.has_codes:
        # A code may follow in a list that has not ended.
        yield _Site(options.settings.base_url or "")
    elif (mirror := options.settings.base_url) is not None:
        screen.info(f"Mirror site: {printable(redact(mirror))}")
        yield _Site(mirror)
    elif options.server == "REMOTE":
        screen.info(f"REMOTE site: {testing.REMOTE}")
        yield _Site(testing.REMOTE)
    else:
        from getflags.testing import bundled  # the import takes 5 ms

        with bundled.running(options.server, options.seed, screen.warn) as server:
            screen.info(f"{options.server} site: {server.shown}")
            yield _Site(server.base_url, (origin(server.base_url),))


def _run(job: _Job, screen: Screen, result: summary.Report) -> int:
    """Download and return the exit code. Raises GetflagsError only before the first outcome."""
    try:
        _download(job, screen, result)
    except GetflagsError as error:
        if not result.total:
            raise
        screen.warn(f"getflags: {printable(str(error))}")
        return ExitStatus.SOME_FAILED if result.arrived else ExitStatus.ALL_FAILED
    return result.exit_status


def _download(job: _Job, screen: Screen, result: summary.Report) -> None:
    """Run the engine with the event handlers that the options require."""
    options, total = job.options, job.total
    settings = options.settings
    adaptive = settings.max_req == AUTO
    wanted = _concurrency(job)
    wanted = wanted if total is None else min(wanted, _useful(settings, total))
    # Of a list that has not ended, only long ones are known to be long.
    least: int | None = len(job.targets)
    if total is None and len(job.targets) < engines.PROCESSES_FROM:
        least = None
    engine = engines.select(settings.engine, least, wanted, adaptive=adaptive)
    limit = checks.affordable(wanted, [engine], settings.client, screen.warn)
    up_to = total is not None and limit > total  # a file may have several connections
    for line in summary.opening(job.noun, job.labels, total, limit, adaptive=adaptive, up_to=up_to):
        screen.info(line)
    if options.verbose:
        client = transport.client(settings.client).about()
        screen.info(f"Engine: {engine}; client: {settings.client} ({client}).")
    total = _run_engine(job, limit, engine, screen, result)
    for line in summary.closing(result, job.noun):
        screen.info(line)
    if job.feed is not None and job.feed.error:
        raise GetflagsError(f"{job.feed.error}; the rest of the list has not been read")
    if result.total != total:  # a bug in getflags, which must not end with exit code 0
        raise GetflagsError(
            f"internal error: only {result.total:,} of {total:,} targets have an outcome"
        )


def _useful(settings: Settings, total: int) -> int:
    """Return the largest number of requests in flight that targets may need."""
    if settings.split == 1 or settings.engine == "sequential":
        return total
    # All connections of a file are in the same process, which has a share of the number.
    useful = total * settings.split
    return useful * worker_count(useful) if settings.engine == "processes" else useful


def _plan(job: _Job, targets: Iterable[Target | NoJob], limit: int) -> Plan:
    settings = job.options.settings
    return Plan(
        targets,
        settings.client,
        limit,
        settings.loop,
        configure.download_options(settings),
        configure.network(settings, job.site.direct),
        settings.max_req == AUTO,
    )


def _settled(job: _Job) -> Iterator[Target]:
    """Return the targets with their names, always the same ones."""
    entries = (_with_options(entry, job.options) for entry in job.targets)
    return resolve.settle(entries, _place(job.options, job.site.base_url))


def _run_engine(
    job: _Job, limit: int, engine: str, screen: Screen, result: summary.Report
) -> int | None:
    """Run the engine, and return the number of targets, or None if the list has not ended.

    The report's elapsed time is set also if the run is interrupted.
    """
    start = perf_counter()
    with ExitStack() as stack:
        rest = stack.enter_context(_rest(job, screen))
        targets, total = stack.enter_context(_all_targets(job, rest, screen))
        handlers: list[EventHandler] = [result.read]
        if job.options.json:
            handlers.append(screen.json())
        if rest:
            handlers.append(rest.read)
        handlers.append(stack.enter_context(screen.progress(total, job.noun)))
        try:
            engines.engine(engine)(_plan(job, targets, limit), _tee(handlers))
        finally:
            result.elapsed = perf_counter() - start
    return total() if callable(total) else total


def _rest(job: _Job, screen: Screen) -> AbstractContextManager[FailedList | None]:
    """Return a context with the rest of the job, which is written at its end."""
    name = job.options.failed_out
    if name is None:
        return nullcontext()
    return list_rest(name, job.options.settings.dir, _settled(job), screen.warn)


@contextmanager
def _all_targets(
    job: _Job, rest: FailedList | None, screen: Screen
) -> Iterator[tuple[Iterable[Target | NoJob], Total]]:
    """Yield the targets of the run, and their number.

    At the end of the block, all targets that have arrived are added to the rest of the job.
    """
    if job.feed is None:
        yield _settled(job), len(job.targets)
        return
    place = _place(job.options, job.site.base_url)
    limit = job.options.limit
    if rest is None:
        arriving = ArrivingTargets(job.targets, job.feed, place, limit)
        yield arriving, lambda: arriving.total
        return
    arriving = ArrivingTargets(job.targets, job.feed, place, limit, rest.add_later)
    try:
        yield arriving, lambda: arriving.total
    finally:
        arriving.take_rest()
        if arriving.total is None:
            screen.warn(
                "getflags: the list had not ended; of its targets, "
                f"{quoted(job.options.failed_out or '')} has only those that had been read"
            )


def _tee(handlers: list[EventHandler]) -> EventHandler:
    """Return an event handler that calls all the given handlers."""

    def handle(event: Event) -> None:
        for each in handlers:
            each(event)

    return handle


def _concurrency(job: _Job) -> int:
    options = job.options
    if options.settings.engine == "sequential":
        return 1
    remote = job.targets.has_codes and job.site.base_url == testing.REMOTE
    return checks.requested_limit(options, remote=remote)


def _with_options(entry: Entry, options: Options) -> Entry:
    """Apply ``-o`` and ``--checksum``, which are given only for a single target."""
    if options.out is None and options.checksum is None:
        return entry
    return entry._replace(
        out=options.out or entry.out,
        checksum=options.checksum or entry.checksum,
    )
