"""The control resources under `/-/`."""

import json

import pytest

from servers.app.control import answer
from servers.faults.draws import Behaviour
from servers.http.responses import Request, Response
from servers.state.server_state import ServerState


@pytest.fixture
def state() -> ServerState:
    """Return the state of a server that has received one request."""
    state = ServerState("ERROR", Behaviour(delay=(0.5, 5.0), error_rate=0.25), 7)
    state.count_request("/a")
    return state


def ask(
    state: ServerState, target: str, method: str = "GET", fields: dict[str, str] | None = None
) -> Response:
    return answer(state, Request(method, target, fields or {}))


def content(response: Response) -> object:
    assert response.status == 200
    assert b"Content-Type: application/json" in response.head
    assert b"Cache-Control: no-store" in response.head
    assert isinstance(response.body, bytes)
    return json.loads(response.body)


def test_about(state: ServerState) -> None:
    assert content(ask(state, "/-/about")) == {
        "server": "getflags-servers",
        "version": 1,
        "label": "ERROR",
        "seed": 7,
        "delay": [0.5, 5.0],
        "error_rate": 0.25,
        "private": False,
    }


def test_ledger(state: ServerState) -> None:
    ledger = content(ask(state, "/-/ledger?now"))
    assert isinstance(ledger, dict)
    assert ledger["attempts"] == {"/a": 1}
    assert list(ledger)[7:] == [
        "requests",
        "responses",
        "attempts",
        "bytes",
        "in_flight",
        "peak_in_flight",
    ]


def test_help(state: ServerState) -> None:
    response = ask(state, "/-/help")
    assert b"Content-Type: text/plain; charset=utf-8" in response.head
    assert isinstance(response.body, bytes)
    assert response.body.startswith(b"usage: getflags serve ")
    assert b"--rate-limit R" in response.body
    assert ask(state, "/-/help", "HEAD").body == b""


def test_head(state: ServerState) -> None:
    get, head = ask(state, "/-/about"), ask(state, "/-/about", "HEAD")
    assert (head.head, head.body) == (get.head, b"")


@pytest.mark.parametrize(
    ("query", "seed"), [("", 7), ("?", 7), ("?x=1", 7), ("?seed=9", 9), ("?seed=1&seed=-2", -2)]
)
def test_reset(state: ServerState, query: str, seed: int) -> None:
    about = content(ask(state, f"/-/reset{query}", "POST"))
    assert about == json.loads(json.dumps(state.about()))
    assert state.seed == seed
    assert state.about_and_counts()["requests"] == 0


@pytest.mark.parametrize("query", ["?seed=", "?seed=x", "?seed=1.5"])
def test_a_bad_seed_changes_nothing(state: ServerState, query: str) -> None:
    assert ask(state, f"/-/reset{query}", "POST").status == 400
    assert state.about_and_counts()["requests"] == 1


def test_no_web_page_can_reset(state: ServerState) -> None:
    assert ask(state, "/-/reset", "POST", {"origin": "null"}).status == 403
    assert state.about_and_counts()["requests"] == 1


@pytest.mark.parametrize(
    ("target", "method", "status", "allow"),
    [
        ("/-/reset", "GET", 405, b"POST"),
        ("/-/about", "POST", 405, b"GET, HEAD"),
        ("/-/help", "POST", 405, b"GET, HEAD"),
        ("/-/about", "PROPFIND", 501, b""),
        ("/-/", "GET", 404, b""),
        ("/-/other", "HEAD", 404, b""),
        ("/-/about/", "GET", 404, b""),
    ],
)
def test_refusals(state: ServerState, target: str, method: str, status: int, allow: bytes) -> None:
    response = ask(state, target, method)
    assert response.status == status
    assert (b"Allow: " + allow in response.head) == bool(allow)
