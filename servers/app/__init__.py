"""The server program: options, listening sockets, connections."""
