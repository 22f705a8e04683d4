"""The targets of lists that are still being written: those read so far, then those that arrive.

docs/decisions/0021-a-list-that-is-still-written.md has the rules.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from getflags.core.deferred_signals import signals_deferred
from getflags.core.feed import NO_JOB, Feed, NoJob
from getflags.core.models import Target
from getflags.targets import resolve
from getflags.targets.list_file import Entry

_LATE_CODE = "a country code that comes so late needs --base-url"


class ArrivingTargets:
    """An iterator that yields NO_JOB while its next target has not arrived.

    ``listing`` has the entries read so far. ``limit`` is the largest number of targets. ``arrived``
    is called for each target that is not in the listing.
    """

    def __init__(
        self,
        listing: resolve.Listing,
        feed: Feed[Entry],
        place: resolve.Place,
        limit: int | None = None,
        arrived: Callable[[Target], None] = lambda _: None,
    ) -> None:
        self._known = iter(listing)
        self._unread = len(listing)  # of the known entries
        self._feed = feed
        self._expanded: deque[Entry] = deque()  # country codes of a letter
        self._has_site = bool(place.base_url)
        self._settler = resolve.Settler(place)
        self._limit = limit
        self._count = 0  # of the targets until now
        self._arrived = arrived

    @property
    def wake(self) -> Callable[[], object]:
        """See ``core.feed.Arriving``."""
        return self._feed.wake

    @wake.setter
    def wake(self, wake: Callable[[], object]) -> None:
        self._feed.wake = wake

    @property
    def total(self) -> int | None:
        """The number of all targets; None while the lists have not ended."""
        if self._is_full():
            return self._count
        left = self._unread + len(self._expanded) + len(self._feed)
        return self._count + left if self._feed.ended else None

    def __iter__(self) -> Iterator[Target | NoJob]:
        return self

    def __next__(self) -> Target | NoJob:
        if self._is_full():
            raise StopIteration
        # An exception of a signal's handler must not lose a target which has been taken.
        with signals_deferred(lambda: None):
            if self._unread:
                self._unread -= 1
                target = self._settler.settle(next(self._known))
            else:
                entry = self._next_entry()
                if entry is NO_JOB:
                    return NO_JOB
                target = self._settler.settle(entry)
                self._arrived(target)
            self._count += 1
            return target

    def _is_full(self) -> bool:
        return self._limit is not None and self._count >= self._limit

    def _next_entry(self) -> Entry | NoJob:
        """Return the next entry that has arrived. Raises StopIteration at the end of the lists."""
        while not self._expanded:
            entry = next(self._feed)
            if entry is NO_JOB:
                return NO_JOB
            self._expanded += resolve.expand([entry])
        entry = self._expanded.popleft()
        # A bundled server is started before the download, and only if a code was read by then.
        lost = not (entry.flaw or self._has_site) and resolve.is_code(entry.word)
        return entry._replace(flaw=_LATE_CODE) if lost else entry

    def take_rest(self) -> None:
        """Take all targets that have arrived, after the end of a run that was interrupted.

        Those in the listing are left out: ``arrived`` is not called for them.
        """
        self._known, self._unread = iter(()), 0
        for target in self:
            if target is NO_JOB:
                break
