"""The reader of responses: pieces of any size, h11 as the oracle, and what it refuses."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from getflags.core.errors import Disconnected, Fault, Malformed
from getflags.core.response_head import Head
from getflags.transport.h1.response_reader import ResponseReader

relaxed = settings(deadline=None, max_examples=300)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
RESPONSES = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: x\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200\r\nConnection: close\r\n\r\nhello",
    b"HTTP/1.0 200 OK\r\n\r\nhello",
    b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab",
    CHUNKED + b"5\r\nhello\r\n3;a=b\r\n, y\r\n0\r\nX: trailer\r\n\r\n",
    b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
]  # fmt: skip


class Read:
    """What a reader has made of some bytes and the end of the connection."""

    def __init__(self, *pieces: bytes) -> None:
        reader = ResponseReader()
        self.fault: Fault | None = None
        try:
            for piece in pieces:
                reader.receive(piece)
            if not reader.complete:
                reader.eof()
        except (Disconnected, Malformed) as fault:
            self.fault = fault
        self.head = reader.head
        self.body = b"".join(reader.pieces)
        self.reusable = reader.reusable

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Read) and self.values == other.values

    def __hash__(self) -> int:
        return hash(self.values)

    @property
    def values(self) -> tuple[Head | None, bytes, str, bool]:
        return self.head, self.body, str(self.fault), self.reusable


def oracle(data: bytes) -> tuple[int, bytes] | None:
    """Return the status and the body that h11 reads; None if it finds a fault."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=100 * 1024)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "h")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    connection.receive_data(b"")
    status, body = 0, b""
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return status, body
            elif not isinstance(event, h11.InformationalResponse):
                return None
    except h11.RemoteProtocolError:
        return None


@pytest.mark.parametrize("data", RESPONSES)
def test_h11_reads_the_same(data: bytes) -> None:
    read = Read(data)
    assert read.fault is None
    assert read.head
    assert oracle(data) == (read.head.status, read.body)


@pytest.mark.parametrize("data", RESPONSES)
def test_the_sizes_of_the_pieces_make_no_difference(data: bytes) -> None:
    whole = Read(data)
    assert Read(*(data[place : place + 1] for place in range(len(data)))) == whole
    for place in range(1, len(data)):
        assert Read(data[:place], data[place:]) == whole


@given(
    st.sampled_from(RESPONSES),
    st.lists(
        st.tuples(st.integers(0, 200), st.sampled_from("icd"), st.binary(min_size=1, max_size=3)),
        max_size=3,
    ),
)
@relaxed
def test_a_mutated_response_is_read_as_by_h11_or_refused(
    data: bytes, changes: list[tuple[int, str, bytes]]
) -> None:
    for place, kind, text in changes:
        place = min(place, len(data))  # noqa: PLW2901
        cut = len(text) if kind in "cd" else 0
        data = data[:place] + (b"" if kind == "d" else text) + data[place + cut :]
    read = Read(data)
    assert isinstance(read.fault, (Disconnected, Malformed, type(None)))
    expected = oracle(data)
    if read.fault is None and expected is not None:
        assert read.head
        assert (read.head.status, read.body) == expected
    half = len(data) // 2
    assert (Read(data[:half], data[half:]).fault is None) == (read.fault is None)


@pytest.mark.parametrize(
    ("data", "reusable"),
    [
        (RESPONSES[0], True),
        (RESPONSES[2], False),
        (RESPONSES[3], False),
        (RESPONSES[4], True),
        (RESPONSES[5], True),
        (RESPONSES[8], True),
        (RESPONSES[9], False),  # a length beside chunks
        (RESPONSES[0] + b"H", False),  # the server goes on
        (RESPONSES[8] + b"H", False),
        (RESPONSES[0].replace(b"ETag", b"Connection: x, Close\r\nETag"), False),
    ],
)
def test_a_connection_is_reusable_if_the_response_has_ended_in_it(
    data: bytes, *, reusable: bool
) -> None:
    assert Read(data).reusable is reusable


def test_bytes_after_the_end_make_the_connection_unusable() -> None:
    reader = ResponseReader()
    reader.receive(RESPONSES[0])
    assert reader.reusable
    reader.receive(b"HTTP/1.1 200 OK")
    assert (reader.reusable, reader.complete) == (False, True)


def test_the_end_of_the_connection_after_the_response_makes_it_unusable() -> None:
    reader = ResponseReader()
    reader.receive(RESPONSES[0])
    reader.eof()
    assert not reader.reusable


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x15\x03\x03\x00\x02\x02\x50", "it is TLS; does https:// work?"),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", "it is HTTP/2"),
        (b"SSH-2.0-OpenSSH", "does not begin with HTTP/1"),
        (b"HTTP/2 200 OK\r\n\r\n", "does not begin with HTTP/1"),
        (b"HTTP/1.2 200 OK\r\n\r\n", "no status line"),
        (b"HTTP/1.1 200 OK\r\nA: b\rc: d\r\n\r\n", "a malformed header field"),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "a malformed field name"),
        (b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "whitespace before a field's colon"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1001 + b"\r\n", "too many header fields"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "switched to a protocol"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 5000, "its head is too long"),
        (CHUNKED + b"1" * 17000, "is too long"),
        (
            CHUNKED + b"1;" + b"a" * 17000 + b"\r\n",
            "no hexadecimal number",
        ),
    ],
)
def test_a_fault_says_what_is_wrong(data: bytes, words: str) -> None:
    assert words in str(Read(data).fault)


def test_lines_are_remembered_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise, a server could fill the memory with fields that it makes up."""
    from getflags.transport.h1 import response_reader

    monkeypatch.setattr(response_reader, "_known", {})
    for number in range(3):
        head = "".join(f"X-{number}-{each}: y\r\n" for each in range(900))
        assert Read(f"HTTP/1.1 204 OK\r\n{head}\r\n".encode()).head
    assert len(response_reader._known) <= 1000
    long = "y" * 10_000
    read = Read(f"HTTP/1.1 204 OK\r\nX-Long: {long}\r\n\r\n".encode())
    assert read.head == Head(204, (("x-long", long),))
    assert max(map(len, response_reader._known)) < 300


def test_a_head_with_bare_line_feeds_is_read() -> None:
    read = Read(b"HTTP/1.1 200 OK\nContent-Length: 9\nX: y\n\nab\r\n\r\nend")
    assert read.head == Head(200, (("content-length", "9"), ("x", "y")))
    assert read.body == b"ab\r\n\r\nend"


@pytest.mark.parametrize("cut", [40, 41, 42, 43, 44])
def test_a_body_that_begins_like_a_line_end_is_one_however_it_arrives(cut: int) -> None:
    data = b"HTTP/1.1 200 OK\nContent-Length: 6\n\n\r\nabcd"
    reader = ResponseReader()
    reader.receive(data[:cut])
    reader.receive(data[cut:])
    assert (b"".join(reader.pieces), reader.complete) == (b"\r\nabcd", True)
    assert Read(data).body == b"\r\nabcd"


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\rTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\r\nContent-Length: 1\r\n\r\na",
        b"HTTP/1.1 200 O\0K\r\nContent-Length: 1\r\n\r\na",
        b"HTTP/1.1 103 Early\rHints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\r\n\r\n1\r\na\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: 1\rY: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: \0\r\n\r\n",
    ],
)
def test_a_damaged_line_end_is_no_part_of_a_line(data: bytes) -> None:
    """The field that follows it may be the one that says how the body is framed."""
    assert "not valid HTTP" in str(Read(data).fault)
