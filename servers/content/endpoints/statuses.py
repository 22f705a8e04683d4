"""Endpoints that send a status: any one, a redirect, or 202 until the file is ready."""

import re
from collections.abc import Sequence
from http import HTTPStatus

from ...faults.values import count_or_zero, redirect_status
from ...http.paths import query
from ...http.responses import Request, Response, failure

_STATUS = re.compile(r"[2-5][0-9]{2}")
_LOCATION = re.compile(r"(?:https?:/)?/[!-~]+")


def status(request: Request, names: Sequence[str]) -> Response | None:
    """Return the response to `/status/N`: the status N, from 200 to 599, with a short body."""
    if not names:
        return None
    if not _STATUS.fullmatch(names[0]):
        raise ValueError("use a status from 200 to 599")
    return failure(int(names[0]), method=request.method)


def redirect_to(request: Request, names: Sequence[str]) -> Response | None:
    """Return the response to `/redirect-to?url=URL&status=302`: a redirect to a URL or a path."""
    if names:
        return None
    given = dict(query(request.target))
    code = redirect_status(given.get("status", "302"))
    location = given.get("url", "")
    if not _LOCATION.fullmatch(location):
        raise ValueError("use an http or https URL, or a path")
    return failure(code, method=request.method, fields={"Location": location})


def accepted(request: Request, names: Sequence[str]) -> Response | None:
    """Return the response to `/accepted/N`: 202 to the first N requests for the path, then 200."""
    if not names:
        return None
    if request.attempt <= count_or_zero(names[0]):
        return failure(HTTPStatus.ACCEPTED, method=request.method, fields={"Retry-After": 1})
    return failure(HTTPStatus.OK, method=request.method)
