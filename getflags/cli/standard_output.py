"""``-o -``: the bytes of a single target on standard output, everything else on standard error.

Without a checksum, the bytes are passed on as they arrive (see ``storage.output_stream``). With a
checksum, they wait in a temporary folder until they are verified, so that nothing wrong is passed
on.
"""

from __future__ import annotations

import os

from getflags.cli.options.download import Options
from getflags.core.accepted import AUTO
from getflags.core.errors import UsageError

NAME = "-"  # the value of -o
DESCRIPTOR = 1
_ENGINES = ("threads", "sequential")  # a blocked write would stop an event loop
_BLOCK = 1024 * 1024  # bytes


def check(options: Options) -> None:
    """Check the options that are given with ``-o -``. Raises UsageError."""
    engine = options.settings.engine
    if options.dry_run or options.settings.verify:
        given = "--dry-run" if options.dry_run else "--verify"
        raise UsageError(f"-o - cannot be used with {given}")
    if options.settings.content_disposition:
        raise UsageError("-o - gives the file no name, so --content-disposition has no meaning")
    if options.json:
        raise UsageError("-o - cannot be used with --json: both are for standard output")
    if engine not in {AUTO, *_ENGINES}:
        raise UsageError(f"-o - cannot be used with --engine {engine}; use {_ENGINES[0]}")
    if os.isatty(DESCRIPTOR):
        raise UsageError(
            "-o - writes the file itself to standard output, which is a terminal; "
            "send it to a file or a program"
        )


def engine(options: Options) -> str:
    """Return the engine to use."""
    chosen = options.settings.engine
    return _ENGINES[0] if chosen == AUTO else chosen


def copy(path: str) -> None:
    """Write a file to standard output. Raises OSError."""
    with open(path, "rb") as file, open(DESCRIPTOR, "wb", closefd=False) as output:  # noqa: PTH123 - a descriptor
        while block := file.read(_BLOCK):
            output.write(block)
