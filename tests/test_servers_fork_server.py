"""The fork server in a real process."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, TextIO

import pytest

from tests.messages import NO_SERVER
from tests.servers_kit import PATIENCE, ROOT, Client, port_of

WORDS = ["prog", "local", "--port", "0", "--lifeline"]


class Fork(NamedTuple):
    """A fork server, and the socket that requests servers from it."""

    process: subprocess.Popen[bytes]
    channel: socket.socket

    def line(self, words: list[str]) -> tuple[socket.socket, TextIO]:
        """Request a server; return the connection to it, and a file for its output."""
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE)
        with theirs:
            socket.send_fds(self.channel, [b"x"], [theirs.fileno()])
        ours.sendall(json.dumps(words).encode() + b"\n")
        return ours, ours.makefile()


@pytest.fixture
def fork() -> Iterator[Fork]:
    """Return a running fork server."""
    with forking() as found:
        yield found


@contextmanager
def forking() -> Iterator[Fork]:
    channel, theirs = socket.socketpair()
    with channel:
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-W", "error", "-m", "servers.app.fork_server"],
                cwd=ROOT,
                stdin=theirs.fileno(),
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        with process:
            yield Fork(process, channel)
            channel.shutdown(socket.SHUT_RDWR)
            _, errors = process.communicate(timeout=PATIENCE)  # also of the process that took over
            assert (process.returncode, errors) == (0, b"")


def label_at(port: int) -> object:
    with Client(port) as client:
        return json.loads(client.ask("/-/about").body)["label"]


def test_each_line_is_a_server_that_ends_with_it(fork: Fork) -> None:
    lines = [fork.line(["prog", label, *WORDS[2:]]) for label in ("local", "error")]
    found = [heard.readline().split() for _, heard in lines]
    ports = [port_of(address) for _, address in found]
    assert [label_at(port) for port in ports] == ["LOCAL", "ERROR"]
    for (line, heard), port in zip(lines, ports, strict=True):
        with line, heard:
            line.shutdown(socket.SHUT_WR)
            assert heard.read() == ""
            with pytest.raises(ConnectionRefusedError):
                Client(port)


def test_words_that_make_no_sense_are_refused_on_the_line(fork: Fork) -> None:
    line, heard = fork.line(["a client's test", "mars"])
    with line, heard:
        assert heard.read() == (
            f"a client's test: 'mars' {NO_SERVER}: use LOCAL, DELAY, ERROR, or none for all\n"
        )


def test_a_line_that_ends_before_its_words_hurts_nobody_else(fork: Fork) -> None:
    ours, theirs = socket.socketpair()
    with ours, ours.makefile() as heard:
        with theirs:
            socket.send_fds(fork.channel, [b"x"], [theirs.fileno()])
        ours.shutdown(socket.SHUT_WR)
        assert "JSONDecodeError" in heard.read()
    line, answer = fork.line(WORDS)
    with line, answer:
        assert answer.readline().startswith("LOCAL ")


def test_it_ends_when_its_servers_have(fork: Fork) -> None:
    line, heard = fork.line(WORDS)
    with line, heard:
        port = port_of(heard.readline().split()[1])
        fork.channel.shutdown(socket.SHUT_RDWR)
        assert label_at(port) == "LOCAL"


def members(group: int) -> list[str]:
    """Return the states of the processes in a group, as in /proc; Z is a zombie."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # exited during the loop
            state, _, pgrp = file.read_text().rpartition(")")[2].split()[:3]
            if int(pgrp) == group:
                found.append(state)
    return found


def test_the_dead_are_buried(fork: Fork) -> None:
    assert fork.process.wait(PATIENCE) == 0
    for _ in range(5):
        line, heard = fork.line(WORDS)
        with line, heard:
            heard.readline()
            found = members(fork.process.pid)
            line.shutdown(socket.SHUT_WR)
            heard.read()
    assert len(found) <= 3  # the fork server, a server, and the one that has just exited


def test_nobody_has_it_for_a_child(fork: Fork) -> None:
    assert fork.process.wait(PATIENCE) == 0
    assert members(fork.process.pid)
    assert Path(f"/proc/self/task/{os.getpid()}/children").read_text() == ""
