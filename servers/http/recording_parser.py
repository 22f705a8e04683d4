"""A request parser that also keeps each request as it was sent: all header fields, and the body.

It costs more time than the plain parser, which drops what does not affect the response.
"""

from .request_parser import RequestParser
from .responses import Request

LONGEST_RECORDED_BODY = 64 * 1024  # bytes of a body that are kept; the rest of it is dropped


class RecordingParser(RequestParser):
    """A parser whose requests have their header fields in `received`, and the start of their body.

    The fields are in the order in which they were sent, with their names as they were sent.
    """

    def _begin(self) -> None:
        super()._begin()
        self._received: list[tuple[str, str]] = []
        self._start = bytearray()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Store a header field; trailer fields are not among them."""
        if self._in_head:
            # Whitespace around a value is no part of it (RFC 9112 section 5.1).
            text = value.decode("latin-1").strip(" \t")
            self._received.append((name.decode("latin-1"), text))
        super().on_header(name, value)

    def on_body(self, part: bytes) -> None:
        """Store a part of a body, as far as it is among the first bytes of the body."""
        self._start += part[: LONGEST_RECORDED_BODY - len(self._start)]
        super().on_body(part)

    def _complete(self) -> None:
        super()._complete()
        last = self.queue[-1]
        if not isinstance(last, Request):
            return
        body = last.body or bytes(self._start)
        self.queue[-1] = last._replace(received=tuple(self._received), body=body)
