"""The rude way to end a connection.

What may live here: what only sockets can do about an end. What may not: when to end one (in
`protocol`).
"""

import asyncio
import socket
import struct

_AT_ONCE = struct.pack("ii", 1, 0)  # linger: yes, for no time


def break_off(transport: asyncio.Transport) -> None:
    """Reset a connection: the other side learns of an error, not of an end (RFC 9293, 3.5.2)."""
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
