"""The endpoints by the first segment of their path, and the response to a request for one.

An endpoint is a function of the request and of the other segments, decoded. It returns None for
a path that names nothing (404), and raises ValueError for a value that is not valid (400).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

from ...http.paths import segments, without_query
from ...http.responses import Request, Response, failure
from . import authentication, echo, statuses

Endpoint = Callable[[Request, Sequence[str]], Response | None]

ENDPOINTS: Mapping[str, Endpoint] = {
    "accepted": statuses.accepted,
    "basic-auth": authentication.basic,
    "bearer": authentication.bearer,
    "cookies": echo.cookies,
    "digest-auth": authentication.digest,
    "headers": echo.headers,
    "redirect-to": statuses.redirect_to,
    "status": statuses.status,
}

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def answer(request: Request) -> Response | None:
    """Return the response of an endpoint to a GET or HEAD, or None if the path is not of one."""
    path = without_query(request.target)
    endpoint = ENDPOINTS.get(path.split("/", 2)[1])
    if endpoint is None:
        return None
    if _BAD_ESCAPE.search(request.target):
        return failure(HTTPStatus.BAD_REQUEST, method=request.method)
    names = segments(path)
    try:
        found = None if names is None else endpoint(request, names[1:])
    except ValueError:  # also for names that are not UTF-8
        return failure(HTTPStatus.BAD_REQUEST, method=request.method)
    return found or failure(HTTPStatus.NOT_FOUND, method=request.method)
