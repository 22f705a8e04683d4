"""The server program in a real process."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.app.main import main
from tests.messages import NO_SERVER
from tests.servers_kit import Client, Program, port_of, request


def about(port: int, host: str = "127.0.0.1") -> dict[str, object]:
    with Client(port, host) as client:
        found: dict[str, object] = json.loads(client.ask("/-/about").body)
        return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_three_servers_and_their_end(number: int) -> None:
    with Program("--port", "0", "--seed", "7", "--delay", "60") as program:
        found = program.ready(3)
        assert [label for label, _ in found] == ["LOCAL", "DELAY", "ERROR"]
        ports = [port_of(address) for _, address in found]
        assert [address for _, address in found] == [
            f"http://127.0.0.1:{port}/flags" for port in ports
        ]
        abouts = [about(port) for port in ports]
        assert [each["label"] for each in abouts] == ["LOCAL", "DELAY", "ERROR"]
        assert [each["seed"] for each in abouts] == [7, 7, 7]
        assert [each["error_rate"] for each in abouts] == [0.0, 0.0, 0.25]
        with Client(ports[1]) as client, Client(ports[1]) as witness:
            client.send(request("/flags/br/br.gif"))
            while json.loads(witness.ask("/-/ledger").body)["in_flight"] == 0:
                pass
            assert program.end(number) == (0, "")  # a delay of a minute does not prevent the exit


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"a")
    with Program("local", "--port", "0", "--directory", str(tmp_path)) as program:
        ((_, address),) = program.ready()
        port = port_of(address)
        assert address == f"http://127.0.0.1:{port}/"
        with Client(port) as client:
            assert client.ask("/a.bin").body == b"a"
            assert client.ask("/bytes/1/x").status == 404
        assert program.end(signal.SIGTERM) == (0, "")


def test_ipv6() -> None:
    with Program("error", "--port", "0", "--bind", "::1") as program:
        ((label, address),) = program.ready()
        assert label == "ERROR"
        assert address.startswith("http://[::1]:")
        assert about(port_of(address), "::1")["label"] == "ERROR"


@pytest.fixture
def default_port_taken() -> Iterator[None]:
    """Ensure that the default port of LOCAL is taken, by this test or another program."""
    try:
        other = socket.create_server(("127.0.0.1", 8000))
    except OSError:
        yield
    else:
        with other:
            yield


@pytest.mark.usefixtures("default_port_taken")
def test_a_default_port_that_is_taken() -> None:
    with Program("local") as program:
        ((_, address),) = program.ready()
        port = port_of(address)
        assert program.end(signal.SIGTERM) == (
            0,
            f"python -m servers: port 8000 is taken: LOCAL listens on port {port} instead\n",
        )


def test_the_lifeline() -> None:
    with Program("local", "--port", "0", "--lifeline", stdin=subprocess.PIPE) as program:
        program.ready()
        assert program.process.stdin
        program.process.stdin.close()
        program.process.stdin = None
        assert program.wait() == (0, "")


def test_the_lifeline_of_a_killed_program() -> None:
    """Standard input is a pipe whose other end is closed already."""
    end, start = os.pipe()
    with Program("local", "--port", "0", "--lifeline", stdin=end) as program:
        os.close(end)
        program.ready()
        os.close(start)
        assert program.wait() == (0, "")


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["local", "--port", str(port)], prog="getflags serve") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"getflags serve: cannot listen on 127.0.0.1 port {port}: Address already in use\n"
    )


def test_words_that_make_no_sense(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mars"]) == 2
    assert capsys.readouterr() == (
        "",
        f"python -m servers: 'mars' {NO_SERVER}: use LOCAL, DELAY, ERROR, or none for all\n",
    )


def test_tls_record_and_replay(tmp_path: Path) -> None:
    authority, record = tmp_path / "ca.pem", tmp_path / "r.jsonl"
    secure = ["local", "--port", "0", "--tls", "--ca-out", str(authority)]
    words = [*secure, "--fault", "error:rate=0.5", "--seed", "7", "--record", str(record)]
    targets = [f"/bytes/1/{number}" for number in range(20)]

    def statuses(address: str) -> list[int]:
        assert address.startswith("https://127.0.0.1:")
        trusting = ssl.create_default_context(cafile=str(authority))
        with Client(port_of(address), tls=trusting) as client:
            return [client.ask(target).status for target in targets]

    with Program(*words) as program:
        ((_, address),) = program.ready()
        first = statuses(address)
        assert set(first) == {200, 503}
        assert program.end(signal.SIGTERM) == (0, "")
    assert len(record.read_text().splitlines()) == len(targets)
    with Program(*secure, "--replay", str(record)) as program:
        ((_, address),) = program.ready()
        assert statuses(address) == first
        assert program.end(signal.SIGTERM) == (0, "")


@pytest.mark.parametrize("option", [["--record"], ["--tls", "--ca-out"]])
@pytest.mark.parametrize(
    ("name", "reason"), [("/no/such/file", "No such file"), ("a\0b", "not a valid file name")]
)
def test_a_file_that_cannot_be_written(
    capsys: pytest.CaptureFixture[str], option: list[str], name: str, reason: str
) -> None:
    assert main(["local", "--port", "0", *option, name]) == 2
    _, err = capsys.readouterr()
    assert reason in err
    assert err.startswith("python -m servers: cannot write ")
    assert err.count("\n") == 1


def test_a_record_on_a_full_disk_is_told_once_and_ends_nothing() -> None:
    with Program("local", "--port", "0", "--record", "/dev/full") as program:
        ((_, address),) = program.ready()
        with Client(port_of(address)) as client:
            assert client.ask("/bytes/1/x").status == client.ask("/bytes/1/y").status == 200
        assert program.end(signal.SIGTERM) == (
            0,
            "python -m servers: recording stopped: No space left on device\n",
        )


def test_tls_without_its_package(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    assert main(["local", "--port", "0", "--tls"], prog="getflags serve") == 2
    assert capsys.readouterr() == (
        "",
        "getflags serve: --tls needs the package trustme: pip install 'getflags[tls]'\n",
    )
