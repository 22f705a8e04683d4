"""From the bytes of a connection to requests: the framing of HTTP/1.1 (RFC 9112).

What may live here: parsing, limits, and refusing what can't be parsed. What may not: sockets, and
what a request is answered. Bytes go in by `feed`, requests come out of `queue` in order; this
class can be driven by a test with nothing but bytes.
"""

import re
from collections import deque
from http import HTTPStatus

import httptools

from .paths import origin_form
from .responses import Request, Response, failure, refusal

LONGEST_HEAD = 64 * 1024  # bytes

# The fields that change an answer. No other is kept: most requests then have none, which is what
# the fast path looks for.
_KEPT = frozenset({b"range", b"if-range", b"if-none-match", b"if-modified-since", b"origin"})
_METHOD_LOOKS_FINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ ")


class RequestReader:
    """The receiving half of a connection.

    `queue` holds what has arrived: requests, and at the end perhaps the refusal of something that
    is none. `deaf` is set when nothing more will be understood. `expectant` is set while a client
    waits for a 100 before it sends its body (RFC 9110 section 10.1.1).
    """

    def __init__(self) -> None:
        self.queue: deque[Request | Response] = deque()
        self.deaf = False
        self.expectant = False
        self._parser = httptools.HttpRequestParser(self)
        self._pending = 0  # bytes fed since the last message ended, an underestimate
        self._begin()

    def _begin(self) -> None:
        self._target = b""
        self._fields: dict[str, str] = {}
        self._host: bytes | None = None
        self._head_size = 0
        self._in_head = True
        self._expects = False

    def feed(self, data: bytes) -> None:
        """Take in some bytes."""
        while data and not self.deaf:
            data = self._parse(data)
        # The size of a head is known as its fields come. A single endless field does not come, so
        # what has been fed without a message coming to its end counts as well.
        if self._in_head and max(self._head_size, self._pending) > LONGEST_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _parse(self, data: bytes) -> bytes:
        """Give bytes to the parser; return those that it has left."""
        self._pending += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # The request is in the queue, and gets an ordinary answer: a server may ignore an
            # Upgrade (RFC 9110 section 7.8). The parser has stopped there, so a new one goes on.
            self._parser = httptools.HttpRequestParser(self)
            return data[upgrade.args[0] :]
        except httptools.HttpParserCallbackError:
            raise  # a bug of ours
        except httptools.HttpParserInvalidMethodError:
            # Not every garbage is a method: a TLS greeting deserves a 400. The parser doesn't say
            # where it stopped, so a method is recognised only where the data begins with it.
            unknown = self._pending == len(data) and _METHOD_LOOKS_FINE.match(data)
            self._refuse(HTTPStatus.NOT_IMPLEMENTED if unknown else HTTPStatus.BAD_REQUEST)
        except httptools.HttpParserError:
            self._refuse(HTTPStatus.BAD_REQUEST)
        return b""

    def on_url(self, part: bytes) -> None:
        """Take in a target, or as much of it as was in one piece of data."""
        self._target += part
        self._head_size += len(part)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a field."""
        if not self._in_head:
            return  # a trailer (RFC 9110 section 6.5.1): nothing in it may change the answer
        self._head_size += len(name) + len(value)
        name = name.lower()
        if name == b"host":
            self._host = value if self._host is None else b","  # two are worse than none
        elif name in _KEPT:
            key, text = name.decode(), value.decode("latin-1")
            # Lines of one name are one list (RFC 9110 section 5.2).
            self._fields[key] = f"{self._fields[key]}, {text}" if key in self._fields else text
        elif name == b"expect" and value.lower() == b"100-continue":
            self._expects = True

    def on_headers_complete(self) -> None:
        """Take note that a body may follow."""
        if self._head_size > LONGEST_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        self._in_head = False
        # HTTP/1.0 knows no 100, so there the field has to be ignored.
        self.expectant = self._expects and self._parser.get_http_version() == "1.1"

    def on_message_complete(self) -> None:
        """Put the request that is now whole into the queue."""
        if not self.deaf:
            self._complete()
        self.expectant = False
        self._pending = 0
        self._begin()

    def _complete(self) -> None:
        parser = self._parser
        version = parser.get_http_version()
        modern = version == "1.1"
        # A server has to refuse a request that doesn't say whom it is for (RFC 9112 section 3.2).
        # HTTP/0.9, which the parser lets pass, is no longer part of HTTP (RFC 9112 appendix C).
        if (modern and self._host is None) or self._host == b"," or version == "0.9":
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        method = parser.get_method().decode()
        target = self._target.decode()
        path = origin_form(target)
        if path is None:
            wrong = refusal(method, "GET", "HEAD") or failure(HTTPStatus.BAD_REQUEST)
            self.queue.append(wrong._replace(last=True))
            self.deaf = True
            return
        # Nobody needs keep-alive for HTTP/1.0, and its clients disagree about what it means.
        keep_alive = modern and parser.should_keep_alive()
        self.deaf = not keep_alive
        self.queue.append(Request(method, path, self._fields, keep_alive))

    def _refuse(self, status: HTTPStatus) -> None:
        if not self.deaf:
            self.queue.append(failure(status, last=True))
            self.deaf = True
