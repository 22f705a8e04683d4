"""The report of a run, and the lines printed before and after it.

``Report`` counts events and determines the exit status. The functions return lines of text, which
the command line prints.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from getflags.core.events import Event, Finished, Retrying
from getflags.core.models import ExitStatus, HostLimits, Outcome, Status
from getflags.core.text import brief, counted, human_bytes, printable

FEW = 10  # up to this number of targets, all of them are listed
_SEVERAL = 2


class Report:
    """The outcomes of a run, and the counts of its events.

    ``outcomes`` is in order of completion; with ``keep=False``, for millions of targets, it stays
    empty. ``bytes`` is the size of all files downloaded in this run, of which earlier runs had left
    ``resumed`` bytes. ``unchecked`` is the number of files that existed and were kept without a
    request or a checksum. ``duplicates`` is the number of targets that were left out because they
    were given before. ``elapsed`` is in seconds, and ``stopped`` is the reason why the run ended
    before all targets had ended, or empty; the caller sets both.
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
        self.duplicates = 0
        self.elapsed = 0.0
        self.stopped = ""
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
            if not event.mirror or event.seconds:  # going to another mirror at once is no retry
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

    def count_duplicate(self) -> None:
        """Count a target that is left out."""
        self.duplicates += 1

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
        if not (self.failures or self.stopped):
            return ExitStatus.OK
        return ExitStatus.SOME_FAILED if self.arrived else ExitStatus.ALL_FAILED


def opening(
    noun: str,
    labels: Sequence[str],
    total: int | None,
    limit: int,
    hosts: HostLimits = HostLimits(),  # noqa: B008 - immutable
    *,
    adaptive: bool = False,
    verify: bool = False,
    up_to: bool = False,
) -> list[str]:
    """Return the lines about the targets and the concurrency, printed before the run.

    ``labels`` are the labels of all targets if there are at most ``FEW``, otherwise the first and
    last label. ``total`` is None if the list has not ended. ``hosts`` are the limits of servers.
    With ``up_to``, there may be fewer connections.
    """
    shown = [brief(label) for label in labels]
    action = "Verifying" if verify else "Searching for"
    if total is None:
        searching = f"{action} the {noun}s of a list that has not ended"
    else:
        listed = ", ".join(shown) if total <= FEW else f"from {shown[0]} to {shown[-1]}"
        searching = f"{action} {total} {noun}{'' if total == 1 else 's'}: {listed}"
    if verify:
        return [searching]
    connections = "1 connection" if limit == 1 else f"{limit} concurrent connections"
    if up_to:
        connections = f"Up to {connections}"
    if adaptive:
        connections = f"Up to {limit} concurrent connections, adapted to each server,"
    if hosts.max_in_flight is not None and hosts.max_in_flight < limit:
        server = "for each remote server" if hosts.only_remote else "for each server"
        most = f"at most {hosts.max_in_flight} {'each' if adaptive else server}"
        connections = f"{connections.removesuffix(',')}, {most},"
    return [searching, f"{connections} will be used."]


def verification(report: Report, noun: str) -> list[str]:
    """Return the lines of the summary of ``--verify``, printed after the run."""
    counts = report.counts
    lines = ["-" * 20, f"{_number(counts[Status.PRESENT], noun)} right."]
    if counts[Status.NOT_FOUND]:
        lines.append(f"{counts[Status.NOT_FOUND]:3} missing.")
    lines += _errors(report)
    lines.append(f"Elapsed time: {report.elapsed:.2f}s")
    return lines


def closing(report: Report, noun: str, place: str = "", left: int = 0) -> list[str]:
    """Return the lines of the summary, printed after the run.

    For flags, they are a contract; for files, there is one more line, about their size. ``place``
    says where they are, if not in a folder. ``left`` is the number of targets that have not ended.
    """
    counts = report.counts
    lines = ["-" * 20, f"{_number(counts[Status.OK], noun)} downloaded."]
    if checked := counts[Status.PRESENT] - report.unchecked:
        lines.append(f"{_number(checked, noun)} already on disk.")
    if report.unchecked:
        lines.append(f"{report.unchecked:3} there already, not checked.")
    if counts[Status.NOT_FOUND]:
        lines.append(f"{counts[Status.NOT_FOUND]:3} not found.")
    lines += _errors(report)
    if left:
        lines.append(f"{left:3} not finished.")
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
        lines.append(_volume(report, place))
    lines.append(f"Elapsed time: {report.elapsed:.2f}s")
    return lines


def _errors(report: Report) -> Iterator[str]:
    """Yield the lines about targets that failed or were left out."""
    if report.counts[Status.FAILED]:
        yield f"{_number(report.counts[Status.FAILED], 'error')}."
    if report.duplicates:
        yield f"{_number(report.duplicates, 'duplicate')} left out."


def _volume(report: Report, place: str) -> str:
    """Return a line about what was downloaded, how fast, and where it is."""
    line = f"{counted(report.counts[Status.OK], 'file')}, {human_bytes(report.bytes)}"
    line += f" in {report.elapsed:.1f} s"
    if report.elapsed:
        line += f" ({human_bytes((report.bytes - report.resumed) / report.elapsed)}/s)"
    if place:
        line += f", {place}"
    elif report.folder:
        line += f", in {printable(report.folder.rstrip('/'))}/"
    if report.resumed:
        line += f"; {human_bytes(report.resumed)} of it from an earlier run"
    return line


def _number(number: int, noun: str) -> str:
    return f"{number:3} {noun}" + ("" if number == 1 else "s")
