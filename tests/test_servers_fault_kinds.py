"""Each fault, observed on a bare socket, with both event loops."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import servers.faults.kinds
from servers.content.folder import Folder
from servers.content.generated import Pattern
from servers.content.resources import Files, Flags
from servers.faults.draws import Behaviour
from servers.faults.kinds.interface import parameter_readers
from servers.faults.kinds.registry import FAULTS
from servers.faults.rules import parse
from tests.servers_kit import Answer, Client, Factory, Running, flags, gif, request, running, until

GIF = "/flags/br/br.gif"
BODY = gif("br")
SIZE = len(BODY)
LONG = "/bytes/1000000/x"


@pytest.fixture
def served(tmp_path: Path) -> Flags:
    """Return a few flags as content."""
    return flags(tmp_path)


class Faulty:
    """A function that starts servers with faults."""

    def __init__(self, served: Flags, factory: Factory | None) -> None:
        self._served, self._factory = served, factory

    @contextmanager
    def __call__(self, *texts: str, bandwidth: int | None = None) -> Iterator[Running]:
        """Run a server with the rules in `texts`."""
        behaviour = Behaviour(rules=tuple(map(parse, texts)), bandwidth=bandwidth)
        with running(self._served, behaviour, factory=self._factory) as server:
            yield server


@pytest.fixture
def faulty(served: Flags, factory: Factory | None) -> Faulty:
    """Return a function that starts servers with faults."""
    return Faulty(served, factory)


def raw(server: Running, target: str, method: str = "GET", **fields: str) -> tuple[bytes, str]:
    """Send a request; return the body with all that follows, and how the connection ended."""
    with server.client() as client:
        client.send(request(target, method, **fields))
        data, end = client.rest()
        return data.partition(b"\r\n\r\n")[2], end


def settled(server: Running) -> dict[str, object]:
    """Return the ledger once nothing is in flight."""
    until(lambda: server.counts()["in_flight"] == 0)
    return server.counts()


def test_each_fault_has_a_file_and_a_line() -> None:
    folder = Path(servers.faults.kinds.__file__).parent
    files = {path.stem for path in folder.glob("*/*.py")} - {"__init__"}
    assert {name.replace("-", "_") for name in FAULTS} == files
    for name, kind in FAULTS.items():
        assert kind.__name__ == name.replace("-", " ").title().replace(" ", "")
        assert kind.__doc__
        parameter_readers(kind)


@pytest.mark.parametrize("name", FAULTS)
def test_no_fault_touches_the_pages_that_tell_of_them(faulty: Faulty, name: str) -> None:
    with faulty(name, bandwidth=1) as server:
        assert server.ask("/-/about").status == 200
        assert server.ask("/").status == 200
        assert server.counts()["requests"] == 0


def test_error(faulty: Faulty) -> None:
    with faulty("error:status=500") as server, server.client() as client:
        answer = client.ask(GIF)
        assert (answer.status, answer.body) == (500, b"500 Internal Server Error\n")
        assert client.ask(GIF, "HEAD").status == 500
        assert settled(server)["responses"] == {"500": 2}


def test_fail_first(faulty: Faulty) -> None:
    with faulty("error:first=2") as server, server.client() as client:
        assert [client.ask(GIF).status for _ in range(4)] == [503, 503, 200, 200]
        assert client.ask(LONG).status == 503  # each path has its own count


def test_busy(faulty: Faulty) -> None:
    with faulty("busy:retry-after=7") as server, server.client() as client:
        answer = client.ask(GIF)
        assert (answer.status, answer.fields["retry-after"]) == (429, "7")
        assert client.ask(GIF, "HEAD").status == 429
        counts = settled(server)
        assert (counts["refused"], counts["peak_in_flight"]) == (2, 0)


def test_busy_without_retry_after(faulty: Faulty) -> None:
    with faulty("busy:retry-after=none") as server:
        answer = server.ask(GIF)
        assert (answer.status, "retry-after" in answer.fields) == (429, False)


def test_busy_above(faulty: Faulty) -> None:
    """Refused requests are counted separately, and never as in flight."""
    with faulty("busy:above=2", "stall:after=0") as server:
        clients = [server.client() for _ in range(2)]
        for client in clients:
            client.send(request(GIF))
        until(lambda: server.counts()["in_flight"] == 2)
        with server.client() as third:
            for _ in range(3):
                assert third.ask(GIF).status == 429
        counts = server.counts()
        assert (counts["refused"], counts["in_flight"], counts["peak_in_flight"]) == (3, 2, 2)
        assert (counts["requests"], counts["attempts"]) == (5, {GIF: 5})
        for client in clients:
            client.close()
        settled(server)
        with server.client() as fourth:
            fourth.send(request(GIF))
            assert b" 200 " in fourth.socket.recv(100)


@pytest.mark.parametrize("target", [GIF, "/a?b=c", "/a%20b"])
def test_redirect_loop(faulty: Faulty, target: str) -> None:
    with faulty("redirect-loop:status=307") as server:
        answer = server.ask(target)
        assert (answer.status, answer.fields["location"]) == (307, target)


def test_a_redirection_leads_nowhere_else(faulty: Faulty) -> None:
    with faulty("redirect-loop") as server:
        assert server.ask("//example.com/a").fields["location"] == "/example.com/a"


def test_etag_changes(faulty: Faulty) -> None:
    with faulty("etag-changes") as server, server.client() as client:
        first, second = client.ask(GIF), client.ask(GIF)
        assert first.body == second.body == BODY
        assert first.fields["etag"] != second.fields["etag"]
        tag = first.fields["etag"]
        assert client.ask(GIF, if_none_match=tag, if_modified_since=date(first)).status == 200
        assert client.ask(GIF, range="bytes=5-", if_range=tag).status == 200
        assert client.ask(GIF, range="bytes=5-").status == 206
        assert client.ask(GIF, range="bytes=5-", if_range=date(first)).status == 206
        assert client.ask("/none").status == 404


def date(answer: Answer) -> str:
    """Return the Last-Modified field of a response."""
    return answer.fields["last-modified"]


def test_etag_changes_and_nobody_cares(faulty: Faulty) -> None:
    with faulty("etag-changes:if-range=ignored") as server, server.client() as client:
        tag = client.ask(GIF).fields["etag"]
        part = client.ask(GIF, range="bytes=5-", if_range=tag)
        assert (part.status, part.body) == (206, BODY[5:])
        assert part.fields["etag"] != tag


def test_range_ignored(faulty: Faulty) -> None:
    with faulty("range-ignored") as server:
        answer = server.ask(GIF, range="bytes=5-", if_range='"x"')
        assert (answer.status, answer.body) == (200, BODY)


@pytest.mark.parametrize(
    ("how", "asked", "status", "content_range"),
    [
        ("start", "bytes=5-", 206, f"bytes 4-{SIZE - 1}/{SIZE}"),
        ("start", "bytes=0-9", 206, f"bytes 1-9/{SIZE}"),
        ("start", "bytes=0-0", 206, f"bytes 0-0/{SIZE}"),  # no other range exists
        ("short", "bytes=5-9", 206, f"bytes 5-8/{SIZE}"),
        ("short", "bytes=5-5", 206, f"bytes 5-5/{SIZE}"),
        ("total", "bytes=5-9", 206, f"bytes 5-9/{SIZE + 1}"),
        ("start", "bytes=99999-", 416, f"bytes */{SIZE}"),
        ("start", "lines=1-2", 200, None),
    ],
)
def test_range_wrong(
    faulty: Faulty, how: str, asked: str, status: int, content_range: str | None
) -> None:
    with faulty(f"range-wrong:how={how}") as server:
        answer = server.ask(GIF, range=asked)
        assert answer.status == status
        assert answer.fields.get("content-range") == content_range
        if status == 206:  # the bytes match the wrong Content-Range
            first, last = answer.fields["content-range"].split()[1].split("/")[0].split("-")
            assert answer.body == BODY[int(first) : int(last) + 1]


def test_range_wrong_by_more_and_where_there_is_no_range(faulty: Faulty) -> None:
    with faulty("range-wrong:by=3") as server, server.client() as client:
        assert client.ask(GIF, range="bytes=10-").fields["content-range"].startswith("bytes 7-")
        assert client.ask(GIF).status == 200
        assert client.ask(GIF, "HEAD", range="bytes=10-").status == 200
        assert client.ask("/none", range="bytes=10-").status == 404


def test_wrong_length_too_long(faulty: Faulty) -> None:
    with faulty("wrong-length:by=5") as server, server.client() as client:
        head = client.ask(GIF, "HEAD")  # no body, so no wrong length
        assert head.fields["content-length"] == str(SIZE)
        client.send(request(GIF))
        data, end = client.rest()
        assert f"Content-Length: {SIZE + 5}\r\n".encode() in data
        assert (data.partition(b"\r\n\r\n")[2], end) == (BODY, "end")


def test_wrong_length_too_short(faulty: Faulty) -> None:
    with faulty("wrong-length:by=-5") as server, server.client() as client:
        assert client.ask(GIF).body == BODY[:-5]
        client.send(request("/none"))
        left = client._file.readline()  # where the next response should begin
        assert left.startswith(BODY[-5:] + b"HTTP/1.1 404")


def test_garbage(faulty: Faulty) -> None:
    with faulty("garbage:size=30") as server:
        found = []
        for _ in range(2):
            with server.client() as client:
                client.send(request(GIF))
                found.append(client.rest())
        assert found[0] == found[1]
        assert (len(found[0][0]), found[0][1]) == (30, "end")
        assert not found[0][0].startswith(b"HTTP/")
        counts = settled(server)
        assert (counts["bytes"], counts["responses"]) == (60, {})  # garbage is not a response


def test_no_answer_at_all(faulty: Faulty) -> None:
    with faulty("garbage:size=0") as server, server.client() as client:
        client.send(request(GIF))
        assert client.rest() == (b"", "end")


@pytest.mark.parametrize(("fault", "how"), [("truncate", "end"), ("reset", "reset")])
@pytest.mark.parametrize(
    ("after", "sent"), [("0", 0), ("1", 1), ("2000", 2000), ("50%", SIZE // 2)]
)
def test_cut_short(faulty: Faulty, fault: str, how: str, after: str, sent: int) -> None:
    with faulty(f"{fault}:after={after}") as server:
        assert raw(server, GIF) == (BODY[:sent], how)
        counts = settled(server)
        assert (counts["bytes"], counts["responses"]) == (sent, {"200": 1})
        until(lambda: not server.service.connections)


@pytest.mark.parametrize("fault", ["truncate", "reset", "stall"])
def test_a_place_beyond_the_end_is_no_fault(faulty: Faulty, fault: str) -> None:
    with faulty(f"{fault}:after={SIZE}") as server, server.client() as client:
        assert client.ask(GIF).body == client.ask(GIF).body == BODY
        assert client.ask(GIF, "HEAD").status == 200


def test_a_long_body_is_cut_short(faulty: Faulty) -> None:
    """The client reads after the connection has ended: all bytes counted as sent arrive."""
    with faulty("reset:after=50%") as server, server.client() as client:
        client.send(request(LONG))
        until(lambda: server.counts()["in_flight"] == 1 or server.counts()["requests"] == 1)
        data, end = client.rest()
        body = data.partition(b"\r\n\r\n")[2]
        assert end == "reset"
        assert body == Pattern("x", 1_000_000).read(0, len(body))
        assert len(body) <= settled(server)["bytes"] == 500_000  # type: ignore[operator]


def test_stall(faulty: Faulty) -> None:
    with faulty("stall:after=100") as server:
        with server.client() as client:
            client.send(request(GIF))
            data = b""
            while not data.endswith(BODY[:100]):
                data += client.socket.recv(65_536)
            assert server.counts()["in_flight"] == 1
            assert server.counts()["bytes"] == 100
        assert settled(server)["bytes"] == 100  # the client disconnected


def test_a_stall_that_ends(faulty: Faulty) -> None:
    with faulty("stall:after=100,seconds=0.05") as server, server.client() as client:
        start = time.monotonic()
        assert client.ask(GIF).body == BODY
        assert time.monotonic() - start >= 0.04
        assert client.ask(GIF).body == BODY  # the connection can be used again


def test_drip(faulty: Faulty) -> None:
    with faulty("drip:size=7000,every=0.02") as server, server.client() as client:
        start = time.monotonic()
        assert client.ask(GIF).body == BODY
        assert time.monotonic() - start >= 0.015  # two pieces, so one pause
        client.send(request(GIF) * 2)  # and the waiting requests are served
        assert client.receive().body == client.receive().body == BODY


def test_bandwidth(faulty: Faulty) -> None:
    """Two simultaneous clients take as long as the limit requires for the bytes of both."""
    size, rate = 20_000, 200_000
    with faulty(bandwidth=rate) as server:
        clients = [server.client() for _ in range(2)]
        start = time.monotonic()
        for client in clients:
            client.send(request(f"/bytes/{size}/x"))
        for client in clients:
            assert client.receive().body == Pattern("x", size).read(0, size)
            client.close()
        assert time.monotonic() - start >= 2 * size / rate - 0.06
        assert settled(server)["bytes"] == 2 * size
        assert server.ask(GIF, "HEAD").status == 200


def test_slots(served: Flags) -> None:
    """Five clients at two slots take three rounds, and the ledger counts all five as in flight."""
    behaviour = Behaviour(delay=(0.1, 0.1), slots=2)
    with running(served, behaviour) as server:
        clients = [server.client() for _ in range(5)]
        start = time.monotonic()
        for client in clients:
            client.send(request(GIF))
        for client in clients:
            assert client.receive().body == BODY
            client.close()
        assert 0.3 <= time.monotonic() - start < 0.45
        assert settled(server)["peak_in_flight"] == 5


def test_a_client_that_reads_slowly(faulty: Faulty) -> None:
    """A piece that cannot be sent yet is not read from its source, at any speed."""
    size = 50_000_000
    with faulty("drip:size=1M,every=0") as server, server.client() as client:
        client.send(request(f"/bytes/{size}/x"))
        until(lambda: any(each._writing_paused for each in server.connections))
        assert int(str(server.counts()["bytes"])) < size
        assert len(client.receive().body) == size
        assert settled(server)["bytes"] == size


def test_faults_that_meet(faulty: Faulty) -> None:
    with faulty("error", "drip:size=8,every=0", "truncate:after=10") as server:
        assert raw(server, GIF) == (b"503 Servic", "end")


def test_the_same_for_whoever_asks_in_whatever_order(served: Flags) -> None:
    rules = tuple(map(parse, ["error:rate=0.3", "truncate:rate=0.3"]))
    targets = [f"/bytes/10/{number}" for number in range(40)]
    with running(served, Behaviour(rules=rules)) as server:
        forth = {target: outcome(server, target) for target in targets}
        assert server.ask("/-/reset", "POST").status == 200
        back = {target: outcome(server, target) for target in reversed(targets)}
    assert forth == back
    assert len(set(forth.values())) > 2


def outcome(server: Running, target: str) -> bytes:
    """Return the start of a response and its length."""
    with Client(server.port) as client:
        client.send(request(target, connection="close"))
        data, _ = client.rest()
        return data[9:13] + b"%d" % len(data.partition(b"\r\n\r\n")[2])


def descriptors() -> int:
    """Return how many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_leaves_a_file_open(tmp_path: Path, factory: Factory | None, fault: str) -> None:
    (tmp_path / "a").write_bytes(b"a" * 1_000_000)
    behaviour = Behaviour(rules=(parse(fault),))
    with running(Files(Folder(tmp_path)), factory=factory):
        pass  # uvloop's first event loop opens a descriptor that stays open
    before = descriptors()
    with running(Files(Folder(tmp_path)), behaviour, factory=factory) as server:
        for fields in ({}, {"range": "bytes=9-"}):
            with server.client() as client:
                client.send(request("/a", **fields))
                client.socket.recv(100)
            settled(server)
        until(lambda: not server.service.connections)
    until(lambda: descriptors() <= before)  # other files may be closed meanwhile
