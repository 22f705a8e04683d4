"""What came of a run: counts, the summary's sentences, the exit code.

A reader of events and pure text made from it, in the words of the seed's transcript. Printing is
the command line's business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from getflags.core.events import Event, Finished, Retrying
from getflags.core.models import ExitStatus, Outcome, Status
from getflags.core.text import brief, printable

FEW = 10  # so many targets are listed by name, as in the seed


class Report:
    """Counts outcomes as they come, and keeps them where asked to.

    ``outcomes`` is in order of completion and stays empty with ``keep=False``, for runs of
    millions. ``bytes`` counts the files fetched; ``elapsed`` is in seconds, set by whoever has
    the clock.
    """

    def __init__(self, *, keep: bool = True) -> None:
        self.outcomes: list[Outcome] = []
        self.counts: Counter[Status] = Counter()
        self.failures = 0
        self.retries = 0
        self.pauses: Counter[str] = Counter()  # origin → requests it refused, asking for a pause
        self.bytes = 0
        self.elapsed = 0.0
        self._keep = keep

    def read(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, Retrying):
            self.retries += 1
            if event.origin:
                self.pauses[event.origin] += 1
        if not isinstance(event, Finished):
            return
        outcome = event.outcome
        self.counts[outcome.status] += 1
        self.failures += outcome.failed
        if outcome.status is Status.OK:
            self.bytes += outcome.size
        if self._keep:
            self.outcomes.append(outcome)

    @property
    def arrived(self) -> int:
        """How many targets are on disk."""
        return self.counts[Status.OK] + self.counts[Status.PRESENT]

    @property
    def total(self) -> int:
        """How many targets have ended."""
        return self.counts.total()

    @property
    def exit_status(self) -> ExitStatus:
        """The truth in one number. Codes that were only guessed (``-e``, a letter) may miss."""
        if not self.failures:
            return ExitStatus.OK
        return ExitStatus.SOME_FAILED if self.arrived else ExitStatus.ALL_FAILED


def opening(
    noun: str, labels: Sequence[str], total: int, limit: int, *, adaptive: bool = False
) -> list[str]:
    """Say what is going to be fetched.

    ``labels`` are all of them where they are few, else the first and the last.
    """
    shown = [brief(label) for label in labels]
    listed = ", ".join(shown) if total <= FEW else f"from {shown[0]} to {shown[-1]}"
    plural = "" if total == 1 else "s"
    connections = "1 connection" if limit == 1 else f"{limit} concurrent connections"
    if adaptive:
        connections = f"As many connections as each server is worth, up to {limit},"
    return [f"Searching for {total} {noun}{plural}: {listed}", f"{connections} will be used."]


def closing(report: Report, noun: str) -> list[str]:
    """Say what came of it."""
    counts = report.counts
    lines = ["-" * 20, f"{_number(counts[Status.OK], noun)} downloaded."]
    if counts[Status.PRESENT]:
        lines.append(f"{_number(counts[Status.PRESENT], noun)} there already.")
    if counts[Status.NOT_FOUND]:
        lines.append(f"{counts[Status.NOT_FOUND]:3} not found.")
    if counts[Status.FAILED]:
        lines.append(f"{_number(counts[Status.FAILED], 'error')}.")
    if report.retries:
        lines.append(f"{report.retries:3} more {'try' if report.retries == 1 else 'tries'}.")
    lines += [
        f"{printable(origin)} asked for a pause ({refused:,} of the requests); it was given."
        for origin, refused in report.pauses.most_common(FEW)
    ]
    lines.append(f"Elapsed time: {report.elapsed:.2f}s")
    return lines


def _number(number: int, noun: str) -> str:
    return f"{number:3} {noun}" + ("" if number == 1 else "s")
