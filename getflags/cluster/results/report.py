"""The report of a job: sums over the records of its shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from getflags.cluster.work.record import Record
from getflags.core.models import ExitStatus, Status

TRY_AGAIN = 75  # the exit code EX_TEMPFAIL of sysexits.h: the same command resumes the job


class GivenUp(NamedTuple):
    """A shard that was not committed, and why."""

    shard: int
    reason: str


class JobReport:
    """What became of the targets of a job.

    ``counts`` is the number of targets by status, ``failures`` those that count as failed, and
    ``refusals`` the requests by origin that were refused because there were too many. ``shards`` is
    the number of all shards, ``done`` of those that have a record. ``given_up`` are the shards that
    this run has given up, with their reasons. If targets were requested again by a retry, their
    last result counts; the bytes, requests and refusals are those of all generations.
    """

    def __init__(self, shards: int) -> None:
        self.shards = shards
        self.done = 0
        self.counts: Counter[str] = Counter()
        self.failures = 0
        self.bytes = self.requests = 0
        self.refusals: Counter[str] = Counter()
        self.given_up: list[GivenUp] = []

    def __repr__(self) -> str:
        """Return the counts."""
        counts = ", ".join(
            f"{number:,} {status}" for status, number in self.counts.items() if number
        )
        return f"<JobReport: {counts or 'no targets'}; {self.done} of {self.shards} shards>"

    def add(self, record: Record) -> None:
        """Count a shard."""
        self.done += 1
        self.add_results(record.counts, record.failures)
        self.bytes += record.bytes
        self.requests += record.requests
        self.refusals.update(record.refusals)

    def leave_out(self, failed: Mapping[str, int]) -> None:
        """Leave out failures, by status, which a later generation has requested again."""
        self.failures -= sum(failed.values())
        self.counts.subtract(failed)

    def clear_results(self) -> None:
        """Set the targets by status, and the failures, to zero."""
        self.counts.clear()
        self.failures = 0

    def add_results(self, counts: Mapping[str, int], failures: int) -> None:
        """Count targets by status, and failures."""
        self.counts.update(counts)
        self.failures += failures

    @property
    def targets(self) -> int:
        """The number of targets that have a result."""
        return sum(self.counts.values())

    @property
    def exit_code(self) -> int:
        """The exit code: that of one machine, or TRY_AGAIN if a shard is missing."""
        if self.done < self.shards:
            return TRY_AGAIN
        if not self.failures:
            return ExitStatus.OK
        return ExitStatus.SOME_FAILED if self.failures < self.targets else ExitStatus.ALL_FAILED

    def values(self) -> dict[str, Any]:
        """Return the report for JSON."""
        return {
            "targets": self.targets,
            "counts": {each.value: self.counts[each.value] for each in Status},
            "failures": self.failures,
            "bytes": self.bytes,
            "requests": self.requests,
            "refusals": dict(self.refusals),
            "shards": self.shards,
            "done": self.done,
            "given_up": [each._asdict() for each in self.given_up],
            "exit_code": int(self.exit_code),
        }

    @classmethod
    def load(cls, values: Mapping[str, Any]) -> Self:
        """Return the report whose ``values`` these are, without the shards given up."""
        report = cls(values["shards"])
        report.done = values["done"]
        report.add_results(values["counts"], values["failures"])
        report.bytes, report.requests = values["bytes"], values["requests"]
        report.refusals = Counter(values["refusals"])
        return report
