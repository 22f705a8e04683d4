"""Requests, responses, and the semantics of HTTP that lead from one to the other (RFC 9110).

The functions here are pure: they use no sockets, clocks or files. Which resource a target names is
decided in `content`.

A stored response head lacks the fields that depend on the connection (Date, Server, Connection) and
the final blank line, so that it can be built once and sent many times.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import NamedTuple

from .body_delivery import Delivery
from .ranges import content_range, parse_range
from .representation import Representation, Source
from .validators import http_date, not_modified, range_applies

# RFC 9110 section 9.1 asks for a 405 if the server knows the method but does not allow it, and for
# a 501 if it does not know the method. The known methods are the methods of RFC 9110, and PATCH
# (RFC 5789).
_KNOWN = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})
_PHRASES = {each.value: each.phrase for each in HTTPStatus}
# No Content-Length may be sent with 204 (RFC 9110 section 8.6), and with 304 only that of the file.
WITHOUT_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class Request(NamedTuple):
    """The parts of a request that affect its response.

    `fields` has only the header fields that affect the response, with names in lower case.
    `keep_alive` is whether the connection stays open after the response. `attempt` numbers the
    requests for this target, from 1; it is 0 where it has no effect. `body` is empty unless the
    parser keeps bodies. `received` has all header fields as they were sent, if the parser keeps
    them.
    """

    method: str
    target: str
    fields: Mapping[str, str]
    keep_alive: bool = True
    attempt: int = 0
    body: bytes = b""
    received: tuple[tuple[str, str], ...] = ()


class Span(NamedTuple):
    """The bytes of `source` from `start` up to, but not including, `stop`."""

    source: Source
    start: int
    stop: int


class Response(NamedTuple):
    """A status, a stored head (see the module), and a body; `last` closes the connection.

    An empty head means that the response is not HTTP: only the body is sent. `delivery` is how the
    body is sent; None means as fast as possible.
    """

    status: int
    head: bytes
    body: bytes | Span = b""
    last: bool = False
    delivery: Delivery | None = None


def head(status: int, fields: Mapping[str, str | int]) -> bytes:
    """Return the status line and the header fields, each with its line end."""
    lines = [f"HTTP/1.1 {_status_text(status)}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1")


def _status_text(status: int) -> str:
    """Return a status with its reason phrase; a status that HTTP does not define has its own."""
    return f"{status:d} {_PHRASES.get(status, 'Unassigned')}"


def json_document(request: Request, content: Mapping[str, object]) -> Response:
    """Return a 200 response with `content` as JSON."""
    return document(request, json.dumps(content) + "\n", "application/json")


def document(request: Request, content: str, content_type: str) -> Response:
    """Return a 200 response with text that is generated for each request, so without validators."""
    body = content.encode("utf-8", "surrogateescape")
    fields: dict[str, str | int] = {
        "Content-Type": f"{content_type}; charset=utf-8",
        "Content-Length": len(body),
        "Cache-Control": "no-store",
    }
    sent = b"" if request.method == "HEAD" else body
    return Response(HTTPStatus.OK, head(HTTPStatus.OK, fields), sent)


def failure(
    status: int,
    *,
    method: str = "GET",
    last: bool = False,
    fields: Mapping[str, str | int] = MappingProxyType({}),
) -> Response:
    """Return an error response, or another one whose body is the status as a line of text.

    `method` is that of the request: the response to HEAD has no body, nor has any with a status
    that forbids one. `fields` are more header fields.
    """
    if status in WITHOUT_BODY:
        return Response(status, head(status, fields), last=last)
    # A 205 has an empty body (section 15.3.6).
    body = b"" if status == HTTPStatus.RESET_CONTENT else f"{_status_text(status)}\n".encode()
    described = {"Content-Type": "text/plain", "Content-Length": len(body), **fields}
    return Response(status, head(status, described), b"" if method == "HEAD" else body, last=last)


def method_error(method: str, *allowed: str) -> Response | None:
    """Return the error response for a method that is not in `allowed`, or None if it is."""
    if method in allowed:
        return None
    if method in _KNOWN:
        return failure(
            HTTPStatus.METHOD_NOT_ALLOWED, method=method, fields={"Allow": ", ".join(allowed)}
        )
    return failure(HTTPStatus.NOT_IMPLEMENTED)


def represent(request: Request, item: Representation) -> Response:
    """Return the response to a GET or HEAD request for an existing resource.

    The order is that of RFC 9110 section 13.2.2: the validators are checked first, then the range.
    This function closes the content of `item` unless the response carries it.
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
    if not_modified(request.fields, item.etag, item.modified):
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
    if item.encoding is not None:
        fields["Content-Encoding"] = item.encoding
    body = b"" if request.method == "HEAD" else _cut(item.content, positions)
    return Response(status, head(status, fields), body)


def _asked_range(request: Request, item: Representation) -> range | None:
    """Return the requested range, or None for the whole representation."""
    text = request.fields.get("range")
    # Only GET supports ranges (section 14.2); the Range field of a HEAD is ignored.
    if text is None or request.method != "GET":
        return None
    if not range_applies(request.fields, item.etag, item.modified):
        return None
    return parse_range(text, item.size)


def _unsatisfiable(fields: Mapping[str, str | int]) -> Response:
    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    return Response(status, head(status, {"Content-Length": 0, **fields}))


def _cut(content: bytes | Source, positions: range) -> bytes | Span:
    if isinstance(content, bytes):
        return content[positions.start : positions.stop]
    if not positions:
        return b""  # an empty file
    return Span(content, positions.start, positions.stop)
