"""The report of a run, and the lines printed before and after it.

``Report`` counts events and determines the exit status. The functions return lines of text, which
the command line prints.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from getflags.core.events import Event, Finished, Retrying
from getflags.core.models import ExitStatus, Outcome, Status
from getflags.core.text import brief, counted, human_bytes, printable

FEW = 10  # up to this number of targets, all of them are listed
_SEVERAL = 2


class Report:
    """The outcomes of a run, and the counts of its events.

    ``outcomes`` is in order of completion; with ``keep=False``, for millions of targets, it stays
    empty. ``bytes`` is the size of all files downloaded in this run, of which earlier runs had left
    ``resumed`` bytes. ``unchecked`` is the number of files that existed and were kept without a
    request or a checksum. ``elapsed`` is in seconds; the caller sets it.
    """

    def __init__(self, *, keep: bool = True) -> None:
        self.outcomes: list[Outcome] = []
        self.counts: Counter[Status] = Counter()
        self.failures = 0
        self.retries = 0
        self.pauses: Counter[str] = Counter()  # origin → requests refused with Retry-After
        self.refusals: Counter[str] = Counter()  # origin → requests refused without it
        self.bytes = self.resumed = 0
        self.unchecked = 0
        self.elapsed = 0.0
        self._keep = keep
        self._folders: set[str] = set()  # of the files downloaded, at most _SEVERAL

    def __repr__(self) -> str:
        """Return the counts and the seconds, because the outcomes may be millions."""
        counts = ", ".join(
            f"{self.counts[each]:,} {each.value}" for each in Status if self.counts[each]
        )
        return f"<Report: {counts or 'no targets'}; {self.bytes:,} bytes in {self.elapsed:.2f} s>"

    def read(self, event: Event) -> None:
        """Handle an event."""
        if isinstance(event, Retrying):
            self.retries += 1
            if event.origin:
                (self.pauses if event.asked else self.refusals)[event.origin] += 1
        if not isinstance(event, Finished):
            return
        outcome = event.outcome
        self.counts[outcome.status] += 1
        self.failures += outcome.failed
        if outcome.status is Status.OK:
            self.bytes += outcome.size
            self.resumed += outcome.resumed
            if len(self._folders) < _SEVERAL:
                self._folders.add(outcome.target.folder)
        elif outcome.status is Status.PRESENT:
            self.unchecked += not (outcome.requests or outcome.target.checksum)
        if self._keep:
            self.outcomes.append(outcome)

    @property
    def arrived(self) -> int:
        """The number of targets on disk."""
        return self.counts[Status.OK] + self.counts[Status.PRESENT]

    @property
    def total(self) -> int:
        """The number of targets that have ended."""
        return self.counts.total()

    @property
    def folder(self) -> str:
        """The folder of the files downloaded; empty if there is none, or if there are several."""
        return next(iter(self._folders)) if len(self._folders) == 1 else ""

    @property
    def exit_status(self) -> ExitStatus:
        """The exit status. Expanded codes (``-e``, a letter) that do not exist are not failures."""
        if not self.failures:
            return ExitStatus.OK
        return ExitStatus.SOME_FAILED if self.arrived else ExitStatus.ALL_FAILED


def opening(
    noun: str,
    labels: Sequence[str],
    total: int | None,
    limit: int,
    *,
    adaptive: bool = False,
    up_to: bool = False,
) -> list[str]:
    """Return the lines about the targets and the concurrency, printed before the run.

    ``labels`` are the labels of all targets if there are at most ``FEW``, otherwise the first and
    last label. ``total`` is None if the list has not ended. With ``up_to``, there may be fewer
    connections.
    """
    shown = [brief(label) for label in labels]
    if total is None:
        searching = f"Searching for the {noun}s of a list that has not ended"
    else:
        listed = ", ".join(shown) if total <= FEW else f"from {shown[0]} to {shown[-1]}"
        searching = f"Searching for {total} {noun}{'' if total == 1 else 's'}: {listed}"
    connections = "1 connection" if limit == 1 else f"{limit} concurrent connections"
    if up_to:
        connections = f"Up to {connections}"
    if adaptive:
        connections = f"Up to {limit} concurrent connections, adapted to each server,"
    return [searching, f"{connections} will be used."]


def closing(report: Report, noun: str) -> list[str]:
    """Return the lines of the summary, printed after the run.

    For flags, they are a contract; for files, there is one more line, about their size.
    """
    counts = report.counts
    lines = ["-" * 20, f"{_number(counts[Status.OK], noun)} downloaded."]
    if checked := counts[Status.PRESENT] - report.unchecked:
        lines.append(f"{_number(checked, noun)} already on disk.")
    if report.unchecked:
        lines.append(f"{report.unchecked:3} there already, not checked.")
    if counts[Status.NOT_FOUND]:
        lines.append(f"{counts[Status.NOT_FOUND]:3} not found.")
    if counts[Status.FAILED]:
        lines.append(f"{_number(counts[Status.FAILED], 'error')}.")
    if report.retries:
        lines.append(f"{report.retries:3} {'retry' if report.retries == 1 else 'retries'}.")
    lines += [
        f"{printable(origin)} refused {counted(refused, 'request')} with Retry-After; getflags "
        "waited as requested."
        for origin, refused in report.pauses.most_common(FEW)
    ]
    lines += [
        f"{printable(origin)} refused {counted(refused, 'request')}; getflags slowed down."
        for origin, refused in report.refusals.most_common(FEW)
    ]
    if counts[Status.OK] and noun == "file":
        lines.append(_volume(report))
    lines.append(f"Elapsed time: {report.elapsed:.2f}s")
    return lines


def _volume(report: Report) -> str:
    """Return a line about what was downloaded, how fast, and where it is."""
    line = f"{counted(report.counts[Status.OK], 'file')}, {human_bytes(report.bytes)}"
    line += f" in {report.elapsed:.1f} s"
    if report.elapsed:
        line += f" ({human_bytes((report.bytes - report.resumed) / report.elapsed)}/s)"
    if report.folder:
        line += f", in {printable(report.folder.rstrip('/'))}/"
    if report.resumed:
        line += f"; {human_bytes(report.resumed)} of it from an earlier run"
    return line


def _number(number: int, noun: str) -> str:
    return f"{number:3} {noun}" + ("" if number == 1 else "s")
