"""The default transport: HTTP/1.1 on plain sockets and on asyncio, with nothing else to install."""
