"""Operations that differ between transports."""

import asyncio
import socket
import struct

import pytest
import uvloop

from servers.http.transports import close_write_side, disable_buffering, reset_connection
from tests.servers_kit import Factory


@pytest.mark.parametrize("factory", [None, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_reset_is_an_error_to_the_other_side(factory: Factory | None) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        ours, theirs = tcp_pair()
        with theirs:
            transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
            reset_connection(transport)
            theirs.settimeout(0)
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(loop.sock_recv(theirs, 1), 20)

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(story())


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    """Return both ends of a TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        there = socket.create_connection(listener.getsockname())
        here, _ = listener.accept()
    return here, there


class Writer(asyncio.Protocol):
    """A protocol that counts how often it is paused."""

    def __init__(self) -> None:
        self.pauses = 0

    def pause_writing(self) -> None:
        """Count a pause."""
        self.pauses += 1


@pytest.mark.parametrize("factory", [None, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_who_writes_into_a_full_pipe_is_paused_at_the_first_byte(factory: Factory | None) -> None:
    async def story() -> None:
        ours, theirs = tcp_pair()
        with theirs:
            transport, protocol = await asyncio.get_running_loop().create_connection(
                Writer, sock=ours
            )
            disable_buffering(transport)
            assert protocol.pauses == 0
            full = b"x" * 2**24
            transport.write(full)
            assert protocol.pauses == 1
            assert transport.get_write_buffer_limits() == (0, 0)
            transport.abort()
            await asyncio.sleep(0)

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(story())


@pytest.mark.parametrize("factory", [None, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_client_that_is_gone_is_told_nothing(factory: Factory | None) -> None:
    async def story() -> None:
        ours, theirs = tcp_pair()
        transport, _ = await asyncio.get_running_loop().create_connection(
            asyncio.Protocol, sock=ours
        )
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        theirs.close()
        close_write_side(transport)
        transport.abort()
        await asyncio.sleep(0)

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(story())
