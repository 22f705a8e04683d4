"""Endpoints that return what the client sent, as JSON: its header fields, its cookies."""

import re
from collections.abc import Sequence
from http import HTTPStatus

from ...http.paths import query
from ...http.responses import Request, Response, failure, json_document

# The characters of a cookie's name and value (RFC 6265 section 4.1.1).
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]*")


def headers(request: Request, names: Sequence[str]) -> Response | None:
    """Return the response to `/headers`: the header fields, with names in lower case."""
    return None if names else json_document(request, {"headers": dict(request.fields)})


def cookies(request: Request, names: Sequence[str]) -> Response | None:
    """Return the response to `/cookies`, or to `/cookies/set?NAME=VALUE`, which sets cookies."""
    if not names:
        return json_document(request, {"cookies": _cookies(request)})
    return _set_cookies(request) if names == ["set"] else None


def _cookies(request: Request) -> dict[str, str]:
    """Return the cookies that the client sent, by name."""
    pairs = [each.partition("=") for each in request.fields.get("cookie", "").split(";")]
    return {name.strip(): value.strip() for name, sign, value in pairs if sign}


def _set_cookies(request: Request) -> Response:
    """Return a redirect to `/cookies` that sets each parameter of the query as a cookie."""
    given = query(request.target)
    if not given or not all(
        _NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in given
    ):
        raise ValueError("use NAME=VALUE, with the characters of cookies")
    found = failure(HTTPStatus.FOUND, method=request.method, fields={"Location": "/cookies"})
    lines = "".join(f"Set-Cookie: {name}={value}; Path=/\r\n" for name, value in given)
    return found._replace(head=found.head + lines.encode())
