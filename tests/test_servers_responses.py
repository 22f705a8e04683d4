"""The semantics of HTTP, without a socket."""

from http import HTTPStatus

import pytest

from servers.http.representation import Representation
from servers.http.responses import (
    Request,
    Response,
    Span,
    document,
    failure,
    method_error,
    represent,
)

ITEM = Representation(b"0123456789", 10, "image/gif", '"abc"', 784_111_777)
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


class TrackedSource:
    """A source that records whether it was closed."""

    closed = False

    def read(self, offset: int, size: int) -> bytes:
        """Return bytes."""
        return (b"0123456789" * 2)[offset : offset + size]

    def close(self) -> None:
        """Record the call."""
        self.closed = True


def answer(method: str = "GET", **fields: str) -> tuple[Response, dict[str, str]]:
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    response = represent(Request(method, "/x", named), ITEM)
    first, *lines = response.head.decode().splitlines()
    assert first == f"HTTP/1.1 {response.status:d} {HTTPStatus(response.status).phrase}"
    assert response.head.endswith(b"\r\n")
    assert not response.head.endswith(b"\r\n\r\n")
    return response, dict(line.split(": ", 1) for line in lines)


def test_the_whole_thing() -> None:
    response, fields = answer()
    assert (response.status, response.body) == (200, b"0123456789")
    assert fields == {
        "Content-Type": "image/gif",
        "Content-Length": "10",
        "ETag": '"abc"',
        "Last-Modified": DATE,
        "Accept-Ranges": "bytes",
    }


def test_head_says_the_same_without_the_body() -> None:
    (get, get_fields), (head, head_fields) = answer(), answer("HEAD", range="bytes=0-1")
    assert (head.status, head.body, head_fields) == (get.status, b"", get_fields)


def test_a_part() -> None:
    response, fields = answer(range="bytes=2-4")
    assert (response.status, response.body) == (206, b"234")
    assert fields["Content-Range"] == "bytes 2-4/10"
    assert fields["Content-Length"] == "3"
    assert fields["ETag"] == '"abc"'


def test_no_such_part() -> None:
    response, fields = answer(range="bytes=10-")
    assert (response.status, response.body) == (416, b"")
    assert (fields["Content-Range"], fields["Content-Length"]) == ("bytes */10", "0")


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ({"range": "bytes=0-1,3-4"}, 200),
        ({"range": "bytes=0-1", "if_range": '"abc"'}, 206),
        ({"range": "bytes=0-1", "if_range": DATE}, 206),
        ({"range": "bytes=0-1", "if_range": '"old"'}, 200),
        ({"range": "bytes=99-", "if_range": '"old"'}, 200),
        ({"if_range": '"abc"'}, 200),
        ({"if_none_match": '"abc"'}, 304),
        ({"if_none_match": '"old"'}, 200),
        ({"if_modified_since": DATE}, 304),
        ({"range": "bytes=0-1", "if_none_match": '"abc"'}, 304),
        ({"range": "bytes=0-1", "if_none_match": '"old"'}, 206),
    ],
)
def test_conditions(conditions: dict[str, str], status: int) -> None:
    assert answer(**conditions)[0].status == status


def test_unchanged_has_validators_and_no_body() -> None:
    response, fields = answer(if_none_match="*")
    assert response.body == b""
    assert fields == {"ETag": '"abc"', "Last-Modified": DATE, "Accept-Ranges": "bytes"}


def test_a_long_body_is_handed_on_open() -> None:
    tape = TrackedSource()
    response = represent(
        Request("GET", "/x", {"range": "bytes=5-"}), Representation(tape, 20, "a/b", '"t"', 0)
    )
    assert response.body == Span(tape, 5, 20)
    assert not tape.closed


@pytest.mark.parametrize(
    ("method", "fields", "size"),
    [
        ("HEAD", {}, 20),
        ("GET", {"if-none-match": "*"}, 20),
        ("GET", {"range": "bytes=20-"}, 20),
        ("GET", {}, 0),
    ],
)
def test_a_body_that_is_not_sent_is_closed(method: str, fields: dict[str, str], size: int) -> None:
    tape = TrackedSource()
    response = represent(Request(method, "/x", fields), Representation(tape, size, "a/b", '"t"', 0))
    assert response.body == b""
    assert tape.closed


def test_documents() -> None:
    get = document(Request("GET", "/", {}), "é\udcff", "text/html")
    head = document(Request("HEAD", "/", {}), "é\udcff", "text/html")
    assert get.body == b"\xc3\xa9\xff"
    assert head.body == b""
    assert b"Content-Length: 3\r\n" in get.head
    assert head.head == get.head


def test_failures() -> None:
    response = failure(HTTPStatus.IM_A_TEAPOT)
    assert response.body == b"418 I'm a Teapot\n"
    assert not response.last
    assert failure(HTTPStatus.IM_A_TEAPOT, method="HEAD").body == b""
    assert failure(HTTPStatus.BAD_REQUEST, last=True).last


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH"]
)
def test_known_methods_are_not_allowed(method: str) -> None:
    response = method_error(method, "GET", "HEAD")
    assert response
    assert response.status == 405
    assert b"Allow: GET, HEAD\r\n" in response.head


def test_other_methods() -> None:
    assert method_error("GET", "GET", "HEAD") is None
    unknown = method_error("PROPFIND", "GET", "HEAD")
    assert unknown
    assert unknown.status == 501
    head = method_error("HEAD", "POST")
    assert head
    assert (head.status, head.body) == (405, b"")
