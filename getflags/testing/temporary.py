"""A bundled server for the duration of a ``with`` block: the fixture, without pytest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Unpack

from getflags.testing.flag_server import FlagServer, Options, arguments
from getflags.testing.fork_server import ForkServer


@contextmanager
def running(fork_server: ForkServer, options: Options, cafile: str | None) -> Iterator[FlagServer]:
    """Run a server of a fork server; with TLS, its certificate can be verified with ``cafile``.

    Raises what ``local_server`` raises.
    """
    with fork_server.server(arguments(options, cafile)) as url:
        yield FlagServer(url.rstrip("/"), cafile)


@contextmanager
def local_server(**options: Unpack[Options]) -> Iterator[FlagServer]:
    """Start a bundled server on a free port, yield it, and stop it at the end of the block.

    The options are those of the pytest fixture ``flag_server``. Raises ValueError, with the
    server's own message, for invalid options, and GetflagsError if the server does not start.
    """
    with ExitStack() as stack:
        cafile = None
        if options.get("tls"):
            cafile = str(Path(stack.enter_context(TemporaryDirectory()), "ca.pem"))
        fork_server = stack.enter_context(ForkServer())
        yield stack.enter_context(running(fork_server, options, cafile))
