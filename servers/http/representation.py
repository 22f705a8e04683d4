"""A representation of a resource: its bytes and their metadata (RFC 9110 section 3.2).

These are the values that the modules of `content` pass to `responses`.
"""

from dataclasses import dataclass
from typing import Protocol


class Source(Protocol):
    """A sequence of bytes that is read piece by piece, because it may not fit in memory."""

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset` on, fewer only at the end of the source.

        Raises OSError if the bytes cannot be read.
        """
        ...

    def close(self) -> None:
        """Release the resources of the source. Must be called exactly once, even without a read."""
        ...


class InMemorySource:
    """A source whose bytes are in memory."""

    __slots__ = ("_content",)

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset` on, fewer at the end."""
        return self._content[offset : offset + size]

    def close(self) -> None:
        """Do nothing: there are no resources to release."""


@dataclass(frozen=True, slots=True)
class Representation:
    """The bytes of a resource and the metadata for a response's head.

    `size` is in bytes; `etag` is a strong entity tag, in quotes; `modified` is in whole seconds
    since 1970, the precision of HTTP. A small body is in `content` as bytes, a large one as a
    source. `encoding` is the Content-Encoding of the bytes, if they have one.
    """

    content: bytes | Source
    size: int
    content_type: str
    etag: str
    modified: int
    encoding: str | None = None
