"""Finding or starting a bundled server, and never using another program by mistake."""

from __future__ import annotations

import errno
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

import getflags
from getflags import testing
from getflags.core.errors import GetflagsError, UsageError
from getflags.testing import bundled, interpreter
from getflags.testing.interpreter import Child
from tests.kit import ENVIRON, ROOT
from tests.messages import NOT_STARTED
from tests.rawserver import Answer, RawServer, ok, silence


def ask(url: str) -> dict[str, object]:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return dict(json.load(answer))


@pytest.fixture
def port() -> int:
    """Return the port that replaces 8000 in this test (see conftest.py)."""
    return testing.PORTS["LOCAL"]


def test_a_server_is_started_on_its_port_and_stopped(port: int) -> None:
    said: list[str] = []
    with bundled.running("LOCAL", 7, said.append) as server:
        assert server.base_url == f"http://127.0.0.1:{port}/flags"
        assert server.shown == f"http://localhost:{port}/flags"
        assert ask(f"http://127.0.0.1:{port}/-/about")["seed"] == 7
    assert said == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_the_public_form_gives_the_base_url(port: int, tmp_path: Path) -> None:
    with getflags.serving("local") as base_url:
        report = getflags.download(["BR", "cn"], dir=tmp_path, base_url=base_url)
    assert base_url == f"http://127.0.0.1:{port}/flags"
    assert report.exit_status == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["br.gif", "cn.gif"]


@pytest.fixture
def running(port: int) -> Iterator[str]:
    """Return a bundled server that another process started."""
    command = [sys.executable, "-m", "servers", "LOCAL", "--port", str(port), "--seed", "3"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=ENVIRON)
    assert process.stdout
    process.stdout.readline()
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()
    process.stdout.close()


def test_one_that_runs_is_used_and_left_alone(running: str) -> None:
    with bundled.running("LOCAL", None, print) as server:
        assert server.base_url == running + "/flags"
        ask(f"{running}/flags/br/metadata.json")
    assert ask(running + "/-/ledger")["requests"] == 1
    assert ask(running + "/-/ledger")["seed"] == 3


def test_a_seed_makes_one_that_runs_begin_anew(running: str) -> None:
    ask(f"{running}/flags/br/metadata.json")
    with bundled.running("LOCAL", 9, print):
        assert ask(running + "/-/ledger")["requests"] == 0
        assert ask(running + "/-/ledger")["seed"] == 9


def drip(connection: socket.socket, server: RawServer) -> None:
    while not server.over.wait(0.02):
        connection.sendall(b"x")


STRANGERS: dict[str, Answer] = {
    "not json": ok(b"<html>"),
    "other json": ok(b'{"server": "else"}'),
    "no object": ok(b"[]"),
    "other label": ok(b'{"server": "getflags-servers", "label": "DELAY"}'),
    "not http": b"220 ftp ready\r\n",
    "silent": silence,
    "dripping": drip,
    "nested": ok(b"[" * 60_000),
    "endless": ok(b" " * 200_000),
}


@pytest.mark.parametrize("answer", STRANGERS.values(), ids=STRANGERS)
def test_a_stranger_keeps_its_port_and_is_spoken_of(
    answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "_PROBE_TIMEOUT", 0.1)
    said: list[str] = []
    with RawServer({"/-/about": answer}) as stranger:
        monkeypatch.setitem(testing.PORTS, "LOCAL", stranger.port)
        with bundled.running("LOCAL", None, said.append) as server:
            assert str(stranger.port) not in server.base_url
            about = server.base_url.replace("/flags", "/-/about")
            assert ask(about)["server"] == "getflags-servers"
    assert said == [
        f"getflags: port {stranger.port} is in use by another program; using another port for LOCAL"
    ]


def test_another_runs_server_is_not_counted_on(port: int) -> None:
    """A private server ends with the run that started it."""
    said: list[str] = []
    with (
        bundled.running("LOCAL", None, print) as first,
        bundled.running("LOCAL", None, said.append) as second,
    ):
        assert first.base_url != second.base_url
    assert said == [
        f"getflags: port {port} is in use by another run of getflags; using another port for LOCAL"
    ]


