"""A run's experience with one origin, as far as it decides what a single transfer does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

TYPE_CHECKING = False  # most runs do not need this module
if TYPE_CHECKING:
    from getflags.transfer.authentication.digest import Nonce

_ENOUGH = 3  # targets that are told to come back later than allowed, before all others are


class OriginState:
    """The facts about one origin (scheme, host and port) that its transfers share.

    ``answered`` is true once the origin has sent a response. ``digest`` is for HTTP Digest: the
    Authorization that Basic would send, and the last nonce that the origin accepted with it.
    Transfers may read and set the attributes, and call the methods, in any thread.
    """

    digest: tuple[str, Nonce] | None = None

    def __init__(self) -> None:
        self.answered = False
        self._told: set[int] = set()  # numbers of the targets told to come back later than allowed
        self._closed_until = 0.0
        self._reason = ""

    @property
    def served(self) -> float:
        """The number of requests that the origin has not refused."""
        return 0.0

    @property
    def limited(self) -> bool:
        """Whether requests to the origin are held back."""
        return False

    def told(self, target: int, until: float, reason: str) -> None:
        """Record that a target was told to come back at a time that is later than allowed."""
        self._told.add(target)
        self._closed_until = max(self._closed_until, until)
        self._reason = reason

    def closed_reason(self, now: float) -> str:
        """Return why no request should be sent now; empty if one may be sent.

        After three targets were told to come back too late, others would be told the same.
        """
        if len(self._told) < _ENOUGH:
            return ""
        if now >= self._closed_until:
            self._told.clear()
            return ""
        return f"{self._reason}, for another {self._closed_until - now:,.0f} seconds"


#: A function that returns the state of an origin.
FindOrigin: TypeAlias = Callable[[str], OriginState]
