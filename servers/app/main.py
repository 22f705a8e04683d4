"""The main function of the server program: it parses arguments, opens sockets and serves."""

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
from ..state.recording import RecordWriter
from .options import Settings, UsageError, parse
from .runner import CannotListenError, listen, loop_factory, print_error, run, url
from .tls import MissingPackageError, make_certificate


def main(argv: Sequence[str] | None = None, prog: str = "python -m servers") -> int:
    """Run the servers that `argv` describes until a signal arrives; return the exit code.

    The exit code is 0 after SIGINT, SIGTERM or the end of the lifeline. It is 2 if the arguments
    are invalid, or if an address, a file or a package is not available; one sentence on standard
    error, prefixed with `prog`, gives the reason. This function must be called in the main thread.
    Raises SystemExit for `--help`, as argparse does.
    """
    warn = partial(print_error, prog)
    try:
        settings = parse(argv, prog)
        certificate = make_certificate(settings.bind) if settings.tls else None
        with ExitStack() as stack:
            listeners = [
                stack.enter_context(listen(each, settings.bind, warn)) for each in settings.servers
            ]
            if certificate and settings.authority:
                with _writable(settings.authority) as file:
                    file.write(certificate.authority)
            record = None
            if settings.record:
                record = RecordWriter(stack.enter_context(_writable(settings.record)), warn)
            _serve(settings, listeners, record, certificate and certificate.context)
    except (UsageError, CannotListenError, MissingPackageError) as error:
        warn(str(error))
        return 2
    return 0


@cache
def flags() -> Flags:
    """Return the flags as content; they are read once per process."""
    return Flags(load())


def _writable(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except (OSError, ValueError) as error:  # ValueError: the name contains a NUL
        reason = getattr(error, "strerror", None) or "not a valid file name"
        raise UsageError(f"cannot write {printable(str(path))}: {reason}") from error


def _serve(
    settings: Settings,
    listeners: list[socket.socket],
    record: RecordWriter | None,
    tls: ssl.SSLContext | None,
) -> None:
    folder = settings.directory
    contents: Contents = flags() if folder is None else Files(Folder(folder))
    path = "flags" if folder is None else ""
    scheme = "http" if tls is None else "https"
    lines = [
        f"{server.label} {url(listener, scheme)}{path}"
        for server, listener in zip(settings.servers, listeners, strict=True)
    ]

    def ready() -> None:
        print("\n".join(lines), flush=True)  # noqa: T201 - the parent process waits for this line

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(run(settings, contents, listeners, ready, record=record, tls=tls))
