"""What is under `/-/`: a server's account of itself, and the way to start it anew.

What may live here: the answers under `/-/`. What may not: anything that is served to be
downloaded.
"""

import json
from http import HTTPStatus
from urllib.parse import parse_qs

from ..faults.draws import parse_seed
from ..http.responses import Request, Response, document, failure, refusal
from ..state.server import Origin

PREFIX = "/-/"


def answer(origin: Origin, request: Request) -> Response:
    """Return the answer to a request whose target starts with `PREFIX`."""
    name, _, query = request.target.removeprefix(PREFIX).partition("?")
    if name == "reset":
        return refusal(request.method, "POST") or _reset(origin, request, query)
    views = {"about": origin.about, "ledger": origin.account}
    if name not in views:
        return failure(HTTPStatus.NOT_FOUND, method=request.method)
    return refusal(request.method, "GET", "HEAD") or _as_json(request, views[name]())


def _reset(origin: Origin, request: Request, query: str) -> Response:
    # Browsers put an Origin field on every POST that a page makes. No page, not even one of ours,
    # has any business here.
    if "origin" in request.fields:
        return failure(HTTPStatus.FORBIDDEN)
    given = parse_qs(query, keep_blank_values=True).get("seed")
    try:
        origin.reset(None if given is None else parse_seed(given[-1]))
    except ValueError:
        return failure(HTTPStatus.BAD_REQUEST)
    return _as_json(request, origin.about())


def _as_json(request: Request, content: dict[str, object]) -> Response:
    return document(request, json.dumps(content) + "\n", "application/json")
