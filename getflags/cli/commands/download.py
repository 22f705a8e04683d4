"""The download command, which ``getflags`` runs if the arguments name no other command.

All options and targets of the command line are checked before the first request.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from time import monotonic, perf_counter
from typing import NamedTuple

from getflags import engines, testing, transport
from getflags.api import configure, credentials
from getflags.cli import COMMANDS, standard_output
from getflags.cli.display import Screen
from getflags.cli.lists.arriving_targets import ArrivingTargets
from getflags.cli.lists.failed_list import FailedList, list_rest
from getflags.cli.lists.target_source import (
    Filter,
    read_arriving,
    read_checksums,
    read_targets,
)
from getflags.cli.options import checks
from getflags.cli.options import download as download_options
from getflags.cli.options.download import Options
from getflags.cli.signals import Interrupted, defer_signals
from getflags.core.accepted import AUTO
from getflags.core.errors import GetflagsError, Stopped, UsageError
from getflags.core.events import Event, EventHandler
from getflags.core.feed import Feed, NoJob
from getflags.core.models import Checksum, DownloadOptions, ExitStatus, HostLimits, Plan, Target
from getflags.core.text import brief, counted, printable, quoted
from getflags.core.urls import is_loopback, origin, redact
from getflags.engines.early_end import stop_after
from getflags.output import summary
from getflags.output.estimate import Total
from getflags.storage import directories
from getflags.storage.output_stream import OutputStream
from getflags.targets import filenames, resolve
from getflags.targets.checksum_list import ChecksumList, Disagreement
from getflags.targets.filenames import PART_PREFIX
from getflags.targets.list_file import Entry
from getflags.transfer.retry import DEADLINE_PASSED


def main(arguments: list[str]) -> int:
    """Download the targets and return the exit code. Raises UsageError."""
    started = monotonic()
    options = download_options.parse(arguments)
    screen = Screen(options)
    result = summary.Report(keep=False)
    if options.checksum_file is not None:
        options.checksums = _read_checksums(options.checksum_file, options)
    try:
        with _read_targets(options, result, started) as (targets, feed):
            code: int = ExitStatus.OK
            if options.dry_run:
                return _dry_run(options, targets, screen)
            if not targets and feed is None:
                screen.info("Nothing to do: the list contains no targets.")
            else:
                transfers = _check(options, targets, started)
                with _site(options, targets, screen) as site:
                    job = _Job(options, targets, feed, site, transfers)
                    if options.out == standard_output.NAME:
                        code = _run_to_output(job, screen, result)
                    else:
                        code = _run(job, screen, result)
    except Interrupted as stop:
        stop.message = f"interrupted; {counted(result.arrived, 'file')} complete"
        stop.message += _continuation(options, result)
        screen.summary(result, stop.code)
        raise
    screen.summary(result, code)
    return code


def _read_checksums(name: str, options: Options) -> ChecksumList:
    """Read the checksum file. Raises UsageError."""
    if name == "-" and "-" in (options.input_files or ()):
        raise UsageError("-i - and --checksum-file - would both read standard input")
    return read_checksums(name)


@contextmanager
def _read_targets(
    options: Options, result: summary.Report, started: float
) -> Iterator[tuple[resolve.Listing, Feed[Entry] | None]]:
    """Read the targets, and the beginning of a list that has not ended. Raises UsageError."""
    deadline = options.settings.deadline
    kept: Filter = iter
    if options.settings.dedupe:
        kept = resolve.Duplicates(
            _place(options, _usual_site(options)), result.count_duplicate
        ).kept
    if options.out is None and options.checksum is None and not options.dry_run:
        with read_arriving(options, options.limit, COMMANDS, kept) as targets:
            yield targets
    # -o and --checksum are for a single target, so the list must end.
    elif deadline is not None:
        left = max(0.0, started + deadline - monotonic())
        with read_arriving(options, options.limit, COMMANDS, kept, left) as (listing, feed):
            if feed is not None:
                raise GetflagsError(f"{DEADLINE_PASSED}; the list had not ended")
            yield listing, None
    else:
        with read_targets(options, options.limit, COMMANDS, kept) as listing:
            yield listing, None


def _continuation(options: Options, result: summary.Report) -> str:
    """Return how to continue an interrupted run, if another run would not start all over again."""
    again = "; run the same command again"
    if options.settings.verify:
        return again
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
    """The options, the targets, those still to come, the flags' source, and how to transfer."""

    options: Options
    targets: resolve.Listing
    feed: Feed[Entry] | None
    site: _Site
    transfers: DownloadOptions

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


