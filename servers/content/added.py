"""Responses that a test adds to a server: any body, status and header fields at a path."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import NamedTuple

from ..http.representation import Representation
from ..http.responses import WITHOUT_BODY, Request, Response, failure, head, method_error, represent
from ..http.validators import etag
from .generated import MODIFIED

_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\t -~\x80-\xff]*)")
_LOWEST, _HIGHEST = 200, 599


class AddedResponse(NamedTuple):
    """A response that was added: its status, its own header fields as lines, and its body."""

    status: int
    lines: tuple[str, ...]
    body: bytes


def parse(status: str, lines: Iterable[str], body: bytes) -> AddedResponse:
    """Return an added response; `status` and the fields `lines` are text. Raises ValueError."""
    found = AddedResponse(int(status), tuple(lines), body)
    if not _LOWEST <= found.status <= _HIGHEST or not all(map(_FIELD.fullmatch, found.lines)):
        raise ValueError("use a status from 200 to 599, and NAME: VALUE for each field")
    return found


def answer(added: AddedResponse, request: Request) -> Response:
    """Return the response to a request for the path of an added response.

    With the status 200 it is a file: it has validators, and ranges of it can be requested.
    """
    if refused := method_error(request.method, "GET", "HEAD", "POST"):
        return refused
    own = {name.lower(): value for name, _, value in (each.partition(": ") for each in added.lines)}
    if added.status == HTTPStatus.OK:
        tag = own.get("etag", etag(added.body))
        kind = "application/octet-stream"
        item = Representation(added.body, len(added.body), kind, tag, MODIFIED)
        found = represent(request, item)
    else:
        found = _with_status(added, request.method)
    return found._replace(head=_merged(found.head, own, added.lines))


def _with_status(added: AddedResponse, method: str) -> Response:
    """Return the response with a status other than 200, without the added header fields."""
    if added.status in WITHOUT_BODY:
        return failure(added.status)
    fields: dict[str, str | int] = {
        "Content-Type": "application/octet-stream",
        "Content-Length": len(added.body),
    }
    body = b"" if method == "HEAD" else added.body
    return Response(added.status, head(added.status, fields), body)


def _merged(stored: bytes, own: Iterable[str], lines: Iterable[str]) -> bytes:
    """Return a stored head with the fields `lines` in place of those with the names in `own`."""
    first, *rest = stored.decode("latin-1").split("\r\n")[:-1]
    kept = [each for each in rest if each.partition(":")[0].lower() not in own]
    return "".join(f"{each}\r\n" for each in (first, *kept, *lines)).encode("latin-1")
