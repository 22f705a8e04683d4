"""An HTTP/1.1 request parser: from the bytes of a connection to requests (RFC 9112).

This module parses requests, enforces limits, and rejects invalid requests. It uses no sockets:
bytes go in through `feed`, and requests come out of `queue` in order, so that a test can drive the
parser with bytes alone.
"""

import re
from collections import deque
from http import HTTPStatus

import httptools

from .paths import origin_form
from .responses import Request, Response, failure, method_error

LONGEST_HEAD = 64 * 1024  # bytes
LONGEST_BODY = 2**28  # bytes of a body that is kept

# The fields that affect the response to a request for a file. All others are dropped: most requests
# then have no fields, which is the condition for the fast path. Other paths get all fields.
_FILES = (b"/flags/", b"/bytes/")
_KEPT = frozenset({b"range", b"if-range", b"if-none-match", b"if-modified-since", b"origin"})
_METHOD_LOOKS_FINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ ")


class RequestParser:
    """The request parser of one connection.

    `queue` holds the parsed requests; its last item may be an error response to an invalid one.
    `finished` is set when nothing more will be parsed. `awaits_continue` is set while the client
    waits for a 100 response before it sends the request body (RFC 9110 section 10.1.1). The
    body of a request is dropped unless its target starts with `keeps_body`.
    """

    def __init__(self, keeps_body: bytes | None = None) -> None:
        self._keeps_body = keeps_body
        self.queue: deque[Request | Response] = deque()
        self.finished = False
        self.awaits_continue = False
        self._parser = httptools.HttpRequestParser(self)
        self._pending = 0  # lower bound of the bytes fed since the last message ended
        self._begin()

    def _begin(self) -> None:
        self._target = b""
        self._fields: dict[str, str] = {}
        self._every_field = False
        self._host: bytes | None = None
        self._head_size = 0
        self._in_head = True
        self._expects = False
        self._body: bytearray | None = None

    def feed(self, data: bytes) -> None:
        """Parse `data`, the next bytes of the connection."""
        while data and not self.finished:
            data = self._parse(data)
        # The size of a head is counted as its fields are parsed. A single endless field is never
        # parsed completely, so the bytes fed since the last complete message count as well.
        if self._in_head and max(self._head_size, self._pending) > LONGEST_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _parse(self, data: bytes) -> bytes:
        """Parse `data`; return the bytes that the parser did not consume."""
        self._pending += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # The request is in the queue and gets an ordinary response: a server may ignore Upgrade
            # (RFC 9110 section 7.8). httptools stops there, so a new parser parses the rest.
            self._parser = httptools.HttpRequestParser(self)
            return data[upgrade.args[0] :]
        except httptools.HttpParserCallbackError:
            raise  # a bug in this class
        except httptools.HttpParserInvalidMethodError:
            # Invalid bytes are not always an unknown method: a TLS handshake deserves a 400. The
            # parser does not report where it stopped, so a method is recognised only at the start
            # of `data`.
            unknown = self._pending == len(data) and _METHOD_LOOKS_FINE.match(data)
            self._refuse(HTTPStatus.NOT_IMPLEMENTED if unknown else HTTPStatus.BAD_REQUEST)
        except httptools.HttpParserError:
            self._refuse(HTTPStatus.BAD_REQUEST)
        return b""

    def on_url(self, part: bytes) -> None:
        """Store the request target, or the part of it that was in one piece of data."""
        self._target += part
        self._every_field = not self._target.startswith(_FILES)
        self._head_size += len(part)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Store a header field if it affects the response."""
        if not self._in_head:
            return  # a trailer field must not affect the response (RFC 9110 section 6.5.1)
        self._head_size += len(name) + len(value)
        name = name.lower()
        if name == b"host":
            self._host = value if self._host is None else b","  # a comma marks a repeated Host
        elif name == b"expect" and value.lower() == b"100-continue":
            self._expects = True
        if self._every_field or name in _KEPT:
            key, text = name.decode("latin-1"), value.decode("latin-1")
            # Several lines with one name form one list (RFC 9110 section 5.2).
            self._fields[key] = f"{self._fields[key]}, {text}" if key in self._fields else text

    def on_headers_complete(self) -> None:
        """Check the size of the head, and whether the client waits for a 100 response."""
        if self._head_size > LONGEST_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        self._in_head = False
        if self._keeps_body is not None and self._target.startswith(self._keeps_body):
            self._body = bytearray()
        # HTTP/1.0 has no 100 response, so the field is ignored there.
        self.awaits_continue = self._expects and self._parser.get_http_version() == "1.1"

    def on_body(self, part: bytes) -> None:
        """Store a part of a body that is kept."""
        if self._body is not None and not self.finished:
            self._body += part
            if len(self._body) > LONGEST_BODY:
                self._body = None
                self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def on_message_complete(self) -> None:
        """Append the complete request to the queue."""
        if not self.finished:
            self._complete()
        self.awaits_continue = False
        self._pending = 0
        self._begin()

    def _complete(self) -> None:
        parser = self._parser
        version = parser.get_http_version()
        modern = version == "1.1"
        # A server must refuse an HTTP/1.1 request without a Host field (RFC 9112 section 3.2).
        # HTTP/0.9, which httptools accepts, is no longer part of HTTP (RFC 9112 appendix C).
        if (modern and self._host is None) or self._host == b"," or version == "0.9":
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        method = parser.get_method().decode()
        target = self._target.decode()
        path = origin_form(target)
        if path is None:
            error = method_error(method, "GET", "HEAD") or failure(HTTPStatus.BAD_REQUEST)
            self.queue.append(error._replace(last=True))
            self.finished = True
            return
        # Keep-alive is not supported for HTTP/1.0, whose clients disagree about its meaning.
        keep_alive = modern and parser.should_keep_alive()
        self.finished = not keep_alive
        body = bytes(self._body) if self._body else b""
        self.queue.append(Request(method, path, self._fields, keep_alive, body=body))

    def _refuse(self, status: HTTPStatus) -> None:
        if not self.finished:
            self.queue.append(failure(status, last=True))
            self.finished = True
