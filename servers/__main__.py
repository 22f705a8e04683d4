"""The program: `python -m servers`.

What may live here: the order in which things happen. What may not: how any of them is done.
"""

import asyncio
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from .catalogue import load
from .contents import Contents, Files, Flags
from .folder import Folder
from .options import Settings, UsageError, parse
from .running import CannotListenError, complain, listen, loop_factory, run, url


def main(argv: Sequence[str] | None = None, prog: str = "python -m servers") -> int:
    """Run the servers that the words `argv` ask for until a signal; return the exit code.

    0: ended by SIGINT, SIGTERM or the lifeline. 2: the words make no sense, or an address is not
    to be had; one sentence on standard error says why. `prog` is the name the sentence begins
    with. Has to be called in the main thread. Raises SystemExit for `--help`, as argparse does.
    """
    try:
        settings = parse(argv, prog)
        with ExitStack() as stack:
            listeners = [
                stack.enter_context(listen(each, settings.bind, lambda text: complain(prog, text)))
                for each in settings.servers
            ]
            _serve(settings, listeners)
    except (UsageError, CannotListenError) as error:
        complain(prog, str(error))
        return 2
    return 0


def _serve(settings: Settings, listeners: list[socket.socket]) -> None:
    folder = settings.directory
    served: Contents = Flags(load()) if folder is None else Files(Folder(folder))
    where = "flags" if folder is None else ""
    lines = [
        f"{server.label} {url(listener)}{where}"
        for server, listener in zip(settings.servers, listeners, strict=True)
    ]

    def ready() -> None:
        print("\n".join(lines), flush=True)  # noqa: T201 - what whoever started us waits for

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(run(settings, served, listeners, ready))


if __name__ == "__main__":
    sys.exit(main())
