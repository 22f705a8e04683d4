"""The command ``getflags cluster``, which downloads with several machines.

The report goes to standard output, errors and progress to standard error.
"""

from __future__ import annotations

import json
import sys
from time import monotonic

from getflags import cluster
from getflags.cli.commands.cluster import output
from getflags.cli.commands.cluster.options import ClusterOptions, make_parser
from getflags.cli.console import print_line
from getflags.cluster.errors import BackendLost, StorageError
from getflags.cluster.results import read
from getflags.cluster.results.report import TRY_AGAIN, JobReport
from getflags.cluster.results.status import status
from getflags.cluster.results.sweep import sweep
from getflags.cluster.results.verify import verify
from getflags.cluster.run import SETTINGS
from getflags.cluster.storage import Storage
from getflags.cluster.work.pack import check_format
from getflags.core.models import ExitStatus
from getflags.core.resource_limits import raise_file_limit
from getflags.core.text import counted, human_bytes, printable

_MOST_LANES = 4096  # lists that are open at a time: two for each worker


def main(arguments: list[str]) -> int:
    """Run an action and return the exit code. Raises UsageError."""
    options = make_parser().parse_args(arguments, namespace=ClusterOptions())
    try:
        return _ACTIONS[options.action](options)
    except (BackendLost, StorageError) as error:
        print_line(f"getflags: {printable(str(error))}; run it again later", sys.stderr)
        return TRY_AGAIN


def _run(options: ClusterOptions) -> int:
    given = {name: getattr(options, name, None) for name in SETTINGS}
    settings = {name: value for name, value in given.items() if value is not None}
    _raise_file_limit()
    start = monotonic()
    with output.progress(quiet=options.quiet) as progress:
        report = cluster.run(
            options.source, options.out, on=options.on, workers=options.workers,
            max_req=options.max_req, per_origin=options.per_origin,
            rate_per_origin=options.rate_per_origin, file_format=options.file_format,
            dedupe=options.dedupe, shard_targets=options.shard_targets,
            accept_failures=options.accept_failures, progress=progress,
            **settings,
        )  # fmt: skip
    return _print_report(options, report, monotonic() - start)


def _raise_file_limit() -> None:
    """Raise the soft limit on open files.

    While a job is created, the list of each lane is open. There are about two lanes for each
    worker, and the number of workers is not known yet.
    """
    raise_file_limit(_MOST_LANES, "asyncio", "h1")


def _retry(options: ClusterOptions) -> int:
    _raise_file_limit()
    start = monotonic()
    with output.progress(quiet=options.quiet) as progress:
        report = cluster.retry(
            options.out, on=options.on, workers=options.workers, max_req=options.max_req,
            progress=progress,
        )  # fmt: skip
    return _print_report(options, report, monotonic() - start)


def _print_report(options: ClusterOptions, report: JobReport, seconds: float) -> int:
    if options.json:
        print_line(json.dumps({**report.values(), "seconds": round(seconds, 3)}), sys.stdout)
    elif not options.quiet:
        for line in output.summary(report, options.out, seconds):
            print_line(printable(line), sys.stdout)
    for line in output.given_up(report):
        print_line(f"getflags: {printable(line)}", sys.stderr)
    return report.exit_code


def _status(options: ClusterOptions) -> int:
    found = status(Storage(options.out))
    if options.json:
        values = {
            **found.report.values(), "all_targets": found.targets, "rate": found.rate,
            "seconds_left": found.seconds_left(),
        }  # fmt: skip
        print_line(json.dumps(values), sys.stdout)
    else:
        for line in output.status(found):
            print_line(printable(line), sys.stdout)
    return ExitStatus.OK


def _verify(options: ClusterOptions) -> int:
    storage = Storage(options.out)
    results = read.read(storage)
    check_format(results.job.terms.file_format)
    problems = 0
    for problem in verify(storage, results):
        problems += 1
        print_line(f"getflags: {printable(problem)}", sys.stderr)
    report = results.report()
    if options.json:
        values = {"shards": report.done, "targets": report.targets, "problems": problems}
        print_line(json.dumps(values), sys.stdout)
    elif not options.quiet:
        verdict = counted(problems, "problem") if problems else "all as recorded"
        checked = f"{counted(report.targets, 'target')} in {counted(report.done, 'shard')}"
        print_line(f"{checked}: {verdict}", sys.stdout)
    if problems:
        return ExitStatus.SOME_FAILED
    return TRY_AGAIN if report.done < report.shards else ExitStatus.OK


def _sweep(options: ClusterOptions) -> int:
    storage = Storage(options.out)
    deleted = sweep(storage, read.read(storage))
    size = sum(each.size for each in deleted)
    if options.json:
        print_line(json.dumps({"deleted": len(deleted), "bytes": size}), sys.stdout)
    elif not options.quiet:
        print_line(f"{counted(len(deleted), 'object')} deleted ({human_bytes(size)})", sys.stdout)
    return ExitStatus.OK


_ACTIONS = {"run": _run, "status": _status, "retry": _retry, "verify": _verify, "sweep": _sweep}