def _check(options: Options, targets: resolve.Listing, started: float) -> DownloadOptions:
    """Check combinations of options and targets; return the options of transfers.

    ``started`` is when the run has started, on the monotonic clock. Raises UsageError.
    """
    settings = options.settings
    total = len(targets)
    _check_single(options, total)
    place = _place(options, testing.REMOTE)._replace(checksum=None)
    if total == 1 and not options.input_files:  # in a list, the other targets are downloaded
        (target,) = resolve.settle([_with_options(targets[0], options)], place)
        if target.flaw:
            raise UsageError(f"{quoted(target.label)} cannot be fetched: {target.flaw}")
    checks.mirror(options)
    if options.checksums is not None:
        _check_agreement(options.checksums, options, targets)
    _engine(options, total, 1)
    transport.client(settings.client).check(configure.network(settings))
    transfers = configure.download_options(settings, started)
    if not (options.dry_run or settings.verify or options.out == standard_output.NAME):
        directories.make_folder(settings.dir)
    return transfers


def _engine(options: Options, total: int | None, limit: int) -> str:
    """Return the engine to use. Raises UsageError."""
    settings = options.settings
    to_output = options.out == standard_output.NAME
    return engines.select(
        standard_output.engine(options) if to_output else settings.engine,
        total,
        limit,
        adaptive=settings.max_req == AUTO,
        paced=settings.rate_per_host is not None,
        cookie_jar=settings.cookie_jar is not None,
    )


def _check_single(options: Options, total: int) -> None:
    """Check the options for a single target. Raises UsageError."""
    for name, value in (("-o", options.out), ("--checksum", options.checksum)):
        if value is not None and total > 1:
            if not (options.targets or options.input_files or options.every or options.all):
                raise UsageError(f"{name} needs a target, and none was given")
            raise UsageError(f"{name} takes a single target, but there are {total:,}")
    if options.out == standard_output.NAME:
        standard_output.check(options)
    elif options.out is not None:
        try:
            filenames.checked(options.out)
        except filenames.BadName as error:
            raise UsageError(f"-o {quoted(options.out)}: {error}") from None


def _check_agreement(checksums: ChecksumList, options: Options, targets: resolve.Listing) -> None:
    """Raise UsageError if a target has a checksum that differs from that of the checksum file."""

    def agreed(path: str, url: str, own: Checksum | None) -> Checksum:
        try:
            return checksums.checksum(path, url, own)
        except Disagreement as error:
            raise UsageError(str(error)) from None

    settler = resolve.Settler(_place(options, testing.REMOTE)._replace(checksum=agreed))
    for entry in targets:
        try:
            settler.settle(_with_options(entry, options))
        except UsageError as error:
            where = f"{entry.source}:{entry.line}: " if entry.source else ""
            raise UsageError(f"{where}{brief(resolve.label(entry.word))}: {error}") from None


def _place(options: Options, base_url: str) -> resolve.Place:
    """Return the mirror of the flags and the places of files. No target may be the failed list."""
    read_only = options.dry_run or options.settings.verify
    place = configure.place(options.settings, base_url, read_only=read_only)
    if options.checksums is not None:
        place = place._replace(checksum=options.checksums.checksum)
    if options.out == standard_output.NAME:  # the name has no meaning
        place = place._replace(template=None)
    if options.failed_out is None:
        return place
    return place._replace(failed_out=os.path.realpath(options.failed_out))


def _dry_run(options: Options, targets: resolve.Listing, screen: Screen) -> int:
    """Print the targets and return the exit code. No server is asked or started."""
    from getflags.cli.lists.dry_run import print_targets

    transfers = _check(options, targets, monotonic())
    site = _Site(_usual_site(options) if targets.has_codes else "")
    planned = _settled(_Job(options, targets, None, site, transfers))
    return print_targets(planned, screen.warn, as_json=options.json)


def _usual_site(options: Options) -> str:
    """Return the source of the flags; if it is a bundled server, the one on its usual port."""
    if (mirror := options.settings.base_url) is not None:
        return mirror
    if options.server == "REMOTE":
        return testing.REMOTE
    from getflags.testing import bundled  # the import takes 5 ms

    return bundled.usual(options.server).base_url


@contextmanager
def _site(options: Options, targets: resolve.Listing, screen: Screen) -> Iterator[_Site]:
    """Print and yield the source of the flags; start a bundled server if necessary."""
    if not targets.has_codes:
        # A code may follow in a list that has not ended.
        yield _Site(options.settings.base_url or "")
    elif options.settings.verify:
        yield _Site(_usual_site(options))
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


