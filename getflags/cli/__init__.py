"""The command line: one file a command, and this table of contents.

What the commands promise is written down in the README; here they are only found and their
failures turned into one sentence and an exit code.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import cast

from getflags.cli.console import print_line, reopen_closed
from getflags.cli.signals import Interrupted, handled
from getflags.core.errors import GetflagsError, UsageError
from getflags.core.models import ExitStatus
from getflags.core.text import printable

COMMANDS = {
    "bench": "getflags.cli.commands.bench",
    "race": "getflags.cli.commands.race",
    "report": "getflags.cli.commands.report",
    "serve": "getflags.cli.commands.serve",
    "tune": "getflags.cli.commands.tune",
}
_DOWNLOAD = "getflags.cli.commands.download"
_SERVE = "serve"  # its servers have a life of their own, with signals and sentences


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code. Without a command's name it is a download."""
    words = list(sys.argv[1:] if argv is None else argv)
    room = _DOWNLOAD
    if words[:1] and words[0] in COMMANDS:
        name, *words = words
        room = COMMANDS[name]
        if name == _SERVE:
            return _load(room)(words)
    reopen_closed()
    try:
        with handled():
            return _load(room)(words)
    except UsageError as error:
        return _complain(str(error), ExitStatus.USAGE)
    except GetflagsError as error:
        return _complain(str(error), ExitStatus.ALL_FAILED)
    except Interrupted as stop:
        return _complain(stop.told or "interrupted", stop.code)


def _load(room: str) -> Callable[[list[str]], int]:
    return cast("Callable[[list[str]], int]", import_module(room).main)


def _complain(sentence: str, code: int) -> int:
    print_line(f"getflags: {printable(sentence)}", sys.stderr)
    return code
