"""Listening sockets, the event loop, and the lifeline."""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator

import pytest
import uvloop

from servers.app import runner
from servers.app.options import Server
from servers.app.runner import CannotListenError, listen, loop_factory, url, watch_lifeline
from servers.faults.draws import Behaviour


def server(port: int, *, strict: bool = True) -> Server:
    return Server("LOCAL", port, strict=strict, behaviour=Behaviour())


def no_warning(sentence: str) -> None:
    raise AssertionError(sentence)


@pytest.fixture
def taken() -> Iterator[int]:
    """Return a port that is taken."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_the_fastest_loop_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loop_factory() is uvloop.new_event_loop
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loop_factory() is None


@pytest.mark.parametrize(
    ("bind", "host"),
    [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("0.0.0.0", "0.0.0.0")],  # noqa: S104 - to print it
)
def test_listening(bind: str, host: str) -> None:
    with listen(server(0), bind, no_warning) as listener:
        port = listener.getsockname()[1]
        assert url(listener) == f"http://{host}:{port}/"


def test_many_may_knock_at_once() -> None:
    with listen(server(0), "127.0.0.1", no_warning) as listener:
        knocks = []
        for _ in range(1100 if os.sysconf("SC_OPEN_MAX") > 1300 else 500):
            knock = socket.socket()
            knocks.append(knock)
            knock.settimeout(0.5)  # a full backlog would cost a second
            knock.connect(listener.getsockname())
        for knock in knocks:
            knock.close()


def test_another_port_in_place_of_a_default_one(taken: int) -> None:
    sentences: list[str] = []
    with listen(server(taken, strict=False), "127.0.0.1", sentences.append) as listener:
        port = listener.getsockname()[1]
        assert sentences == [f"port {taken} is taken: LOCAL listens on port {port} instead"]


def test_no_other_port_in_place_of_one_asked_for(taken: int) -> None:
    with pytest.raises(CannotListenError) as caught:
        listen(server(taken), "127.0.0.1", no_warning)
    assert str(caught.value) == f"cannot listen on 127.0.0.1 port {taken}: Address already in use"


@pytest.mark.parametrize(
    ("bind", "reason"),
    [
        ("192.0.2.1", "Cannot assign requested address"),
        ("no such\x1b host", r"no such\x1b host port 0: "),
        ("x" * 100, "not an address"),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_no_such_address(bind: str, reason: str, *, strict: bool) -> None:
    with pytest.raises(CannotListenError) as caught:
        listen(server(0, strict=strict), bind, no_warning)
    assert reason in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Replace standard input by a pipe; return the write end."""
    end, start = os.pipe()
    monkeypatch.setattr(runner, "_STDIN", end)
    yield start
    os.close(end)


def test_the_lifeline_holds_until_its_end(pipe: int) -> None:
    async def story() -> None:
        stop = asyncio.Event()
        watch_lifeline(stop.set)
        os.write(pipe, b"still here\n")
        os.close(pipe)
        await asyncio.wait_for(stop.wait(), 20)

    asyncio.run(story())


def test_no_standard_input_is_one_that_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_STDIN", 1_000_000)

    async def story() -> None:
        stop = asyncio.Event()
        watch_lifeline(stop.set)
        await asyncio.wait_for(stop.wait(), 20)

    asyncio.run(story())


def test_a_lifeline_that_outlives_the_loop(pipe: int) -> None:
    """A program that continues after its servers may close its input at any time."""
    import threading

    async def story() -> None:
        watch_lifeline(no_warning_at_all)

    def no_warning_at_all() -> None:
        raise AssertionError

    asyncio.run(story())
    (watch,) = [each for each in threading.enumerate() if each.name == "lifeline"]
    os.close(pipe)
    watch.join(20)
    assert not watch.is_alive()
