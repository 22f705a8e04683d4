"""The progress of a job, from its storage alone: no driver or backend is asked."""

from __future__ import annotations

from typing import NamedTuple

from getflags.cluster.results import index, read
from getflags.cluster.results.report import JobReport
from getflags.cluster.storage import Storage

_RECENT = 60.0  # seconds; the rate is that of the last minute in which something was done


class JobStatus(NamedTuple):
    """``targets`` is the number of all targets, of which ``report.targets`` are done.

    ``rate`` is the number of targets a second in the last minute before ``latest``, the time of the
    latest record in seconds since 1970; both are None if there is no record. While targets are
    requested again, they count twice.
    """

    report: JobReport
    targets: int
    latest: float | None
    rate: float | None

    def seconds_left(self) -> float | None:
        """Return the time that the rest takes at this rate, in seconds; None if it is unknown."""
        left = self.targets - self.report.targets
        if not left:
            return 0.0
        return left / self.rate if self.rate else None


def status(storage: Storage) -> JobStatus:
    """Return the progress of the job at a place. Raises UsageError if there is none."""
    found = read.read(storage)
    dates = found.dates
    report = index.last_report(storage, found) if found.is_finished() else found.report()
    # A complete generation has replaced failures; another one counts beside them.
    targets = sum(each.targets for each in found.generations)
    targets -= sum(sum(each.repeats.values()) for each in found.complete())
    if not dates:
        return JobStatus(report, targets, None, None)
    latest = max(dates.values())
    recent = {shard: date for shard, date in dates.items() if date > latest - _RECENT}
    seconds = _RECENT
    if len(recent) == len(dates):
        seconds = latest - min(date - found.records[shard].seconds for shard, date in dates.items())
    done = sum(found.records[shard].targets for shard in recent)
    return JobStatus(report, targets, latest, done / seconds if seconds else None)