def test_somebody_takes_the_port_while_we_start(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(bundled, "_identify", lambda *_: bundled._NO_SERVER)
    with (
        socket.create_server(("127.0.0.1", port)),
        bundled.running("LOCAL", None, said.append) as server,
    ):
        about = server.base_url.replace("/flags", "/-/about")
        assert ask(about)["label"] == "LOCAL"
    assert said == [f"getflags: port {port} was taken meanwhile; using another port for LOCAL"]


def test_a_server_that_does_not_take_a_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    about = ok(b'{"server": "getflags-servers", "label": "LOCAL"}')
    with RawServer({"/-/about": about}) as odd:
        monkeypatch.setitem(testing.PORTS, "LOCAL", odd.port)
        with (
            pytest.raises(GetflagsError, match=f"cannot reset the server on port {odd.port}"),
            bundled.running("LOCAL", 7, print),
        ):
            pytest.fail("it does not")


def test_there_are_three_labels() -> None:
    with (
        pytest.raises(UsageError, match="'MOON' is not a bundled server: use LOCAL, DELAY, ERROR"),
        getflags.serving("MOON"),
    ):
        pytest.fail("there is none")


def test_a_server_that_does_not_start_is_one_sentence(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    del port
    monkeypatch.setattr(bundled, "module", lambda: "no_such_module_here")
    with (
        pytest.raises(GetflagsError, match=f"the bundled server LOCAL {NOT_STARTED}"),
        bundled.running("LOCAL", None, print),
    ):
        pytest.fail("there is not a server")


def test_several_servers_share_a_seed_and_nothing_else() -> None:
    with bundled.several("LOCAL", 7, 2) as servers:
        first, second = (server.base_url.removesuffix("/flags") for server in servers)
        assert first != second
        assert ask(f"{first}/-/about")["seed"] == ask(f"{second}/-/about")["seed"] == 7
        ask(f"{first}/flags/br/metadata.json")
        assert ask(f"{first}/-/ledger")["requests"] == 1
        assert ask(f"{second}/-/ledger")["requests"] == 0
    for url in (first, second):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))


def test_a_server_for_which_there_are_too_few_open_files_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(subprocess, "Popen", fail)
    with (
        pytest.raises(GetflagsError, match="no process could be started: Too many open files"),
        bundled.several("LOCAL", 7, 2),
    ):
        pass


def test_of_several_servers_all_must_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "module", lambda: "no_such_module_here")
    with (
        pytest.raises(GetflagsError, match=f"the bundled server DELAY {NOT_STARTED}"),
        bundled.several("DELAY", 7, 2),
    ):
        pytest.fail("there are no servers")


def test_who_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "stubborn.py").write_text("import time\nprint('here', flush=True)\ntime.sleep(60)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    child = interpreter.start("stubborn")
    assert child.output.readline() == b"here\n"
    interpreter.end(child, timeout=0.1)
    assert child.process.returncode == -signal.SIGKILL


def test_a_server_does_not_outlive_a_client_that_was_killed(port: int) -> None:
    script = (
        "import os, getflags.testing.bundled as b\n"
        f"b.PORTS['LOCAL'] = {port}\n"
        "with b.running('LOCAL', None, print) as s:\n"
        "    print(s.base_url, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    environ = {**ENVIRON, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, env=environ, check=False, timeout=20
    )
    assert done.stdout
    while True:  # it notices at once, and takes a moment to go
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            break
        except ConnectionResetError:  # it went in that very moment
            continue


def test_the_module_is_found_beside_the_package_or_inside_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert bundled.module() == "servers"
    (tmp_path / "servers").mkdir()
    monkeypatch.setattr(bundled, "_PACKAGE", tmp_path)
    assert bundled.module() == "getflags.servers"


def test_an_inherited_python_path_is_kept(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["/somewhere", "/else"]))
    with bundled.running("LOCAL", None, print) as server:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("HEAD", server.base_url)
        assert connection.getresponse().status in {200, 404}
        connection.close()


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Have servers that never begin, and do not hear of their end; we are interrupted meanwhile."""
    (tmp_path / "slow_server.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(bundled, "module", lambda: "slow_server")
    started: list[subprocess.Popen[bytes]] = []

    def interrupt(child: Child, _: str) -> None:
        started.append(child.process)
        raise KeyboardInterrupt

    monkeypatch.setattr(bundled, "_ready", interrupt)
    return started


@pytest.mark.usefixtures("slow")
def test_servers_that_still_start_do_not_hold_up_the_end() -> None:
    began = monotonic()
    with pytest.raises(KeyboardInterrupt), bundled.several("LOCAL", 7, 3):
        pytest.fail("they have not begun")
    assert monotonic() - began < 2  # with patience for each, it were 6


def test_a_server_that_still_starts_is_ended(
    port: int, slow: list[subprocess.Popen[bytes]]
) -> None:
    del port
    with pytest.raises(KeyboardInterrupt), bundled.running("LOCAL", None, print):
        pytest.fail("it has not begun")
    (process,) = slow
    assert process.returncode == -signal.SIGKILL
