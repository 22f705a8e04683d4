"""The control resources under `/-/`: a server's state, ledger and reset, and the documentation.

Resources for download are in `content`.
"""

from http import HTTPStatus
from urllib.parse import parse_qs

from ..faults.draws import parse_seed
from ..http.responses import Request, Response, document, failure, json_document, method_error
from ..state.server_state import ServerState
from .options import make_parser

PREFIX = "/-/"


def answer(state: ServerState, request: Request) -> Response:
    """Return the response to a request whose target starts with `PREFIX`."""
    name, _, query = request.target.removeprefix(PREFIX).partition("?")
    if name == "reset":
        return method_error(request.method, "POST") or _reset(state, request, query)
    if name == "help":
        return method_error(request.method, "GET", "HEAD") or _help(request)
    views = {"about": state.about, "ledger": state.about_and_counts}
    if name not in views:
        return failure(HTTPStatus.NOT_FOUND, method=request.method)
    return method_error(request.method, "GET", "HEAD") or json_document(request, views[name]())


def _reset(state: ServerState, request: Request, query: str) -> Response:
    # Browsers add an Origin field to every POST that a web page makes. No web page has a reason to
    # reset a server, not even a page of this server.
    if "origin" in request.fields:
        return failure(HTTPStatus.FORBIDDEN)
    given = parse_qs(query, keep_blank_values=True).get("seed")
    try:
        state.reset(None if given is None else parse_seed(given[-1]))
    except ValueError:
        return failure(HTTPStatus.BAD_REQUEST)
    return json_document(request, state.about())


def _help(request: Request) -> Response:
    return document(request, make_parser("getflags serve").format_help(), "text/plain")
