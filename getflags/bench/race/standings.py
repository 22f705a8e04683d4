"""A race's standings: how far each engine is, and who is first.

Pure. News of the racers and the time go in, standings come out. What is said of them is in
``standings`` and ``ranking``; who runs, and how its news get here, in ``racer`` and ``track``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from getflags.core.events import Event, Finished
from getflags.core.models import ExitStatus, Status
from getflags.core.text import brief


class Tally(NamedTuple):
    """What a racer has done so far.

    ``missing`` are codes that were only guessed and don't exist. ``took`` is the sum of the seconds
    that its targets took, from first request to end. ``reason`` is the first failure's.
    """

    arrived: int = 0
    missing: int = 0
    failed: int = 0
    took: float = 0.0
    reason: str = ""

    @property
    def done(self) -> int:
        """How many targets have ended."""
        return self.arrived + self.missing + self.failed


class News(NamedTuple):
    """What a racer tells. The first news of each is that it is ready.

    ``seconds`` is its time, once it has done all. ``trouble`` is why it never will.
    """

    tally: Tally
    seconds: float | None = None
    trouble: str = ""


class Count:
    """A reader of events that keeps a tally; the tally is replaced, never half changed."""

    def __init__(self) -> None:
        self.tally = Tally()

    def read(self, event: Event) -> None:
        """Take an event."""
        if not isinstance(event, Finished):
            return
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
    """An engine in the race. Times in seconds, of any clock."""

    engine: str
    tally: Tally = field(default_factory=Tally)
    began: float | None = None
    over: bool = False  # nothing more is expected of it
    seconds: float = 0.0  # its time, once it is over
    trouble: str = ""  # why it will never finish

    @property
    def finished(self) -> bool:
        """Whether every target has ended."""
        return self.over and not self.trouble

    def elapsed(self, now: float) -> float:
        """Return how long it has been at it, or was."""
        if self.over or self.began is None:
            return self.seconds
        return now - self.began


class Race:
    """The standings, in the order given. ``noun`` is what to call each of the ``total`` targets."""

    def __init__(self, engines: Sequence[str], total: int, noun: str) -> None:
        self.standings = {engine: Standing(engine) for engine in engines}
        self.total = total
        self.noun = noun

    def begin(self, engine: str, now: float) -> None:
        """Let an engine go."""
        self.standings[engine].began = now

    def take(self, engine: str, news: News, now: float) -> None:
        """Take what an engine tells; what comes after its end counts no more."""
        standing = self.standings[engine]
        if standing.over:
            return
        standing.tally = news.tally
        if news.trouble:
            standing.seconds, standing.trouble, standing.over = (
                standing.elapsed(now),
                news.trouble,
                True,
            )
        elif news.seconds is not None:
            standing.seconds, standing.over = news.seconds, True

    def gone(self, engine: str, how: str, now: float) -> None:
        """Take it that an engine's process has ended, as it should or before its time."""
        self.take(engine, News(self.standings[engine].tally, trouble=how), now)

    @property
    def exit_status(self) -> ExitStatus:
        """The truth in one number: whether every engine got every file."""
        right = all(
            standing.finished and not self.lost(standing) for standing in self.standings.values()
        )
        return ExitStatus.OK if right else ExitStatus.SOME_FAILED

    def lost(self, standing: Standing) -> int:
        """Return how many targets an engine didn't get."""
        return self.total - standing.tally.arrived - standing.tally.missing

    def ranked(self) -> list[Standing]:
        """Return those who have finished, the best first: who lost least, then who was faster.

        A download that gives up is quickly done; so what counts first is to have it right.
        """
        finished = [standing for standing in self.standings.values() if standing.finished]
        return sorted(finished, key=lambda standing: (self.lost(standing), standing.seconds))

    def place(self, standing: Standing) -> int | None:
        """Return an engine's place among those who have finished so far; None if it has not."""
        return self.ranked().index(standing) + 1 if standing.finished else None
