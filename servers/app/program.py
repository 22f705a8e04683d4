"""The server program, from its arguments to its exit code: parse, listen, serve.

What may live here: the order in which things happen. What may not: how any of them is done.
"""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path
from typing import TextIO

from ..content.flags import load
from ..content.folder import Folder
from ..content.resources import Contents, Files, Flags
from ..faults.values import printable
from ..state.recording import Record
from .options import Settings, UsageError, parse
from .running import CannotListenError, complain, listen, loop_factory, run, url
from .tls import MissingError, certified


def main(argv: Sequence[str] | None = None, prog: str = "python -m servers") -> int:
    """Run the servers that the words `argv` ask for until a signal; return the exit code.

    0: ended by SIGINT, SIGTERM or the lifeline. 2: the words make no sense, or an address, a file
    or a package is not to be had; one sentence on standard error says why. `prog` is the name the
    sentence begins with. Has to be called in the main thread. Raises SystemExit for `--help`, as
    argparse does.
    """
    warn = partial(complain, prog)
    try:
        settings = parse(argv, prog)
        certificate = certified(settings.bind) if settings.tls else None
        with ExitStack() as stack:
            listeners = [
                stack.enter_context(listen(each, settings.bind, warn)) for each in settings.servers
            ]
            if certificate and settings.authority:
                with _writable(settings.authority) as file:
                    file.write(certificate.authority)
            record = None
            if settings.record:
                record = Record(stack.enter_context(_writable(settings.record)), warn)
            _serve(settings, listeners, record, certificate and certificate.context)
    except (UsageError, CannotListenError, MissingError) as error:
        warn(str(error))
        return 2
    return 0


@cache
def flags() -> Flags:
    """Return the flags, ready to be served; read once in the life of a process."""
    return Flags(load())


def _writable(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it
        reason = getattr(error, "strerror", None) or "not a name for a file"
        raise UsageError(f"cannot write {printable(str(path))}: {reason}") from error


def _serve(
    settings: Settings,
    listeners: list[socket.socket],
    record: Record | None,
    tls: ssl.SSLContext | None,
) -> None:
    folder = settings.directory
    served: Contents = flags() if folder is None else Files(Folder(folder))
    where = "flags" if folder is None else ""
    scheme = "http" if tls is None else "https"
    lines = [
        f"{server.label} {url(listener, scheme)}{where}"
        for server, listener in zip(settings.servers, listeners, strict=True)
    ]

    def ready() -> None:
        print("\n".join(lines), flush=True)  # noqa: T201 - what whoever started us waits for

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(run(settings, served, listeners, ready, record=record, tls=tls))
