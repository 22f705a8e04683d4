"""The command line: one file a command, and this table of contents.

What the commands promise is written down in the README; here they are only found and their
failures turned into one sentence and an exit code.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import cast

from getflags.errors import GetflagsError, UsageError
from getflags.model import ExitStatus
from getflags.text import printable

COMMANDS = {"serve": "getflags.cli.serve"}
_DOWNLOAD = "getflags.cli.download"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code. Without a command's name it is a download."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["--version"]:  # the fast way: no import at all
        from getflags import __version__

        sys.stdout.write(f"getflags {__version__}\n")
        return ExitStatus.OK
    room = COMMANDS.get(words[0]) if words else None
    command = cast("Callable[[list[str]], int]", import_module(room or _DOWNLOAD).main)
    try:
        return command(words[1:] if room else words)
    except UsageError as error:
        code = ExitStatus.USAGE
        sentence = str(error)
    except GetflagsError as error:
        code = ExitStatus.ALL_FAILED
        sentence = str(error)
    sys.stderr.write(f"getflags: {printable(sentence)}\n")
    return code
