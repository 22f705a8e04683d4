"""From a request and a representation to a response: the meaning of HTTP (RFC 9110).

What may live here: pure functions from values to values, and the values. What may not: sockets,
clocks, files, and the question which resource a target names (in `origin`).

A head is kept without the fields that are the connection's business (Date, Server, Connection)
and without its closing blank line: so it can be made once and sent a million times.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from .delivery import Delivery
from .ranges import content_range, select
from .representation import Representation, Source
from .validators import http_date, range_applies, unchanged

# RFC 9110 section 9.1 asks for 405 where a method is known and not allowed, 501 where it is not
# known. Known are the methods of that document, and PATCH (RFC 5789).
_KNOWN = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})


class Request(NamedTuple):
    """A request as far as these servers care.

    `fields` has only the few that change an answer, with names in lower case; `keep_alive` says
    whether the connection stays open after the answer. `attempt` is which request for its target
    it is, from 1; 0 if that is not to matter.
    """

    method: str
    target: str
    fields: Mapping[str, str]
    keep_alive: bool = True
    attempt: int = 0


class Span(NamedTuple):
    """The bytes of `source` from `start` up to, not including, `stop`."""

    source: Source
    start: int
    stop: int


class Response(NamedTuple):
    """A status, a head as described above, and a body. `last` closes the connection after it.

    Without a head it is not HTTP: the body is all that is sent. `delivery` says how the body
    leaves, if not as fast as it can.
    """

    status: HTTPStatus
    head: bytes
    body: bytes | Span = b""
    last: bool = False
    delivery: Delivery | None = None


def head(status: HTTPStatus, fields: Mapping[str, str | int]) -> bytes:
    """Return a status line and fields, each with its line end."""
    lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1")


def document(request: Request, content: str, content_type: str) -> Response:
    """Return a 200 with a text that is made anew each time, and so has no validators."""
    body = content.encode("utf-8", "surrogateescape")
    fields: dict[str, str | int] = {
        "Content-Type": f"{content_type}; charset=utf-8",
        "Content-Length": len(body),
        "Cache-Control": "no-store",
    }
    sent = b"" if request.method == "HEAD" else body
    return Response(HTTPStatus.OK, head(HTTPStatus.OK, fields), sent)


def failure(
    status: HTTPStatus, *, method: str = "GET", last: bool = False, allow: str = ""
) -> Response:
    """Return a response that is no success: a line of text says which.

    `method` is the request's: a HEAD gets no body. `allow` is the Allow field, if not empty.
    """
    body = f"{status.value} {status.phrase}\n".encode()
    fields: dict[str, str | int] = {"Content-Type": "text/plain", "Content-Length": len(body)}
    if allow:
        fields["Allow"] = allow
    return Response(status, head(status, fields), b"" if method == "HEAD" else body, last=last)


def refusal(method: str, *allowed: str) -> Response | None:
    """Return the answer to a method that is not among `allowed`, None if it is."""
    if method in allowed:
        return None
    if method in _KNOWN:
        return failure(HTTPStatus.METHOD_NOT_ALLOWED, allow=", ".join(allowed), method=method)
    return failure(HTTPStatus.NOT_IMPLEMENTED)


def represent(request: Request, item: Representation) -> Response:
    """Return the answer to a GET or HEAD of something that is there.

    The order is that of RFC 9110 section 13.2.2: first what the client already has, then which
    part it wants. Closes the content of `item` unless the response carries it.
    """
    response = _answer(request, item)
    if not isinstance(item.content, bytes) and not isinstance(response.body, Span):
        item.content.close()
    return response


def _answer(request: Request, item: Representation) -> Response:
    validators: dict[str, str | int] = {
        "ETag": item.etag,
        "Last-Modified": http_date(item.modified),
        "Accept-Ranges": "bytes",
    }
    if unchanged(request.fields, item.etag, item.modified):
        return Response(HTTPStatus.NOT_MODIFIED, head(HTTPStatus.NOT_MODIFIED, validators))
    status, positions = HTTPStatus.OK, range(item.size)
    asked = _asked_range(request, item)
    if asked is not None:
        validators["Content-Range"] = content_range(asked, item.size)
        if not asked:
            return _unsatisfiable(validators)
        status, positions = HTTPStatus.PARTIAL_CONTENT, asked
    fields = {
        "Content-Type": item.content_type,
        "Content-Length": positions.stop - positions.start,
        **validators,
    }
    body = b"" if request.method == "HEAD" else _cut(item.content, positions)
    return Response(status, head(status, fields), body)


def _asked_range(request: Request, item: Representation) -> range | None:
    """Return the range that is to be sent, None for everything."""
    text = request.fields.get("range")
    # Only GET has ranges (section 14.2); a HEAD is answered as if there were no such field.
    if text is None or request.method != "GET":
        return None
    if not range_applies(request.fields, item.etag, item.modified):
        return None
    return select(text, item.size)


def _unsatisfiable(fields: Mapping[str, str | int]) -> Response:
    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    return Response(status, head(status, {"Content-Length": 0, **fields}))


def _cut(content: bytes | Source, positions: range) -> bytes | Span:
    if isinstance(content, bytes):
        return content[positions.start : positions.stop]
    if not positions:
        return b""  # an empty file
    return Span(content, positions.start, positions.stop)
