"""A process that preloads the server program and forks a server on demand.

This module receives sockets and forks. The server program itself is in `main`.

Standard input is a Unix socket. Each byte received on it carries the descriptor of another socket,
the connection to a new server. The process forks a child, and the child uses that connection as its
standard streams. The child reads its arguments from the connection as one line of JSON, a list that
starts with the program name. From then on the child is the ordinary server program, and the
connection is its lifeline. This process ends when standard input has ended and all of its children
have ended.

When everything is loaded, the started process exits, and a process forked from it takes over. The
fork server is therefore not a child of the process that started it: a program that counts or waits
for its children sees only its own.
"""

import json
import multiprocessing
import os
import socket

from .main import flags
from .main import main as serve
from .runner import loop_factory


def main() -> None:
    """Fork a server for each connection received, until standard input ends."""
    flags()
    loop_factory()  # imports uvloop, if it is installed
    if os.fork():
        return
    context = multiprocessing.get_context("fork")
    channel = socket.socket(fileno=0)
    while connections := socket.recv_fds(channel, 1, 1)[1]:
        context.Process(target=_serve_connection, args=connections).start()
        os.close(connections[0])
    channel.detach()  # stays open until this process exits, so that the parent notices the exit


def _serve_connection(connection: int) -> None:
    """Run as a server on `connection`, which is its standard input, output and error.

    The child exits without finalizing the interpreter, which would take longer than everything
    else.
    """
    for stream in range(3):
        os.dup2(connection, stream)
    with open(0, encoding="utf-8", closefd=False) as stdin:
        prog, *arguments = json.loads(stdin.readline())
    serve(arguments, prog)


if __name__ == "__main__":
    main()
