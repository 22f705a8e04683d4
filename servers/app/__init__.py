"""The server program: its options, its listening sockets, and its connections."""
