"""The pytest plugin in whole sessions, run as a user would run their own tests."""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from getflags.testing.flag_server import Options, StartFlagServer
from tests.kit import ENVIRON, ROOT
from tests.servers_kit import until

pytest_plugins = "pytester"

#: Plugins of others, which take half of the time of a session to load, and the words to do without.
OTHERS = ("anyio", "hypothesispytest", "respx", "timeout", "xdist")
ALONE = [word for name in OTHERS for word in ("-p", f"no:{name}")]


def session(pytester: pytest.Pytester, tests: str) -> pytest.RunResult:
    """Run tests in a session of their own, where every warning is an error."""
    pytester.makepyfile(tests)
    return pytester.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider", *ALONE)


def listens(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=20).close()
    except (ConnectionRefusedError, ConnectionResetError):  # it is gone, or went in that moment
        return False
    return True


def test_a_client_is_tried_and_what_makes_no_sense_fails_in_a_sentence(
    pytester: pytest.Pytester,
) -> None:
    done = session(
        pytester,
        """
        import http.client
        import urllib.error
        import urllib.request

        import pytest

        def test_mine(flag_server):
            server = flag_server(error_rate=0.2, seed=7)
            failed = 0
            for number in range(50):
                try:
                    with urllib.request.urlopen(server.url_for(f"/bytes/10/{number}")) as answer:
                        assert len(answer.read()) == 10
                except urllib.error.HTTPError as error:
                    failed += 1
                    error.close()
            assert 0 < failed < 50
            assert server.ledger().responses == {200: 50 - failed, 418: failed}

        def test_two_at_once(flag_server):
            whole, half = flag_server(), flag_server(fault="truncate")
            assert whole.url != half.url
            with urllib.request.urlopen(whole.url_for("br/br.gif")) as answer:
                answer.read()
            with urllib.request.urlopen(half.url_for("br/br.gif")) as answer:
                with pytest.raises(http.client.IncompleteRead):
                    answer.read()
            assert whole.ledger().requests == half.ledger().requests == 1

        def test_value(flag_server):
            flag_server(error_rate=20)

        def test_name(flag_server):
            flag_server(error=0.2)
        """,
    )
    done.assert_outcomes(passed=2, failed=2)
    done.stdout.fnmatch_lines(
        [
            "E * ValueError: argument --error-rate: '20' is not a rate: use a number from 0 to 1",
            "E * ValueError: flag_server has no option 'error'; its options are label, seed,*",
        ]
    )


def test_a_server_ends_with_its_test_however_that_goes(pytester: pytest.Pytester) -> None:
    done = session(
        pytester,
        """
        import socket
        from pathlib import Path
        from urllib.parse import urlsplit

        import pytest

        def test_fails(flag_server):
            Path("urls").write_text(flag_server().url + "\\n" + flag_server(tls=True).url)
            assert False

        @pytest.mark.parametrize("number", [0, 1])
        def test_it_is_gone(number):
            url = urlsplit(Path("urls").read_text().splitlines()[number])
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((url.hostname, url.port))
        """,
    )
    done.assert_outcomes(failed=1, passed=2)


def test_a_session_that_is_killed_leaves_no_server(pytester: pytest.Pytester) -> None:
    done = session(
        pytester,
        """
        import os
        import signal
        from pathlib import Path

        def test_killed(flag_server):
            server = flag_server()
            Path("found").write_text(server.url)
            os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    assert done.ret == -signal.SIGKILL
    url = (pytester.path / "found").read_text()
    until(lambda: not listens(url))


def test_a_session_that_wants_no_server_loads_and_starts_nothing(
    pytester: pytest.Pytester,
) -> None:
    done = session(
        pytester,
        """
        import os
        import sys
        from pathlib import Path

        def test_nothing(request):
            assert request.config.pluginmanager.has_plugin("getflags")
            ours = {name for name in sys.modules if name.partition(".")[0] == "getflags"}
            assert ours == {"getflags", "getflags.testing", "getflags.testing.pytest_plugin"}
            assert Path(f"/proc/self/task/{os.getpid()}/children").read_text() == ""
        """,
    )
    done.assert_outcomes(passed=1)


def test_pytest_lists_the_fixture_with_its_options(pytester: pytest.Pytester) -> None:
    short = pytester.runpytest_subprocess("--fixtures", *ALONE).stdout.str()
    assert "with the faults that a test requests" in short.partition("\nflag_server -- ")[2]
    assert "_flag_server" not in short
    long = pytester.runpytest_subprocess("--fixtures", "-v", *ALONE).stdout.str()
    text = " ".join(long.partition("\nflag_server -- ")[2].split())
    assert ", ".join(Options.__annotations__) in text


def test_loading_the_plugin_loads_nothing_else() -> None:
    script = (
        "import pytest, sys\nbefore = set(sys.modules)\nimport getflags.testing.pytest_plugin\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**ENVIRON, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["getflags", "getflags.testing", "getflags.testing.pytest_plugin"]


def test_pytest_finds_the_plugin_and_getflags_does_without_pytest() -> None:
    ours = importlib.metadata.distribution("getflags")
    (entry,) = ours.entry_points.select(group="pytest11")
    assert (entry.name, entry.value) == ("getflags", "getflags.testing.pytest_plugin")
    assert ours.requires
    needed = [each for each in ours.requires if "extra ==" not in each]
    assert needed
    assert not any("pytest" in each for each in needed)


def test_a_stopped_clock_stops_no_server(
    flag_server: StartFlagServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests of pauses may stop the clock of their process."""
    server = flag_server(delay=0.01)
    for name in ("time", "monotonic", "perf_counter"):
        monkeypatch.setattr(time, name, lambda: 0.0)
    with urllib.request.urlopen(server.url_for("/bytes/10/x"), timeout=20) as answer:
        assert len(answer.read()) == 10


class PollFd(ctypes.Structure):
    """The argument of poll(2)."""

    _fields_ = (("fd", ctypes.c_int), ("events", ctypes.c_short), ("revents", ctypes.c_short))


def test_a_client_that_keeps_the_interpreter_to_itself_is_answered(
    flag_server: StartFlagServer,
) -> None:
    """A client written in C may hold the interpreter lock while it waits."""
    server = urlsplit(flag_server().root)
    with socket.create_connection((server.hostname, server.port), timeout=20) as client:
        client.sendall(b"GET /bytes/10/x HTTP/1.1\r\nHost: x\r\n\r\n")
        waiting = PollFd(client.fileno(), 1)
        assert ctypes.PyDLL(None).poll(ctypes.byref(waiting), 1, 20_000) == 1


def test_a_client_that_waits_for_its_children_finds_its_own_alone(
    flag_server: StartFlagServer,
) -> None:
    flag_server()
    child = subprocess.Popen([sys.executable, "-c", ""])
    assert os.waitpid(-1, 0) == (child.pid, 0)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    child.returncode = 0  # which nobody else can tell now


def test_a_relative_name_is_meant_from_where_the_test_stands(
    flag_server: StartFlagServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    server = flag_server(record="record.jsonl")
    with urllib.request.urlopen(server.url_for("br/br.gif")) as answer:
        answer.read()
    assert len((tmp_path / "record.jsonl").read_text().splitlines()) == 1
