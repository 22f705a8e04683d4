"""The request parser, without a socket."""

from itertools import pairwise

import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servers.http import request_parser
from servers.http.request_parser import LONGEST_HEAD, RequestParser
from servers.http.responses import Request, Response

GET = b"GET /flags/a HTTP/1.1\r\nHost: x\r\n\r\n"


def read(*pieces: bytes) -> RequestParser:
    reader = RequestParser()
    for piece in pieces:
        reader.feed(piece)
    return reader


def outcome(reader: RequestParser) -> list[int | str]:
    """Return the targets of requests and the statuses of refusals."""
    return [each.target if isinstance(each, Request) else int(each.status) for each in reader.queue]


def test_a_request() -> None:
    reader = read(
        b"HEAD /flags/a?b HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\nUser-Agent: y\r\n"
        b'IF-NONE-MATCH: "a"\r\nIf-None-Match: "b"\r\n\r\n'
    )
    fields = {"range": "bytes=0-1", "if-none-match": '"a", "b"'}
    assert list(reader.queue) == [Request("HEAD", "/flags/a?b", fields, keep_alive=True)]
    assert not reader.finished


def test_any_cut_gives_the_same() -> None:
    data = (
        b"\r\n" + GET + b"POST /flags/b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + GET
    )
    whole = list(read(data).queue)
    assert [each.target for each in whole if isinstance(each, Request)] == [
        "/flags/a",
        "/flags/b",
        "/flags/a",
    ]
    assert list(read(*(data[at : at + 1] for at in range(len(data)))).queue) == whole


pieces = st.sampled_from(
    [
        GET, b"GET ", b"HEAD ", b"POST ", b"BREW ", b"OPTIONS * ", b"CONNECT h:1 ", b"/flags/a",
        b"?b", b"http://x/flags/a", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b"\r\n", b" HTTP/2.0\r\n",
        b"\n", b"\r", b"Host: x\r\n", b"If-Range: x\r\n", b"Content-Length: 3\r\n",
        b"Range: bytes=0-1\r\n", b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n",
        b"3\r\nabc\r\n", b"0\r\n\r\n", b"abc", b"Connection: close\r\n",
        b"Connection: Upgrade\r\nUpgrade: h2c\r\n", b"Expect: 100-continue\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03",
    ]
)  # fmt: skip


@given(
    st.lists(pieces | st.binary(max_size=4), max_size=14).map(b"".join),
    st.lists(st.integers(0, 300), max_size=8),
)
@settings(deadline=None)
def test_any_bytes_give_the_same_however_they_are_cut(data: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(data)]
    whole, cut = read(data), read(*(data[a:b] for a, b in pairwise(places)))
    # The status may differ, because httptools does not report where it stopped.
    alike = [[400 if each == 501 else each for each in outcome(one)] for one in (whole, cut)]
    assert alike[0] == alike[1]
    assert [each for each in whole.queue if isinstance(each, Request)] == [
        each for each in cut.queue if isinstance(each, Request)
    ]
    assert (whole.finished, whole.awaits_continue) == (cut.finished, cut.awaits_continue)
    assert all(isinstance(each, Request) for each in list(whole.queue)[:-1])


def test_bodies_are_read_off() -> None:
    chunked = b"POST /flags/b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    reader = read(chunked + b"3\r\nabc\r\n0\r\nRange: bytes=0-1\r\n\r\n" + GET)
    assert list(reader.queue) == [Request("POST", "/flags/b", {}), Request("GET", "/flags/a", {})]


def test_fields_do_not_leak_into_the_next_request() -> None:
    reader = read(b"GET /flags/b HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\n\r\n" + GET)
    assert reader.queue[1] == Request("GET", "/flags/a", {})


