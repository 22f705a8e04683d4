"""A bundled server in a test, and the process that forks such servers."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, cast

import pytest

from getflags.core.errors import GetflagsError
from getflags.testing import bundled, fork_server
from getflags.testing.flag_server import FlagServer, Ledger, Options, StartFlagServer, arguments
from getflags.testing.fork_server import ForkServer
from tests.messages import NO_FAULT, NOT_STARTED
from tests.rawserver import RawServer, ok
from tests.servers_kit import until

WORDS = ["LOCAL", "--port=0", "--lifeline", "--keep-requests"]


def get(url: str, tls: ssl.SSLContext | None = None) -> bytes:
    with urllib.request.urlopen(url, timeout=20, context=tls) as answer:
        return bytes(cast("HTTPResponse", answer).read())


def refused(url: str) -> bool:
    port = int(url.rpartition(":")[2].partition("/")[0])
    try:
        socket.create_connection(("127.0.0.1", port), timeout=20).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, ["LOCAL", "--seed=0"]),
        ({"label": "error", "seed": -7}, ["error", "--seed=-7"]),
        ({"error_rate": 0.2}, ["LOCAL", "--seed=0", "--error-rate=0.2"]),
        ({"error_rate": 0.00001}, ["LOCAL", "--seed=0", "--error-rate=0.00001"]),
        ({"delay": 2}, ["LOCAL", "--seed=0", "--delay=2"]),
        ({"delay": (0.5, 5)}, ["LOCAL", "--seed=0", "--delay=0.5-5"]),
        ({"delay": "0.5-5"}, ["LOCAL", "--seed=0", "--delay=0.5-5"]),
        ({"latency": "fixed:1"}, ["LOCAL", "--seed=0", "--latency=fixed:1"]),
        ({"fail_first": 2}, ["LOCAL", "--seed=0", "--fail-first=2"]),
        (
            {"busy_above": 0, "retry_after": 0},
            ["LOCAL", "--seed=0", "--busy-above=0", "--retry-after=0"],
        ),
        (
            {"rate_limit": 0.5, "burst": 5},
            ["LOCAL", "--seed=0", "--rate-limit=0.5", "--burst=5"],
        ),
        ({"slots": 4}, ["LOCAL", "--seed=0", "--slots=4"]),
        (
            {"max_connections_per_client": 4, "requests_per_connection": 1},
            [
                "LOCAL",
                "--seed=0",
                "--max-connections-per-client=4",
                "--requests-per-connection=1",
            ],
        ),
        (
            {"freeze_every": 10, "freeze_for": 0.5},
            ["LOCAL", "--seed=0", "--freeze-every=10", "--freeze-for=0.5"],
        ),
        ({"bandwidth": "2M"}, ["LOCAL", "--seed=0", "--bandwidth=2M"]),
        ({"fault": "reset"}, ["LOCAL", "--seed=0", "--fault=reset"]),
        ({"fault": ["reset", "drip"]}, ["LOCAL", "--seed=0", "--fault=reset", "--fault=drip"]),
        ({"fault": ()}, ["LOCAL", "--seed=0"]),
        ({"scenario": "/no/such"}, ["LOCAL", "--seed=0", "--scenario=/no/such"]),
        ({"scenario": "/no/such", "seed": 7}, ["LOCAL", "--seed=7", "--scenario=/no/such"]),
        ({"directory": Path("/d")}, ["LOCAL", "--seed=0", "--directory=/d"]),
        ({"directory": ""}, ["LOCAL", "--seed=0", "--directory="]),
        ({"replay": "/a", "record": "/b"}, ["LOCAL", "--seed=0", "--replay=/a", "--record=/b"]),
        ({"tls": True}, ["LOCAL", "--tls", "--ca-out=ca", "--seed=0"]),
        (
            {"tls": True, "tls_delay": (1, 2)},
            ["LOCAL", "--tls", "--ca-out=ca", "--seed=0", "--tls-delay=1-2"],
        ),
        ({"tls": False, "seed": None, "fault": None}, ["LOCAL", "--seed=0"]),
    ],
)
def test_options_become_words(options: Options, said: list[str]) -> None:
    assert sorted(arguments(options, "ca")) == sorted([*said, *WORDS[1:]])


@pytest.mark.parametrize(
    ("text", "seeded"),
    [("seed = 5", True), ("", False), ("seed", False), ("x = " + "[" * 100_000, False)],
)
def test_the_seed_is_the_scenarios_if_it_names_one(
    tmp_path: Path, text: str, *, seeded: bool
) -> None:
    (tmp_path / "s").write_text(text)
    assert ("--seed=0" not in arguments({"scenario": tmp_path / "s"}, None)) is seeded
    assert "--seed=7" in arguments({"scenario": tmp_path / "s", "seed": 7}, None)


def test_files_are_meant_from_where_the_test_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert f"--record={tmp_path}/r" in arguments({"record": "r"}, None)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"eror_rate": 1}, "flag_server has no option 'eror_rate'; its options are label, seed, "),
        ({"port": 1}, "flag_server has no option 'port'; its options are "),
        ({"label": "--help"}, "'--help' is not a bundled server: use LOCAL, DELAY, ERROR"),
        ({"error_rate": 2}, "--error-rate: '2' is not a rate: use a number from 0 to 1"),
        ({"error_rate": True}, "--error-rate: 'True' is not a rate"),
        ({"delay": (2, 1)}, "--delay: '2-1' is not a delay: use MIN-MAX in seconds"),
        ({"bandwidth": 0}, "--bandwidth: '0' is not a size: use at least 1 byte"),
        ({"fault": "fire"}, f"--fault: 'fire' {NO_FAULT}: use latency, error,"),
        ({"directory": ""}, "--directory: '' is not an existing folder"),
        ({"scenario": "/no/such"}, "--scenario: cannot read '/no/such': No such file"),
        ({"record": "/no/such/r"}, "cannot write /no/such/r: No such file or directory"),
        ({"retry_after": 1}, "--retry-after requires --busy-above"),
        ({"burst": 1}, "--burst requires --rate-limit"),
        ({"tls_delay": 1}, "--tls-delay requires --tls"),
    ],
)
def test_what_makes_no_sense_is_a_sentence(
    flag_server: StartFlagServer, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        flag_server(**options)
    assert "\n" not in str(caught.value)


def test_urls(flag_server: StartFlagServer, tmp_path: Path) -> None:
    server = flag_server()
    assert server.url == f"{server.root}/flags"
    assert server.url_for("br/br.gif") == f"{server.root}/flags/br/br.gif"
    assert get(server.url_for("br/br.gif")).startswith(b"GIF8")
    assert len(get(server.url_for("/bytes/12345/any%20name"))) == 12345
    (tmp_path / "a.txt").write_bytes(b"hello")
    folder = flag_server(directory=tmp_path)
    assert folder.url == folder.root
    assert get(folder.url_for("a.txt")) == get(folder.url_for("/a.txt")) == b"hello"


def test_the_ledger_tells_what_was_asked_and_cannot_be_changed(
    flag_server: StartFlagServer,
) -> None:
    server = flag_server(fail_first=1)
    assert server.ledger() == Ledger(0, {}, {}, 0, 0, 0, 0)
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(server.url_for("/bytes/10/x?y"))
    caught.value.close()
    assert len(get(server.url_for("/bytes/10/x?y"))) == 10
    ledger = server.ledger()
    assert ledger.requests == 2
    assert ledger.responses == {200: 1, 503: 1}
    assert ledger.attempts == {"/bytes/10/x?y": 2}
    assert ledger.bytes > 10
    assert (ledger.in_flight, ledger.peak_in_flight, ledger.refused) == (0, 1, 0)
    with pytest.raises(FrozenInstanceError):
        ledger.requests = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        ledger.attempts["/"] = 3  # type: ignore[index]


def test_a_refusal_is_counted(flag_server: StartFlagServer) -> None:
    server = flag_server(busy_above=0, retry_after=9)
    with pytest.raises(urllib.error.HTTPError, match="429") as caught:
        get(server.url_for("br/br.gif"))
    assert caught.value.headers["Retry-After"] == "9"
    caught.value.close()
    assert server.ledger().refused == 1


def test_what_exceeds_the_rate_limit_is_refused_without_retry_after(
    flag_server: StartFlagServer,
) -> None:
    server = flag_server(rate_limit=0.001, burst=1)
    assert len(get(server.url_for("/bytes/10/x"))) == 10
    assert get(server.url_for("br/br.gif"))
    with pytest.raises(urllib.error.HTTPError, match="429") as caught:
        get(server.url_for("/bytes/10/y"))
    assert caught.value.headers["Retry-After"] is None
    caught.value.close()
    ledger = server.ledger()
    assert (ledger.refused, ledger.responses) == (1, {200: 2, 429: 1})


def test_a_long_ledger_comes_whole(flag_server: StartFlagServer) -> None:
    server = flag_server()
    count = 2000
    request = "".join(
        f"GET /bytes/1/{number}{'x' * 100} HTTP/1.1\r\nHost: x\r\n\r\n" for number in range(count)
    )
    port = int(server.root.rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as client,
        client.makefile("rb") as answers,
    ):
        client.sendall(request.encode())
        heads = 0
        while heads < count:
            heads += answers.readline() == b"\r\n"
    assert len(server.ledger().attempts) == count


def statuses(server: FlagServer) -> list[int]:
    found = []
    for number in range(20):
        try:
            get(server.url_for(f"/bytes/1/{number}"))
        except urllib.error.HTTPError as error:
            found.append(error.code)
            error.close()
        else:
            found.append(200)
    return found


def test_a_reset_makes_the_same_faults_come_again_and_a_seed_makes_others(
    flag_server: StartFlagServer,
) -> None:
    server = flag_server(error_rate=0.5)
    first = statuses(server)
    assert set(first) == {200, 418}
    assert statuses(server) != first  # second attempts
    server.reset()
    assert server.ledger().requests == 0
    assert statuses(server) == first
    server.reset(seed=8)
    assert statuses(server) != first
    server.reset(seed=0)
    assert statuses(server) == first


def test_a_server_that_speaks_https(flag_server: StartFlagServer) -> None:
    server = flag_server(tls=True)
    assert server.url.startswith("https://")
    trusting = ssl.create_default_context(cafile=server.cafile)
    assert len(get(server.url_for("/bytes/10/x"), trusting)) == 10
    assert server.ledger().bytes == 10
    server.reset()
    assert server.ledger().requests == 0
    assert flag_server().cafile is None


def test_two_that_speak_https_have_an_authority_each(flag_server: StartFlagServer) -> None:
    one, two = flag_server(tls=True), flag_server(tls=True)
    trusting = ssl.create_default_context(cafile=one.cafile)
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        get(two.url_for("/bytes/10/x"), trusting)


def test_whoever_does_not_answer_as_one_of_ours_is_spoken_of() -> None:
    with RawServer({"/-/ledger": ok(b"<html>")}) as stranger:
        server = FlagServer(stranger.url("/flags"))
        with pytest.raises(GetflagsError, match=f"^GET /-/ledger at {server.root}: "):
            server.ledger()
        with pytest.raises(GetflagsError, match=f"^POST /-/reset\\?seed=1 at {server.root}: "):
            server.reset(1)
    with pytest.raises(GetflagsError, match="refused"):
        server.ledger()


@pytest.fixture
def fork() -> Iterator[ForkServer]:
    """Return a running process that forks servers."""
    with ForkServer() as found:
        yield found


def test_a_server_ends_with_its_block(fork: ForkServer) -> None:
    with fork.server(WORDS) as url:
        assert not refused(url)
    assert refused(url)
    with pytest.raises(ZeroDivisionError), fork.server(WORDS) as url:
        1 / 0  # noqa: B018 - a test that fails
    assert refused(url)


def gone(end: socket.socket) -> bool:
    """Return whether the peer has closed the connection completely."""
    poll = select.poll()
    poll.register(end, 0)
    return bool(poll.poll(0))  # of all events, hanging up is told unasked


def test_the_process_ends_with_its_block_though_there_are_copies_of_its_channel() -> None:
    with ForkServer() as fork:
        copy = fork._channel.dup()  # as a child has that was forked by a client
    with copy:
        assert gone(copy)


def test_a_process_that_does_not_end_is_killed_and_spoken_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fork_server, "_STOP_TIMEOUT", 0.1)
    with (
        pytest.raises(GetflagsError, match="that forks servers did not exit"),
        ForkServer() as fork,
    ):
        copy = fork._channel.dup()
        os.killpg(fork._group, signal.SIGSTOP)
    with copy:
        until(lambda: gone(copy))


def test_who_says_anything_else_than_where_it_listens_has_not_started(fork: ForkServer) -> None:
    with (
        pytest.raises(GetflagsError, match=rf"{NOT_STARTED}\nusage: flag_server "),
        fork.server(["--help"]),
    ):
        pytest.fail("it helps, and does not serve")


def test_no_server_can_be_had_from_a_process_that_is_gone(fork: ForkServer) -> None:
    os.killpg(fork._group, signal.SIGKILL)
    until(lambda: gone(fork._channel))
    with (
        pytest.raises(GetflagsError, match=rf"^the bundled server {NOT_STARTED} \(.*Broken pipe\)"),
        fork.server(WORDS),
    ):
        pytest.fail("there is nobody to fork")


def test_a_process_may_be_gone_with_a_request_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fork_server, "_START_TIMEOUT", 0.1)
    with ForkServer() as fork:
        os.killpg(fork._group, signal.SIGSTOP)
        with (
            pytest.raises(GetflagsError, match=rf"^the bundled server {NOT_STARTED} \(timed out\)"),
            fork.server(WORDS),
        ):
            pytest.fail("nobody reads")
        os.killpg(fork._group, signal.SIGKILL)
        until(lambda: gone(fork._channel))


def test_a_process_that_has_no_module_does_not_start(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bundled, "module", lambda: "no_such_module_here")
    with pytest.raises(GetflagsError, match=f"that forks servers {NOT_STARTED}"), ForkServer():
        pytest.fail("there is none")
    assert "no_such_module_here" in capfd.readouterr().err


def test_a_server_that_does_not_end_is_spoken_of(
    fork: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        monkeypatch.context() as patch,  # the fixture's own end needs the usual timeout
        pytest.raises(GetflagsError, match="the bundled server did not exit"),
        fork.server(WORDS),
    ):
        patch.setattr(fork_server, "_STOP_TIMEOUT", 0.1)
        os.killpg(fork._group, signal.SIGSTOP)
    os.killpg(fork._group, signal.SIGCONT)


def test_what_a_server_has_to_say_is_a_warning_at_its_end(fork: ForkServer) -> None:
    message = (
        r"^the bundled server reported: flag_server: recording stopped: No space left on device$"
    )
    with (
        pytest.warns(RuntimeWarning, match=message),
        fork.server([*WORDS, "--record=/dev/full"]) as url,
    ):
        get(f"{url}/br/br.gif")
