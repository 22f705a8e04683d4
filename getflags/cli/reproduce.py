"""The command that measures one cell again, for whoever reads a result later.

It is the bench's own command line, with that cell alone in its matrix. Pure; no password and no
header's value leaves it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from getflags.bench.measure.cells import Cell
from getflags.cli.options.bench import Options
from getflags.core.text import printable
from getflags.core.urls import redact

_AGAIN = "again.jsonl"  # in the file that has the result, nothing would be left to measure
_ALONE = re.compile(r"--(engine|client|max[-_]req|server|files|seed|out)|-[mso]")
_JOINED = re.compile(r"--(engine|client|max[-_]req|server|files|seed|out)=.*|-[mso].+", re.DOTALL)


def command(words: Sequence[str], options: Options, cell: Cell, files: int) -> str:
    """Return a command line, ready for a shell. What is given twice counts as given last."""
    own = ["--engine", cell.engine, "--client", cell.client, "-m", str(cell.level)]
    if cell.server in (options.servers or ()):
        own += ["-s", cell.server]
    own += ["--files", str(files), "--seed", str(options.seed), "-o", _AGAIN]
    shown = [_harmless(word, options) for word in _others(words)]
    end = shown.index("--") if "--" in shown else len(shown)
    return shlex.join(["getflags", "bench", *shown[:end], *own, *shown[end:]])


def _others(words: Sequence[str]) -> Iterator[str]:
    """Yield the words that are not about the matrix."""
    rest = iter(words)
    for word in rest:
        if _ALONE.fullmatch(word):
            next(rest)
        elif not _JOINED.fullmatch(word):
            yield word


def _harmless(word: str, options: Options) -> str:
    for _, value in options.settings.headers:
        secret = value.encode("latin-1").decode("utf-8", "surrogateescape")  # as it was typed
        if secret:
            word = word.replace(secret, "***")
    return printable(redact(word))
