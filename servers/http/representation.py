"""What a resource is at a moment: its bytes and the facts about them (RFC 9110 section 3.2).

What may live here: the values that the places where bytes come from (`catalogue`, `folder`,
`generated`) give to the place that answers (`respond`). What may not: any of these places.
"""

from dataclasses import dataclass
from typing import Protocol


class Source(Protocol):
    """Bytes too many to hold in memory, read a piece at a time."""

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset` on, fewer only if the source ends there.

        Raises OSError if they can't be read.
        """
        ...

    def close(self) -> None:
        """Give back what the source holds. To be called once, whether it was read or not."""
        ...


class Held:
    """A source that is in memory all the same."""

    __slots__ = ("_content",)

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset` on, fewer at the end."""
        return self._content[offset : offset + size]

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""


@dataclass(frozen=True, slots=True)
class Representation:
    """The bytes of a resource and what a head says of them.

    `size` is in bytes; `etag` is strong and has its quotes; `modified` is in whole seconds since
    1970, the precision of HTTP. `content` is the bytes themselves where they are few.
    """

    content: bytes | Source
    size: int
    content_type: str
    etag: str
    modified: int
