"""The mirrors of a target: which of its URLs is requested next, and why the others have failed.

Pure. The URLs are tried in turn, each once in a round. Those whose failure may pass are tried again
in the next round; those that have failed for good are not. The transfer decides which failures are
of which kind, and how many rounds there are.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from getflags.core.models import DownloadOptions, OnDisk, PartialFile, Target
from getflags.core.text import brief
from getflags.core.urls import origin, redact
from getflags.transfer.origin_state import FindOrigin
from getflags.transfer.refresh import source
from getflags.transfer.routes.request import Route, for_mirror


class Failure(NamedTuple):
    """Why a URL has failed.

    ``pause`` is the time in seconds for which the server asked, or None. ``missing`` is true if the
    server has no such file.
    """

    reason: str
    pause: float | None = None
    missing: bool = False


class Mirrors:
    """The URLs of one target; ``url`` is the one that is requested.

    Without ``--location-trusted``, the user's credentials and header fields are only for the origin
    of the first URL.
    """

    def __init__(self, target: Target, options: DownloadOptions, find_origin: FindOrigin) -> None:
        self._find_origin = find_origin
        self._target = target
        self._options = options
        self._urls = (target.url, *target.mirrors)
        self._routes: dict[int, Route] = {}
        self._index = 0
        self._left = list(range(1, len(self._urls)))  # URLs still to be tried in this round
        self._again: list[int] = []  # URLs for the next round
        self._waits: dict[int, float] = {}  # seconds until they may be tried, from its beginning
        self._waited = 0.0  # seconds of this round
        self._failures: dict[int, Failure] = {}  # the last of each URL
        self._tries: Counter[int] = Counter()
        self._part: int | None = None  # the URL whose part file can be resumed
        self._begun = False

    @property
    def url(self) -> str:
        """The URL that is requested."""
        return self._urls[self._index]

    @property
    def is_first(self) -> bool:
        """Whether this is the target's first URL."""
        return self._index == 0

    @property
    def shown(self) -> str:
        """The URL that is requested, for display."""
        return redact(self.url)

    def route(self) -> Route:
        """Return the route that begins at the URL."""
        route = self._routes.get(self._index)
        if route is None:
            options, headers = self._options, self._target.headers
            if origin(self.url) != origin(self._target.url):
                options, headers = for_mirror(options, headers)
            self._routes[self._index] = route = Route(self.url, options, headers, self._find_origin)
        return route

    def choose(self, partial: PartialFile | None, on_disk: OnDisk | None) -> bool:
        """Choose the URL to begin with; return False if it is the first, or was chosen before.

        It is the one that has left a part file or, with ``--exists refresh``, the file itself: only
        this server can continue the part, or confirm that the file has not changed.
        """
        if self._begun:
            return False
        self._begun = True
        if partial:
            index = self._urls.index(partial.mirror) if partial.mirror else 0
        else:
            record = on_disk and on_disk.record
            coded = self._options.compressed
            sources = [source(url, url, compressed=coded) for url in self._urls] if record else []
            index = sources.index(record.source) if record and record.source in sources else 0
        self._left = [each for each in range(len(self._urls)) if each != index]
        self._index = index
        return index > 0

    def tried(self) -> None:
        """Count a try of this URL, which is going to be requested again."""
        self._tries[self._index] += 1

    def failed(
        self,
        reason: str,
        *,
        pause: float | None = None,
        missing: bool = False,
        transient: bool = False,
        has_part: bool = False,
    ) -> None:
        """Record that the URL has failed; a ``transient`` failure may pass.

        ``pause`` and ``missing`` are as in ``Failure``. ``has_part`` is true if the bytes of this
        URL that are on the disk can be resumed.
        """
        self.tried()
        self._failures[self._index] = Failure(reason, pause, missing)
        if has_part:
            self._part = self._index
        if transient:
            self._again.append(self._index)

    def stay(self) -> None:
        """Request only this URL from now on."""
        self._left = []
        self._again = [each for each in self._again if each == self._index]

    def next_round(self, backoff: float) -> None:
        """Begin another round after ``backoff`` seconds, or the time for which a server asked.

        They are requested in the order in which they may be; of several that may be requested at
        the same time, the one that has left a part comes first.
        """
        pauses = {each: self._failures[each].pause for each in self._again}
        self._waits = {key: backoff if wait is None else wait for key, wait in pauses.items()}
        self._left = sorted(
            self._again, key=lambda each: (self._waits[each], each != self._part, each)
        )
        self._again, self._waited = [], 0.0

    def next_url(self) -> float | None:
        """Advance to the next URL of the round; return the seconds to wait before its request.

        Returns None if none is left.
        """
        if not self._left:
            return None
        self._index = self._left.pop(0)
        seconds = max(0.0, self._waits.get(self._index, 0.0) - self._waited)
        self._waited += seconds
        return seconds

    @property
    def all_missing(self) -> bool:
        """Whether no server has the file."""
        failures = self._failures.values()
        return len(failures) == len(self._urls) and all(each.missing for each in failures)

    def summary(self, reason: str) -> str:
        """Return why each URL has failed, in their order; ``reason`` is why there is no other try.

        The first URL is left out: it is the label of the target, with which the message begins.
        """
        known = self._failures.get(self._index)
        if known is None:
            self._failures[self._index] = Failure(reason)
        elif reason.startswith(known.reason):
            self._failures[self._index] = known._replace(reason=reason)
        else:
            self._failures[self._index] = known._replace(reason=f"{known.reason}; {reason}")
        parts = []
        for index, failure in sorted(self._failures.items()):
            name = f"{redact(self._urls[index])}: " if index else ""
            tries = f" ({self._tries[index]} tries)" if self._tries[index] > 1 else ""
            parts.append(f"{name}{brief(failure.reason)}{tries}")
        return "; ".join(parts)
