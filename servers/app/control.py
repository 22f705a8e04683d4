"""The control resources under `/-/`: state, ledger, requests, reset, added responses, help.

Resources for download are in `content`.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from ..content import added
from ..faults.draws import parse_seed
from ..http.paths import query, without_query
from ..http.responses import Request, Response, document, failure, json_document, method_error
from ..state.server_state import ServerState
from .options import make_parser

PREFIX = "/-/"
ADD = "/-/add?"  # only for a private server: its owner is the only one who may add responses


def answer(state: ServerState, request: Request) -> Response:
    """Return the response to a request whose target starts with `PREFIX`."""
    name = without_query(request.target).removeprefix(PREFIX)
    if name == "reset":
        return method_error(request.method, "POST") or _reset(state, request)
    if name == "add" and state.private:
        return method_error(request.method, "POST") or _add(state, request)
    if name == "help":
        return method_error(request.method, "GET", "HEAD") or _help(request)
    views: dict[str, Callable[[], Mapping[str, object]]]
    views = {"about": state.about, "ledger": state.about_and_counts}
    if state.received is not None:
        views["requests"] = state.received.as_dict
    if name not in views:
        return failure(HTTPStatus.NOT_FOUND, method=request.method)
    return method_error(request.method, "GET", "HEAD") or json_document(request, views[name]())


def _reset(state: ServerState, request: Request) -> Response:
    if _from_a_page(request):
        return failure(HTTPStatus.FORBIDDEN)
    try:
        given = dict(query(request.target)).get("seed")
        state.reset(None if given is None else parse_seed(given))
    except ValueError:
        return failure(HTTPStatus.BAD_REQUEST)
    return json_document(request, state.about())


def _add(state: ServerState, request: Request) -> Response:
    """Add the body of the request as a response at a path."""
    if _from_a_page(request):
        return failure(HTTPStatus.FORBIDDEN)
    try:
        pairs = query(request.target)
        given = dict(pairs)
        lines = [value for name, value in pairs if name == "header"]
        state.added[given["path"]] = added.parse(given["status"], lines, request.body)
    except (KeyError, ValueError):
        return failure(HTTPStatus.BAD_REQUEST)
    return json_document(request, state.about())


def _from_a_page(request: Request) -> bool:
    """Return whether a web page made a POST: browsers then add an Origin field.

    No web page has a reason to change a server, not even a page of this server.
    """
    return "origin" in request.fields


def _help(request: Request) -> Response:
    return document(request, make_parser("getflags serve").format_help(), "text/plain")
