"""What protocols can't say to every transport in the same words.

What may live here: functions on one transport, for matters in which plain sockets and TLS, or
asyncio and uvloop, differ. What may not: when to call them (in `protocol`).
"""

import asyncio
import socket
import struct
from contextlib import suppress

_AT_ONCE = struct.pack("ii", 1, 0)  # linger: yes, for no time


def break_off(transport: asyncio.Transport) -> None:
    """Reset a connection: the other side learns of an error, not of an end (RFC 9293, 3.5.2)."""
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()


def keep_empty(transport: asyncio.Transport) -> None:
    """See that what is written leaves at once, with the protocol paused as long as it can't."""
    # asyncio leaves Nagle's algorithm on where it was handed a listener. The system would hold
    # back a small piece until the one before it is acknowledged, and a reset would throw it away.
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Plain transports pause above the limit, those of TLS at the limit: there, a limit of 0 would
    # pause a protocol that has nothing in the buffer, and nothing would ever wake it.
    transport.set_write_buffer_limits(0 if transport.get_extra_info("sslcontext") is None else 1)


def say_no_more(transport: asyncio.Transport) -> None:
    """Announce the end once all that was written is sent, and go on listening where possible."""
    if not transport.can_write_eof():  # TLS announces it by closing
        transport.close()
        return
    with suppress(OSError):  # the client is gone already, and the news of it on its way
        transport.write_eof()