@pytest.mark.parametrize(
    "head",
    [
        b"GET /flags/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /flags/a HTTP/1.0\r\n\r\n",
        b"GET /flags/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    ],
)
def test_the_last_request(head: bytes) -> None:
    reader = read(head + GET, GET)
    assert list(reader.queue) == [Request("GET", "/flags/a", {}, keep_alive=False)]
    assert reader.finished


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /flags/a\r\n\r\n", 400),
        (b"GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /flags/a HTTP/3.0\r\nHost: x\r\n\r\n", 400),
        (b"GET /flags/a HTTP/1.1\r\n\r\n", 400),
        (b"GET /flags/a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET /flags/a HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"GET /flags/a HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (b"get /flags/a HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    ],
)
def test_refusals(data: bytes, status: int) -> None:
    reader = read(GET, data, GET)
    assert outcome(reader) == ["/flags/a", status]
    method_error = reader.queue[-1]
    assert isinstance(method_error, Response)
    assert method_error.last
    assert reader.finished


def test_garbage_behind_a_request_is_just_garbage() -> None:
    assert outcome(read(GET + b"BREW /pot HTTP/1.1\r\n")) == ["/flags/a", 400]


def test_an_absolute_target() -> None:
    assert outcome(read(b"GET http://x/flags/a?b HTTP/1.1\r\nHost: x\r\n\r\n")) == ["/flags/a?b"]


def test_an_upgrade_is_ignored() -> None:
    upgrade = b"GET /flags/b HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    reader = read(upgrade * 3000 + GET, GET)
    assert outcome(reader) == ["/flags/b"] * 3000 + ["/flags/a", "/flags/a"]
    assert outcome(read(upgrade)) == ["/flags/b"]


@pytest.mark.parametrize(
    "data",
    [
        b"GET /flags/a HTTP/1.1\r\nHost: x\r\nX: " + b"x" * LONGEST_HEAD + b"\r\n\r\n",
        b"GET /flags/a HTTP/1.1\r\nHost: x\r\n" + b"X: yyyyyyy\r\n" * (LONGEST_HEAD // 8) + b"\r\n",
        b"GET /" + b"a" * LONGEST_HEAD + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /flags/a HTTP/1.1\r\nHost: x\r\nX: " + b"x" * LONGEST_HEAD,
        b"GET /" + b"a" * LONGEST_HEAD,
    ],
)
@pytest.mark.parametrize("step", [1000, 10**9])
def test_a_huge_head_is_refused(data: bytes, step: int) -> None:
    reader = read(*(data[at : at + step] for at in range(0, len(data), step)))
    assert outcome(reader) == [431]


def test_a_head_is_not_blamed_for_its_neighbours() -> None:
    """A piece of data may be full of small requests, or of a body, and end within a head."""
    body = b"POST /flags/b HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000
    assert (
        outcome(read(body + GET * 5000 + GET[:10], GET[10:])) == ["/flags/b"] + ["/flags/a"] * 5001
    )


def test_who_waits_for_permission() -> None:
    head = b"POST /flags/b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-Continue\r\n"
    reader = read(head)
    assert not reader.awaits_continue  # the head is incomplete
    reader.feed(b"\r\n")
    assert read(head + b"\r\n").awaits_continue
    reader.feed(b"\r\nabc")
    assert not reader.awaits_continue
    assert not read(head + b"\r\nabc").awaits_continue
    assert not read(head.replace(b"1.1", b"1.0") + b"\r\n").awaits_continue
    assert not read(head.replace(b"100-C", b"200-C") + b"\r\n").awaits_continue


def test_a_bug_of_ours_is_not_blamed_on_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(RequestParser, "_complete", bug)
    with pytest.raises(httptools.HttpParserCallbackError):
        read(GET)


@pytest.mark.parametrize(
    "framed",
    [
        b"Content-Length: 6\r\n\r\nabcdef",
        b"Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n",
    ],
)
def test_a_body_is_kept_where_it_matters(framed: bytes) -> None:
    for target, body in [("/kept?x", b"abcdef"), ("/flags/kept?", b"")]:
        reader = RequestParser(b"/kept?")
        for each in f"POST {target} HTTP/1.1\r\nHost: x\r\n".encode() + framed + GET:
            reader.feed(bytes([each]))
        first, second = reader.queue
        assert isinstance(first, Request)
        assert (first.method, first.target, first.body) == ("POST", target, body)
        assert second == Request("GET", "/flags/a", {})


def test_a_body_that_is_kept_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_parser, "LONGEST_BODY", 5)
    reader = RequestParser(b"/kept")
    reader.feed(b"POST /kept HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabcde")
    assert not reader.queue
    reader.feed(b"f")
    reader.feed(b"ghi" + GET)
    assert outcome(reader) == [413]
