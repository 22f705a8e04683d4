"""Operations on transports that differ between TCP and TLS, or between asyncio and uvloop.

Each function works on one transport; `connection` decides when to call it.
"""

import asyncio
import socket
import struct
from contextlib import suppress

_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER with a timeout of 0 seconds


def reset_connection(transport: asyncio.Transport) -> None:
    """Reset the connection, so that the peer sees an error instead of an end (RFC 9293, 3.5.2)."""
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()


def disable_buffering(transport: asyncio.Transport) -> None:
    """Make the transport send data immediately, and pause the protocol while it cannot."""
    # asyncio does not disable Nagle's algorithm on sockets accepted from a listener that it was
    # given. The system would then delay a small piece until the previous one is acknowledged, and a
    # reset would discard it.
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # TCP transports pause the protocol above the limit, TLS transports at the limit. With TLS, a
    # limit of 0 would therefore pause a protocol whose buffer is empty, and never resume it.
    transport.set_write_buffer_limits(0 if transport.get_extra_info("sslcontext") is None else 1)


def close_write_side(transport: asyncio.Transport) -> None:
    """Close the sending side after all written data, but keep receiving where possible."""
    if not transport.can_write_eof():  # TLS cannot close only one side
        transport.close()
        return
    with suppress(OSError):  # the client has disconnected; `connection_lost` follows
        transport.write_eof()
