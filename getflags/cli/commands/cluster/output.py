"""The texts of ``getflags cluster``: the progress, the report and the status of a job."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, time

from getflags.cli.console import print_line
from getflags.cluster.job import layout
from getflags.cluster.results.report import JobReport
from getflags.cluster.results.status import JobStatus
from getflags.cluster.work.breaker import NO_ANSWER
from getflags.core.models import Status
from getflags.core.text import counted, human_bytes
from getflags.output import terminal

_SILENCE = 10.0  # seconds between two lines of progress where there is no terminal
_OLD = 60.0  # seconds after which a rate says nothing of the present
_FEW = 10  # shards or servers that are listed


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[JobReport], None]]:
    """Yield a function that shows the progress: a bar on a terminal, else lines."""
    if quiet:
        yield lambda _: None
    elif sys.stderr and sys.stderr.isatty():
        bar = terminal.bar(sys.stderr, total=None, unit="shard", leave=False)

        def update(report: JobReport) -> None:
            bar.total = report.shards
            bar.n = report.done
            bar.set_postfix_str(_counts(report))

        try:
            yield update
        finally:
            bar.close()
    else:
        last = monotonic()

        def line(report: JobReport) -> None:
            nonlocal last
            if monotonic() - last > _SILENCE:
                last = monotonic()
                shards = f"{report.done:,} of {counted(report.shards, 'shard')}"
                print_line(f"{shards}: {_counts(report)}", sys.stderr)

        yield line


def _counts(report: JobReport) -> str:
    """Return the number of targets by status, and their size."""
    counts = [
        f"{report.counts[each.value]:,} {each.value}"
        for each in Status
        if report.counts[each.value]
    ]
    return ", ".join([*counts, human_bytes(report.bytes)])


def summary(report: JobReport, out: str, seconds: float) -> Iterator[str]:
    """Yield the lines of the report of a run."""
    shards = f"{report.done:,} of {counted(report.shards, 'shard')}"
    yield f"{counted(report.targets, 'target')} in {shards}: {_counts(report)}, {seconds:.1f} s"
    yield from _refusals(report)
    if report.done < report.shards:
        return
    yield f"Index: {out}/{layout.INDEX}"
    if report.failures:
        yield (
            f"{counted(report.failures, 'failure')}, listed in {out}/{layout.FAILED}; request them "
            f"again: getflags cluster retry -o {shlex.quote(out)}"
        )


def _refusals(report: JobReport) -> Iterator[str]:
    for origin, count in report.refusals.most_common(_FEW):
        yield f"{origin} refused {counted(count, 'request')} (overload); getflags retried them"


def given_up(report: JobReport) -> Iterator[str]:
    """Yield a sentence for each shard that the run has given up."""
    for shard, reason in report.given_up[:_FEW]:
        yield f"shard {shard:08} was not committed: {reason}"
    if len(report.given_up) > _FEW:
        yield f"{len(report.given_up) - _FEW:,} more shards were not committed"
    if report.done < report.shards:
        hint = "the job is not finished; run the same command to resume it"
        if any(each.reason.startswith(NO_ANSWER) for each in report.given_up):
            hint += ", or with --accept-failures to list the targets of dead servers as failed"
        yield hint


def status(found: JobStatus) -> Iterator[str]:
    """Yield the lines of the status of a job."""
    report = found.report
    shards = f"{report.done:,} of {counted(report.shards, 'shard')}"
    yield f"{report.targets:,} of {counted(found.targets, 'target')}, {shards}: {_counts(report)}"
    left = found.seconds_left()
    age = time() - (found.latest or 0)
    if left and found.latest and age > _OLD:
        yield f"the last shard was committed {age:,.0f} s ago; perhaps nothing is running"
    elif found.rate and left:
        rate = f"{found.rate:,.0f} targets a second in the last minute"
        yield f"{rate}; {left:,.0f} s left at that rate"
    yield from _refusals(report)
