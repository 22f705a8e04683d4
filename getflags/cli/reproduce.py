"""The shell command that measures one cell of a bench again.

The command is that of the bench, with the cell as the whole matrix. Passwords, tokens and
the values of headers are replaced by asterisks.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from getflags.bench.measure.cells import Cell
from getflags.cli.options.bench import Options
from getflags.core.text import from_field, printable
from getflags.core.urls import redact

_OUTPUT = "again.jsonl"  # a new file: the original one already has results of the cell
_OPTION = re.compile(r"--(engine|client|max[-_]req|rate|server|files|seed|out|export-\w+)|-[mso]")
_OPTION_WITH_VALUE = re.compile(
    r"--(engine|client|max[-_]req|rate|server|files|seed|out|export-\w+)=.*|-[mso].+", re.DOTALL
)


def command(arguments: Sequence[str], options: Options, cell: Cell, files: int) -> str:
    """Return the command line, quoted for a shell: the bench's options, then the cell's."""
    own = ["--engine", cell.engine, "--client", cell.client, "-m", str(cell.level)]
    if cell.rate:
        own += ["--rate", f"{cell.rate:.12g}"]
    if cell.server in (options.servers or ()):
        own += ["-s", cell.server]
    own += ["--files", str(files), "--seed", str(options.seed), "-o", _OUTPUT]
    shown = [_redacted(each, options) for each in _without_matrix(arguments)]
    end = shown.index("--") if "--" in shown else len(shown)
    return shlex.join(["getflags", "bench", *shown[:end], *own, *shown[end:]])


def _without_matrix(arguments: Sequence[str]) -> Iterator[str]:
    """Yield the arguments without the options of the matrix."""
    rest = iter(arguments)
    for argument in rest:
        if _OPTION.fullmatch(argument):
            next(rest)  # skips the option's value
        elif not _OPTION_WITH_VALUE.fullmatch(argument):
            yield argument


def _redacted(argument: str, options: Options) -> str:
    settings = options.settings
    typed = [from_field(value) for _, value in settings.headers]
    for secret in (*typed, settings.user, settings.oauth2_bearer):
        if secret:
            argument = argument.replace(secret, "***")
    return printable(redact(argument))
