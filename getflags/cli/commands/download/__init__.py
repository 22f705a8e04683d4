"""The download command, which ``getflags`` runs if the arguments name no other command.

All options and targets of the command line are checked before the first request.
"""

from __future__ import annotations

import os
from time import monotonic

from getflags import engines, transport
from getflags.cli import standard_output
from getflags.cli.commands.download.job import (
    Job,
    Site,
    choose_engine,
    concurrency,
    open_site,
    settled,
    shown_host_limits,
    useful_requests,
    usual_site,
    with_options,
)
from getflags.cli.commands.download.preflight import check
from getflags.cli.commands.download.run import run_engine
from getflags.cli.commands.download.source import open_targets, read_checksum_file
from getflags.cli.display import Screen
from getflags.cli.options import checks, config
from getflags.cli.options import download as download_options
from getflags.cli.options.download import Options
from getflags.cli.signals import Interrupted
from getflags.core.accepted import AUTO
from getflags.core.errors import GetflagsError, UsageError
from getflags.core.models import ExitStatus
from getflags.core.text import counted, printable
from getflags.output import summary
from getflags.targets import resolve
from getflags.targets.filenames import PART_PREFIX
from getflags.transport.http_version import needs_curl


def main(arguments: list[str]) -> int:
    """Download the targets and return the exit code. Raises UsageError."""
    started = monotonic()
    options = download_options.parse(arguments)
    try:
        return _download_as(options, started)
    except UsageError as error:
        raise UsageError(config.named(str(error), options.configured)) from None


def _download_as(options: Options, started: float) -> int:
    screen = Screen(options)
    result = summary.Report(keep=False)
    if options.checksum_file is not None:
        options.checksums = read_checksum_file(options.checksum_file, options)
    try:
        with open_targets(options, result, started) as (targets, feed):
            code: int = ExitStatus.OK
            if options.dry_run:
                return _dry_run(options, targets, screen)
            if not targets and feed is None:
                screen.info("Nothing to do: the list contains no targets.")
            else:
                transfers = check(options, targets, started)
                with open_site(options, targets, screen) as site:
                    job = Job(options, targets, feed, site, transfers)
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


def _dry_run(options: Options, targets: resolve.Listing, screen: Screen) -> int:
    """Print the targets and return the exit code. No server is asked or started."""
    from getflags.cli.lists.dry_run import print_targets

    transfers = check(options, targets, monotonic())
    site = Site(usual_site(options) if targets.has_codes else "")
    planned = settled(Job(options, targets, None, site, transfers))
    return print_targets(planned, screen.warn, as_json=options.json)


def _run(job: Job, screen: Screen, result: summary.Report) -> int:
    """Download and return the exit code. Raises GetflagsError only before the first outcome."""
    try:
        _download(job, screen, result)
    except GetflagsError as error:
        if not result.total:
            raise
        screen.warn(f"getflags: {printable(str(error))}")
        return ExitStatus.SOME_FAILED if result.arrived else ExitStatus.ALL_FAILED
    return result.exit_status


def _run_to_output(job: Job, screen: Screen, result: summary.Report) -> int:
    """Download the only target to standard output, and return the exit code."""
    options = job.options
    if options.checksums is None and not with_options(job.targets[0], options).checksum:
        from getflags.storage.output_stream import OutputStream  # most runs do not need it

        output = OutputStream(standard_output.DESCRIPTOR)
        code = _run(
            job._replace(transfers=job.transfers._replace(output=output, split=1)), screen, result
        )
        return ExitStatus.SOME_FAILED if code and output.written else code
    from tempfile import TemporaryDirectory  # the import takes 10 ms

    with TemporaryDirectory(prefix="getflags-") as folder:
        options.dir = folder
        code = _run(job, screen, result)
        try:
            # After a failure, the folder may have a part file, which is not verified.
            for file in os.scandir(folder) if code == ExitStatus.OK else ():
                standard_output.copy(file.path)
        except OSError as error:
            screen.warn(f"getflags: cannot write to standard output: {error.strerror}")
            return ExitStatus.SOME_FAILED
    return code


def _download(job: Job, screen: Screen, result: summary.Report) -> None:
    """Run the engine with the event handlers that the options require."""
    options, total = job.options, job.total
    settings = options.settings
    wanted = concurrency(job)
    wanted = wanted if total is None else min(wanted, useful_requests(job, total))
    # Of a list that has not ended, only long ones are known to be long.
    least: int | None = len(job.targets)
    if total is None and len(job.targets) < engines.PROCESSES_FROM:
        least = None
    engine = choose_engine(options, least, wanted)
    limit = checks.affordable(wanted, [engine], settings.client, screen.warn)
    _print_opening(job, limit, screen)
    if options.verbose:
        client = transport.client(settings.client).about()
        needed = options.client == AUTO and needs_curl(settings.http_version)
        why = f", chosen for --http{settings.http_version}" if needed else ""
        screen.info(f"Engine: {engine}; client: {settings.client} ({client}){why}.")
    total = run_engine(job, limit, engine, screen, result)
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


def _print_opening(job: Job, limit: int, screen: Screen) -> None:
    """Print the lines about the targets and the concurrency."""
    settings = job.options.settings
    for line in summary.opening(
        job.noun,
        job.labels,
        job.total,
        limit,
        shown_host_limits(job),
        adaptive=settings.max_req == AUTO,
        verify=settings.verify,
        up_to=job.total is not None and limit > job.total,  # a file may have several connections
    ):
        screen.info(line)


def _print_closing(job: Job, result: summary.Report, left: int, screen: Screen) -> None:
    """Print the summary; ``left`` is the number of targets that have not ended."""
    if job.options.settings.verify:
        lines = summary.verification(result, job.noun)
    else:
        place = "to standard output" if job.options.out == standard_output.NAME else ""
        lines = summary.closing(result, job.noun, place, left)
    for line in lines:
        screen.info(line)
