"""The files of ``--export-csv`` and ``--export-markdown``: checked first, written at the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from errno import EACCES, EISDIR, ENOENT
from pathlib import Path

from getflags.cli.console import print_line
from getflags.cli.options.bench import Options
from getflags.core.errors import UsageError
from getflags.core.text import quoted


def check(options: Options, results: Iterable[str]) -> None:
    """Raise UsageError if an exported file cannot be written, or is a file of ``results``."""
    names = [name for name in (options.export_csv, options.export_markdown) if name]
    if len({os.path.realpath(name) for name in names}) < len(names):
        raise UsageError(
            f"--export-csv and --export-markdown name the same file, {quoted(names[0])}"
        )
    taken = {os.path.realpath(name) for name in results}
    for name in names:
        if os.path.realpath(name) in taken:
            raise UsageError(
                f"{quoted(name)} is a file of results and would be overwritten; use another file"
            )
        if error := _error(Path(name)):
            raise UsageError(f"cannot write {quoted(name)}: {os.strerror(error)}")


def _error(path: Path) -> int:
    """Return the error number of writing a file; 0 if it probably can be written."""
    if path.is_dir():
        return EISDIR
    if not path.parent.is_dir():
        return ENOENT
    return 0 if os.access(path if path.exists() else path.parent, os.W_OK) else EACCES


def export(options: Options, csv: Callable[[], str], markdown: Callable[[], str]) -> bool:
    """Write the files that the options name; return whether that succeeded.

    An error is printed: the tables are on standard output, and the results are kept.
    """
    complete = True
    for name, text in ((options.export_csv, csv), (options.export_markdown, markdown)):
        if not name:
            continue
        try:
            Path(name).write_text(text(), encoding="utf-8", newline="")
        except OSError as error:
            complete = False
            print_line(f"getflags: cannot write {quoted(name)}: {error.strerror}", sys.stderr)
    return complete