def _run_to_output(job: _Job, screen: Screen, result: summary.Report) -> int:
    """Download the only target to standard output, and return the exit code."""
    options = job.options
    if not _with_options(job.targets[0], options).checksum:
        output = OutputStream(standard_output.DESCRIPTOR)
        code = _run(job._replace(transfers=job.transfers._replace(output=output)), screen, result)
        return ExitStatus.SOME_FAILED if code and output.written else code
    from tempfile import TemporaryDirectory  # the import takes 10 ms

    with TemporaryDirectory(prefix="getflags-") as folder:
        options.dir = folder
        code = _run(job, screen, result)
        try:
            for file in os.scandir(folder):  # none after a failure
                standard_output.copy(file.path)
        except OSError as error:
            screen.warn(f"getflags: cannot write to standard output: {error.strerror}")
            return ExitStatus.SOME_FAILED
    return code


def _download(job: _Job, screen: Screen, result: summary.Report) -> None:
    """Run the engine with the event handlers that the options require."""
    options, total = job.options, job.total
    settings = options.settings
    wanted = _concurrency(job)
    wanted = wanted if total is None else min(wanted, total)
    # Of a list that has not ended, only long ones are known to be long.
    least: int | None = len(job.targets)
    if total is None and len(job.targets) < engines.PROCESSES_FROM:
        least = None
    engine = _engine(options, least, wanted)
    limit = checks.affordable(wanted, [engine], settings.client, screen.warn)
    _print_opening(job, limit, screen)
    if options.verbose:
        client = transport.client(settings.client).about()
        screen.info(f"Engine: {engine}; client: {settings.client} ({client}).")
    total = _run_engine(job, limit, engine, screen, result)
    _print_closing(job, result, 0 if total is None else total - result.total, screen)
    if result.stopped:
        complete = counted(result.arrived, "file")
        again = _continuation(options, result)
        screen.warn(f"getflags: {result.stopped}; {complete} complete{again}")
        return
    if job.feed is not None and job.feed.error:
        raise GetflagsError(f"{job.feed.error}; the rest of the list has not been read")
    if result.total != total:  # a bug in getflags, which must not end with exit code 0
        raise GetflagsError(
            f"internal error: only {result.total:,} of {total:,} targets have an outcome"
        )


def _print_opening(job: _Job, limit: int, screen: Screen) -> None:
    """Print the lines about the targets and the concurrency."""
    settings = job.options.settings
    for line in summary.opening(
        job.noun,
        job.labels,
        job.total,
        limit,
        _shown_host_limits(job),
        adaptive=settings.max_req == AUTO,
        verify=settings.verify,
    ):
        screen.info(line)


def _print_closing(job: _Job, result: summary.Report, left: int, screen: Screen) -> None:
    """Print the summary; ``left`` is the number of targets that have not ended."""
    if job.options.settings.verify:
        lines = summary.verification(result, job.noun)
    else:
        place = "to standard output" if job.options.out == standard_output.NAME else ""
        lines = summary.closing(result, job.noun, place, left)
    for line in lines:
        screen.info(line)


def _plan(job: _Job, targets: Iterable[Target | NoJob], limit: int) -> Plan:
    settings = job.options.settings
    return Plan(
        targets,
        settings.client,
        limit,
        settings.loop,
        job.transfers,
        configure.network(settings, job.site.direct),
        settings.max_req == AUTO,
        _host_limits(job),
        settings.max_failures,
    )


def _host_limits(job: _Job) -> HostLimits:
    chosen = job.options.max_req is not None
    return configure.host_limits(job.options.settings, chosen_level=chosen)


def _shown_host_limits(job: _Job) -> HostLimits:
    """Return the limits of servers that may concern a target, to tell the user."""
    limits = _host_limits(job)
    only_flags = job.total is not None and not job.targets.urls
    here = only_flags and is_loopback(origin(job.site.base_url))
    return HostLimits() if here and limits.only_remote else limits


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
        stack.enter_context(_cookies_saved(job, screen))
        handlers.append(stack.enter_context(screen.progress(total, job.noun)))
        try:
            emit = stop_after(job.options.settings.max_failures, _tee(handlers))
            engines.engine(engine)(_plan(job, targets, limit), emit)
        except Stopped as stop:
            if result.total != (total() if callable(total) else total):
                result.stopped = str(stop)
                if rest:
                    rest.comment = str(stop)
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
def _cookies_saved(job: _Job, screen: Screen) -> Iterator[None]:
    """Write the cookies at the end of the block, also if it is interrupted.

    Raises GetflagsError if that failed; after an interrupt, that is only a warning.
    """
    interrupted = True
    try:
        yield
        interrupted = False
    finally:
        try:
            with defer_signals():
                credentials.save_cookies(job.options.settings, job.transfers)
        except GetflagsError as error:
            if not interrupted:
                raise
            screen.warn(f"getflags: {printable(str(error))}")


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
    if options.out == standard_output.NAME:
        return entry._replace(out="", folder="", checksum=options.checksum or entry.checksum)
    return entry._replace(
        out=options.out or entry.out,
        checksum=options.checksum or entry.checksum,
    )
