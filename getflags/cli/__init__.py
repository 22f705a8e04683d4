"""The command line: the dispatch of the arguments to the module of a command.

An exception in a command becomes a one-line message and an exit code.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import cast

from getflags.cli.console import lost_output, print_line, reopen_closed
from getflags.cli.signals import Interrupted, handle_signals, hangup_as_sigterm, reported
from getflags.core.errors import GetflagsError, UsageError
from getflags.core.models import ExitStatus
from getflags.core.text import printable

COMMANDS = {
    "bench": "getflags.cli.commands.bench",
    "cluster": "getflags.cli.commands.cluster",
    "race": "getflags.cli.commands.race",
    "report": "getflags.cli.commands.report",
    "serve": "getflags.cli.commands.serve",
    "trial": "getflags.cli.commands.trial",
    "tune": "getflags.cli.commands.tune",
}
_DOWNLOAD = "getflags.cli.commands.download"
_SERVE = "serve"  # the servers handle signals and print messages themselves


def main(argv: Sequence[str] | None = None, imported: Callable[[], object] = lambda: None) -> int:
    """Run a command and return its exit code. The default command is the download.

    ``imported`` is called when the command's module has been imported.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    module = _DOWNLOAD
    if arguments[:1] and arguments[0] in COMMANDS:
        name, *arguments = arguments
        module = COMMANDS[name]
        if name == _SERVE:
            return _load(module, imported)(arguments)
    reopen_closed()
    try:
        with handle_signals(), hangup_as_sigterm():
            code = _load(module, imported)(arguments)
            if lost := lost_output():
                return _fail(lost, code or ExitStatus.SOME_FAILED)
            return code
    except UsageError as error:
        return _fail(str(error), ExitStatus.USAGE)
    except GetflagsError as error:
        return _fail(str(error), ExitStatus.ALL_FAILED)
    except Interrupted as stop:
        code = _fail(stop.message or "interrupted", stop.code)
        reported.set()
        return code


def _load(module: str, imported: Callable[[], object]) -> Callable[[list[str]], int]:
    command = cast("Callable[[list[str]], int]", import_module(module).main)
    imported()
    return command


def _fail(message: str, code: int) -> int:
    """Print an error message; return the exit code."""
    print_line(f"getflags: {printable(message)}", sys.stderr)
    return code
