"""Servers at short notice: a process that has loaded all they need, and forks for each one wanted.

What may live here: receiving sockets and forking. What may not: what a server does (`program`).

Standard input is a Unix socket. Each byte on it brings a socket along, the line to a server to be.
A child is forked whose standard streams it becomes; it reads its words from there, a JSON list in
a line with a program's name first, and is the ordinary program from then on. Its lifeline is the
line. When standard input has ended, and all that were forked have, this process does.

Once everything is loaded the process that was started ends, and one forked from it takes over. So
nobody has it for a child: a program that counts its children, or waits for them, finds its own.
"""

import json
import multiprocessing
import os
import socket

from .program import flags
from .program import main as serve
from .running import loop_factory


def main() -> None:
    """Fork for each line that comes, until standard input ends."""
    flags()
    loop_factory()  # loads uvloop, if there is one
    if os.fork():
        return
    context = multiprocessing.get_context("fork")
    channel = socket.socket(fileno=0)
    while lines := socket.recv_fds(channel, 1, 1)[1]:
        context.Process(target=_become, args=lines).start()  # and bury those that have ended
        os.close(lines[0])
    channel.detach()  # open until we are gone, which is how the other end learns of it


def _become(line: int) -> None:
    """Be a server. Not even the interpreter is tidied up then: that takes longer than the rest."""
    for stream in range(3):
        os.dup2(line, stream)
    with open(0, encoding="utf-8", closefd=False) as said:
        prog, *words = json.loads(said.readline())
    serve(words, prog)


if __name__ == "__main__":
    main()
