"""The standings of a race: the progress of each engine, and the ranking.

The standings are computed from the reports of the racers. ``bars`` and ``ranking`` format the
standings; ``racer`` sends the reports, and ``track`` receives them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import NamedTuple

from getflags.core.events import Event, Finished
from getflags.core.models import ExitStatus, Status
from getflags.core.text import brief


class Tally(NamedTuple):
    """The number of targets that a racer has completed so far.

    ``missing`` counts expanded codes that do not exist. ``took`` is the sum of the targets'
    durations in seconds, from the first request to the end. ``reason`` is the first failure's.
    """

    arrived: int = 0
    missing: int = 0
    failed: int = 0
    took: float = 0.0
    reason: str = ""

    @property
    def done(self) -> int:
        """The number of targets that have ended."""
        return self.arrived + self.missing + self.failed


class RacerReport(NamedTuple):
    """A report of a racer. Its first report says that it is ready.

    ``seconds`` is the elapsed time once all targets have ended, and ``start_up`` is the part of it
    before the first request. ``trouble`` is the reason if the whole engine failed.
    """

    tally: Tally
    seconds: float | None = None
    trouble: str = ""
    start_up: float = 0.0


class Count:
    """An event handler that replaces its tally at each event, so other threads can read it.

    ``start_up`` is the time from ``begin`` to the first request, in seconds. An engine that starts
    processes needs time before it can send any.
    """

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self.tally = Tally()
        self.start_up = math.inf
        self._clock = clock
        self._began = 0.0

    def begin(self) -> None:
        """Start the clock."""
        self._began = self._clock()

    def read(self, event: Event) -> None:
        """Count an event."""
        if not isinstance(event, Finished):
            return
        # Computed from the target's duration, because processes report its start only later.
        began = self._clock() - event.seconds
        self.start_up = min(self.start_up, began - self._began)
        outcome, before = event.outcome, self.tally
        reason = before.reason
        if outcome.failed and not reason:
            reason = f"{brief(outcome.target.label)}: {brief(outcome.reason)}"
        missing = outcome.status is Status.NOT_FOUND and not outcome.failed
        self.tally = Tally(
            before.arrived + (not outcome.failed and not missing),
            before.missing + missing,
            before.failed + outcome.failed,
            before.took + event.seconds,
            reason,
        )


@dataclass(slots=True)
class Standing:
    """One engine in the race. Times are in seconds, on any clock."""

    engine: str
    tally: Tally = field(default_factory=Tally)
    began: float | None = None
    over: bool = False  # the engine has finished or failed
    seconds: float = 0.0  # the elapsed time, once it is over
    trouble: str = ""  # the reason if the engine failed
    start_up: float = 0.0  # the part of ``seconds`` before the first request

    @property
    def finished(self) -> bool:
        """Whether every target has ended."""
        return self.over and not self.trouble

    def elapsed(self, now: float) -> float:
        """Return the elapsed seconds until now, or until the end."""
        if self.over or self.began is None:
            return self.seconds
        return now - self.began


class Race:
    """All standings, in the order given. ``noun`` is the noun for one of the ``total`` targets."""

    def __init__(self, engines: Sequence[str], total: int, noun: str) -> None:
        self.standings = {engine: Standing(engine) for engine in engines}
        self.total = total
        self.noun = noun

    def begin(self, engine: str, now: float) -> None:
        """Record the start of an engine."""
        self.standings[engine].began = now

    def take(self, engine: str, report: RacerReport, now: float) -> None:
        """Record a report of an engine; reports after its end are ignored."""
        standing = self.standings[engine]
        if standing.over:
            return
        standing.tally = report.tally
        if report.trouble:
            standing.seconds, standing.trouble, standing.over = (
                standing.elapsed(now),
                report.trouble,
                True,
            )
        elif report.seconds is not None:
            standing.seconds, standing.over = report.seconds, True
            standing.start_up = report.start_up

    def exited(self, engine: str, how: str, now: float) -> None:
        """Record that an engine's process has exited, which is a failure if it had not finished."""
        self.take(engine, RacerReport(self.standings[engine].tally, trouble=how), now)

    @property
    def exit_status(self) -> ExitStatus:
        """The exit status: OK if every engine downloaded every file."""
        right = all(
            standing.finished and not self.lost(standing) for standing in self.standings.values()
        )
        return ExitStatus.OK if right else ExitStatus.SOME_FAILED

    def lost(self, standing: Standing) -> int:
        """Return the number of targets that an engine failed to download."""
        return self.total - standing.tally.arrived - standing.tally.missing

    def ranked(self) -> list[Standing]:
        """Return the engines that have finished, ranked by fewest failures, then by time.

        Failures count first because an engine that gives up early is fast.
        """
        finished = [standing for standing in self.standings.values() if standing.finished]
        return sorted(finished, key=lambda standing: (self.lost(standing), standing.seconds))

    def place(self, standing: Standing) -> int | None:
        """Return an engine's place in the ranking; None if it has not finished."""
        return self.ranked().index(standing) + 1 if standing.finished else None
